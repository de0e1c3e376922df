"""The treatment window: calendar days or months of the site from the fracture, its onset or its diagnosis."""

import calendar
from datetime import date, timedelta

from checklists.rules.context import Check, Context, failed, pending, review
from checklists.rules.kinds.imaging import oedema_at_planned_levels
from checklists.rules.protocol import WindowRule
from checklists.rules.sitetime import shown_on
from checklists.rules.values import DateAbout, Facts

ANCHORS = {"fractured": "fracture", "onset": "first symptoms", "diagnosed": "diagnosis"}


def window_checks(context: Context) -> tuple[list[Check], tuple[int, ...]]:
    """What the window says of this start, and the ids of the studies it looked at."""
    facts, rule = context.facts, context.protocol.window
    if facts.cause in rule.off_for:
        return [], ()
    anchor = window_anchor(facts, rule)
    if anchor is None:
        dates = " or ".join(ANCHORS[name] for name in rule.anchors)
        return [pending("window_unknown", f"The date of the {dates} is not known. Ask for it and record it.")], ()
    if not context.from_day(anchor.earliest):
        return [failed("window_not_begun", "The fracture is dated after the start. Correct the date.")], ()
    checks, studies = day_checks(context, anchor, rule)
    if not anchor.exact:
        about = f"The date of the fracture is approximate; the window counts from {shown_on(anchor.earliest)}."
        checks.append(review("window_approximate", f"{about} A clinician signs it."))
    return checks, studies


def window_anchor(facts: Facts, rule: WindowRule) -> DateAbout | None:
    dates = {"fractured": facts.fractured, "onset": facts.onset, "diagnosed": facts.diagnosed}
    return next((dates[name] for name in rule.anchors if dates[name]), None)


def last_day(facts: Facts, rule: WindowRule) -> date | None:
    """The last day inside the window that needs no signature; None where no window applies or no date is known."""
    anchor = window_anchor(facts, rule)
    return None if anchor is None or facts.cause in rule.off_for else last_day_from(anchor, rule)


def last_day_from(anchor: DateAbout, rule: WindowRule) -> date | None:
    ends = [anchor.earliest + timedelta(days=rule.pass_days)] if rule.pass_days is not None else []
    ends += [months_after(anchor.earliest, rule.pass_months)] if rule.pass_months is not None else []
    return min(ends, default=None)


def day_checks(context: Context, anchor: DateAbout, rule: WindowRule) -> tuple[list[Check], tuple[int, ...]]:
    last = last_day_from(anchor, rule)
    if last is None or context.within_days(last, 0):
        return [], ()
    since = f"since {shown_on(anchor.earliest)}"
    if rule.review_days is None:
        ended = f"The treatment window {since} has ended"
        late = failed if rule.strict else review
        return [late("window_past", f"{ended}: a clinician must decide on another treatment.")], ()
    if not context.within_days(anchor.earliest, rule.review_days):
        past = (
            f"More than {rule.review_days} days {since}: outside the window. A clinician decides on another treatment."
        )
        return [failed("window_past", past)], ()
    oedema, studies = oedema_at_planned_levels(context)
    length = f"{rule.pass_months} months" if rule.pass_days is None else f"{rule.pass_days} days"
    beyond = f"More than {length} {since}"
    if oedema is None:
        return [pending("window_needs_mri", f"{beyond}: record whether the MRI shows marrow oedema.")], studies
    if not oedema:
        return [
            failed("window_no_oedema", f"{beyond}, and the MRI shows no marrow oedema. Call the clinician.")
        ], studies
    return [review("window_late", f"{beyond}, with marrow oedema on MRI: a clinician decides.")], studies


def months_after(day: date, months: int) -> date:
    """The same day some calendar months later, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
