"""Pregnancy: excluded by a recent test, or by the nurse's word that it is not possible, where it could be."""

from checklists.rules.context import Answer, Check, Context, Item, Kind, pending, review, said
from checklists.rules.lab_values import birthday
from checklists.rules.ledger import latest
from checklists.rules.protocol import PregnancyRule
from checklists.rules.shapes import NOT_SURE, TEXT, Shape, choice
from checklists.rules.sitetime import local_date, shown_on
from checklists.rules.values import Evidence, Status

POSITIVE = "The pregnancy test is positive: it excludes the procedure. Call the clinician."
UNDECIDED = {"indeterminate": "is not clear", "declined": "was declined"}


def answer(context: Context, item: Item) -> Answer:
    """Asked where sex and age at the start leave pregnancy possible; unknown sex or birth date leave it so."""
    rule = context.protocol.pregnancy
    if rule is None:
        raise LookupError("the protocol does not say of whom pregnancy is asked")
    if not applies(context, rule):
        impossible = "Pregnancy is not in question at this sex or age."
        return Answer((Check(Status.NOT_APPLICABLE, "pregnancy_not_in_question", impossible),))
    found = latest(context.standing(item.key))
    checks = [check for entry in found for check in result_checks(context, rule, entry)]
    if not found:
        ask = "It is not recorded whether the patient may be pregnant. Offer the test, and record its result."
        checks = [pending("pregnancy_unknown", ask)]
    return Answer(
        checks=tuple(checks),
        confirmed="A pregnancy is excluded.",
        basis=found,
        grounds=([(dict(entry.value), entry.observed_at) for entry in found],),
    )


def applies(context: Context, rule: PregnancyRule) -> bool:
    facts = context.facts
    if facts.sex == "male":
        return False
    if facts.born_on is None or not context.from_day(facts.born_on):
        return True  # a birth date after the start is a slip, so the age is not known
    year = facts.born_on.year
    old_enough = context.from_day(birthday(facts.born_on, year + rule.from_age))
    return old_enough and not context.from_day(birthday(facts.born_on, year + rule.until_age + 1))


def result_checks(context: Context, rule: PregnancyRule, entry: Evidence) -> list[Check]:
    """What is not a plain negative; nothing but the impossible outlasts the validity of a test."""
    result = entry.value["result"]
    if result not in ("negative", "positive", "not_possible", *UNDECIDED):
        raise ValueError(f"pregnancy result {result!r}")
    checks: list[Check] = []
    if result in UNDECIDED:
        checks.append(review(f"pregnancy_{result}", f"The pregnancy test {UNDECIDED[result]}: a clinician decides."))
    tested_on = local_date(entry.observed_at, context.facts.site.tz)
    if result != "not_possible" and not context.within_days(tested_on, rule.validity_days):
        old = f"The pregnancy test of {shown_on(tested_on)} is too old at the start"
        checks.append(pending("pregnancy_test_expired", f"{old}. Offer it again."))
    return checks


def said_no(_context: Context, evidence: Evidence) -> Check | None:
    return said("pregnant", POSITIVE) if evidence.value.get("result") == "positive" else None


PREGNANCY = Kind(
    name="pregnancy",
    items=lambda context: context.single("pregnancy"),
    answer=answer,
    said_no=said_no,
    shapes=(
        Shape(
            {"result": choice("negative", "positive", "indeterminate", "declined", "not_possible")},
            {"reason": TEXT},
        ),
        NOT_SURE,
    ),
)
