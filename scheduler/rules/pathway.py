"""A case that nobody has booked: stalled, or running out of its treatment window. Looked at anew each day."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from checklists.rules.kinds.window import last_day
from checklists.rules.protocol import PathwayRule, Protocol
from checklists.rules.sitetime import day_begins, local_date, shown_on
from checklists.rules.values import Facts, Verdict
from scheduler.rules.duties import Duty

STALLED, AT_RISK = "stalled", "window_at_risk"
KEY = "pathway"


def pathway_duties(
    protocol: Protocol, facts: Facts, verdict: Verdict, *, news_at: datetime, now: datetime, today_until: datetime
) -> Iterator[Duty]:
    """What time makes of an unbooked case; `news_at`: when a person last recorded or did something about it."""
    rule = protocol.pathway
    if rule is None:
        return
    if now >= news_at + timedelta(days=rule.stalled_after_days):
        since = shown_on(local_date(news_at, facts.site.tz))
        quiet = f"Nothing has been recorded since {since}. Find out what the case waits for, then book or end it."
        yield Duty(STALLED, KEY, "scheduler", quiet, today_until)
    last = last_day(facts, protocol.window)
    if last is not None and local_date(now, facts.site.tz) <= last:  # what lies behind is the candidacy's finding
        yield from window_duties(rule, facts, verdict, last, now=now, today_until=today_until)


def window_duties(
    rule: PathwayRule, facts: Facts, verdict: Verdict, last: date, *, now: datetime, today_until: datetime
) -> Iterator[Duty]:
    """The desk books in time; where no safe start lies inside the window any more, a clinician decides."""
    zone = facts.site.tz
    first = local_date(max(now, verdict.earliest_safe_start or now), zone)
    ends = f"The treatment window ends on {shown_on(last)}"
    if first > last:
        late = f"{ends}, the earliest safe start is on {shown_on(first)}: a clinician decides on the treatment."
        yield Duty(AT_RISK, KEY, "clinician", late, today_until)
    elif first >= last - timedelta(days=rule.at_risk_days):
        yield Duty(AT_RISK, KEY, "scheduler", f"{ends}. Book a start by then.", day_begins(last, zone))
