"""What is asked of AWS, in which order and how politely; and what is said where it does not answer."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from crooked import crooked
from deep import deep
from events_of import ACCOUNT, BEGIN, REGION, assume, event, forest, iso, read, role, user
from hypothesis import given, settings
from hypothesis import strategies as st

from secretwatch.filterpattern import FilterPattern
from secretwatch.incident.report import Report
from secretwatch.pipeline.doctor.asking import Asked
from secretwatch.pipeline.incident.gather import Gathering, NothingRang
from secretwatch.pipeline.incident.markdown import markdown
from secretwatch.pipeline.incident.page import page
from secretwatch.pipeline.incident.permissions import policy
from secretwatch.pipeline.watch import Watch

WATCH = Watch(
    "payments",
    REGION,
    ACCOUNT,
    "trail",
    "secretwatch",
    "reads",
    "payments-reads",
    secrets=("*",),
    filter_patterns=('{ $.eventName = "GetSecretValue" }',),
    metric_filter_names=("reads",),
)
NOW = BEGIN + timedelta(hours=20)
ATTRIBUTES = {
    "AccessKeyId": lambda each: each["userIdentity"].get("accessKeyId"),
    "EventName": lambda each: each["eventName"],
    "EventId": lambda each: each["eventID"],
}


class Account:
    """Answers as AWS does, some events a page. without: operations that are denied. late: delivery."""

    def __init__(
        self,
        events: list[dict[str, Any]],
        *,
        rang: datetime | None = None,
        without: tuple[str, ...] = (),
        logged: list[dict[str, Any]] | None = None,
        page: int = 3,
        retention: int | None = 30,
    ) -> None:
        self.events = list({each["eventID"]: each for each in events}.values())
        self.logged = events if logged is None else logged
        self.rang, self.without, self.page, self.retention = rang, without, page, retention
        self.asked: list[tuple[str, str]] = []
        self.denied: list[str] = []

    def __call__(
        self, service: str, operation: str, resource: str = "*", region: str | None = None, **request: Any
    ) -> Asked:
        self.asked.append((operation, region or REGION))
        action, now = f"{service}:{operation}", datetime.now(UTC)
        if operation in self.without:
            self.denied = sorted({*self.denied, f"{action} on {resource}"})
            return Asked(action, resource, now, None, "denied", "AccessDenied")
        return Asked(action, resource, now, getattr(self, operation)(region or REGION, **request))

    def _page(self, found: list[Any], token: Any) -> tuple[list[Any], str | None]:
        first = int(token or 0)
        more = str(first + self.page) if first + self.page < len(found) else None
        return found[first : first + self.page], more

    def LookupEvents(self, region: str, **request: Any) -> Any:
        (wanted,) = request["LookupAttributes"]
        of = ATTRIBUTES[wanted["AttributeKey"]]
        begin, end = request.get("StartTime"), request.get("EndTime")
        found = [
            {"EventId": each["eventID"], "CloudTrailEvent": json.dumps(each)}
            for each in sorted(self.events, key=lambda each: each["eventTime"], reverse=True)
            if each["awsRegion"] == region
            and of(each) == wanted["AttributeValue"]
            and (begin is None or each["eventTime"] >= iso(begin))
            and (end is None or each["eventTime"] <= iso(end))
        ]
        events, token = self._page(found, request.get("NextToken"))
        return {"Events": events, **({"NextToken": token} if token else {})}

    def FilterLogEvents(self, region: str, **request: Any) -> Any:
        pattern = FilterPattern.parse(request["filterPattern"])
        found = []
        for each in self.logged:
            at = int(datetime.fromisoformat(each["eventTime"]).timestamp() * 1000)
            inside = request["startTime"] <= at <= request.get("endTime", at)
            if inside and pattern.matches(json.dumps(each)):
                found.append({"timestamp": at, "ingestionTime": at + 1000, "message": json.dumps(each)})
        events, token = self._page(found, request.get("nextToken"))
        return {"events": events, **({"nextToken": token} if token else {})}

    def DescribeAlarmHistory(self, region: str, **request: Any) -> Any:
        summary = "Alarm updated from OK to ALARM"
        items = [{"Timestamp": self.rang, "HistorySummary": summary}] if self.rang else []
        return {"AlarmHistoryItems": items}

    def DescribeLogGroups(self, region: str, **request: Any) -> Any:
        made = int((NOW - timedelta(days=400)).timestamp() * 1000)
        group = {"logGroupName": "trail", "creationTime": made}
        return {"logGroups": [group | ({"retentionInDays": self.retention} if self.retention else {})]}


class Time:
    """A clock that goes on only while somebody waits."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def gather(
    account: Account,
    alarm_time: datetime | None = None,
    event_id: str | None = None,
    *,
    local: bool = True,
    time: Time | None = None,
    watches: tuple[Watch, ...] = (WATCH,),
) -> Report:
    return Gathering(
        watches,
        account,  # type: ignore[arg-type]
        now=NOW,
        local=local,
        hours=24,
        **({"sleep": time.sleep, "clock": time.now} if time else {}),
    ).run(alarm_time, event_id)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from(["FilterLogEvents", "LookupEvents", ""]), st.booleans())
def test_the_chain_is_found_by_either_source(seed: int, missing: str, twins: bool) -> None:
    made = forest(seed, twins=twins)
    last = len(made.made) - 1
    account = Account(made.events, without=(missing,) if missing else ())
    found = gather(account, event_id=f"act-{last}-0")
    assert {each.event_id for each in found.chain.acts} == made.tree_of(last)
    assert [each.event_id for each in found.rang] == [f"act-{last}-0"]
    assert any(missing in each for each in found.unknown) == bool(missing) or not missing


def test_the_reads_that_rang_arrived_before_the_alarm() -> None:
    thief = user("a", "AKIAA0000000")
    at = BEGIN + timedelta(minutes=1)
    events = [
        read(thief, BEGIN - timedelta(hours=3), event_id="long before"),
        read(thief, BEGIN, event_id="first"),
        read(thief, BEGIN + timedelta(seconds=20), event_id="second"),
        read(thief, at + timedelta(minutes=5), event_id="after"),
        event(thief, "ListBuckets", BEGIN, event_id="no read"),
    ]
    found = gather(Account(events, rang=at))
    assert [each.event_id for each in found.rang] == ["first", "second"]
    assert found.alarm_time == at
    assert {each.event_id for each in found.chain.acts} == {each["eventID"] for each in events}
    assert [each.event_id for each in gather(Account(events), at).rang] == ["first", "second"]
    assert gather(Account(events, rang=at), event_id="first").alarm_time == at
    by_history = gather(Account(events, rang=at, without=("FilterLogEvents",)))
    assert {each.event_id for each in by_history.rang} >= {"first", "second"}
    assert any("logs:FilterLogEvents" in each for each in by_history.unknown)


def test_a_session_from_before_the_hours_is_led_back_to_who_took_it() -> None:
    early = BEGIN - timedelta(hours=30)
    carol, session = user("carol", "AKIAC0000000"), role("r", "s", "ASIAC0000000", early)
    events = [
        assume(carol, "r", "s", "ASIAC0000000", early, event_id="taken"),
        event(carol, "ListBuckets", early - timedelta(hours=1), event_id="older"),
        read(session, BEGIN, event_id="r"),
    ]
    for without in ((), ("FilterLogEvents",), ("LookupEvents",)):
        found = gather(Account(events, without=without), event_id="r")
        assert {each.event_id for each in found.chain.acts} == {"taken", "r"}, without
        assert [each.relation for each in found.chain.credentials] == ["before", "reader"]


def test_whether_the_reader_is_usual_is_looked_up_within_retention() -> None:
    app = [role("app", "s", f"ASIA{day:08}", BEGIN - timedelta(days=day)) for day in range(60)]
    past = [
        read(app[day], BEGIN - timedelta(days=day), event_id=f"day {day}", sourceIPAddress="10.0.0.7")
        for day in range(2, 60)
    ]
    mine = read(role("app", "x", "ASIAX0000000", BEGIN), BEGIN, event_id="r")
    (usual,) = gather(Account([*past, mine], retention=30), event_id="r").usual
    assert (usual.verdict, usual.new, usual.count) == ("new address", ("192.0.2.1",), 28)
    assert usual.since == NOW - timedelta(days=30)
    assert "New address: 192.0.2.1" in usual.sentence
    same = mine | {"sourceIPAddress": "10.0.0.7"}
    (usual,) = gather(Account([*past, same], retention=None), event_id="r").usual
    assert (usual.verdict, usual.count) == ("usual", 58)
    (usual,) = gather(Account([mine]), event_id="r").usual
    assert usual.verdict == "never before"
    (usual,) = gather(Account([mine], without=("DescribeLogGroups",)), event_id="r").usual
    assert usual.verdict == "unknown"


def test_event_history_is_asked_politely() -> None:
    """Two calls a second are all that an account has in a region, and others need some of them."""
    time = Time()
    at: dict[str, list[float]] = {}

    class Noting(Account):
        def LookupEvents(self, region: str, **request: Any) -> Any:
            at.setdefault(region, []).append(time.now())
            return super().LookupEvents(region, **request)

    gather(Noting(forest(5).events), event_id="act-0-0", local=False, time=time)
    assert len(at) == 2
    for times in at.values():
        assert all(after - before > 0.5 for before, after in itertools.pairwise(times))
    before = time.now()
    gather(Account(forest(5).events), event_id="act-0-0", local=True, time=time)
    assert time.now() == before


@pytest.mark.later
def test_what_is_more_than_is_read_is_said() -> None:
    thief = user("a", "AKIAA0000000")
    events = [event(thief, "ListBuckets", BEGIN, event_id=f"{number:04}") for number in range(300)]
    found = gather(Account([read(thief, BEGIN, event_id="r"), *events], page=1), event_id="r")
    assert any("the first 200 events of AKIAA0000000 in the log group" in each for each in found.unknown)
    assert any("the newest 20 events of AKIAA0000000" in each for each in found.unknown)


def test_of_several_watches_the_one_that_counts_the_event() -> None:
    changes = replace(
        WATCH, watch="changes", alarm_name="changes", filter_patterns=('{ $.eventName = "PutSecretValue" }',)
    )
    thief = user("a", "AKIAA0000000")
    source = "secretsmanager.amazonaws.com"
    events = [
        read(thief, BEGIN, event_id="r"),
        event(thief, "PutSecretValue", BEGIN, event_id="p", source=source, request={"secretId": "db"}),
    ]
    watches = (WATCH, changes)
    assert gather(Account(events), event_id="p", watches=watches).subject.alarm_name == "changes"
    assert gather(Account(events), event_id="r", watches=watches).subject.alarm_name == "payments-reads"
    other = event(thief, "ListBuckets", BEGIN, event_id="other")
    found = gather(Account([*events, other]), event_id="other", watches=watches)
    assert any("The watch does not count" in each for each in found.unknown)


@pytest.mark.parametrize(
    ("without", "unknown"), [((), False), (("DescribeAlarmHistory",), True)], ids=["asked", "denied"]
)
def test_an_alarm_that_never_rang(without: tuple[str, ...], unknown: bool) -> None:
    with pytest.raises(NothingRang) as found:
        gather(Account([], without=without))
    assert found.value.unknown is unknown
    assert ("DescribeAlarmHistory" in str(found.value)) is unknown


def test_an_event_that_nobody_has() -> None:
    with pytest.raises(NothingRang, match="No event with the id x was found"):
        gather(Account([]), event_id="x")


@deep(150)
@given(st.integers(0, 2**40))
def test_events_that_no_cloudtrail_wrote(seed: int) -> None:
    """Whoever may write into the log group can write anything there."""
    dice = random.Random(seed)
    made = forest(seed % 50)
    logged = [crooked(each, dice, dice.choice([0.02, 0.2])) for each in made.events]
    account = Account(made.events, rang=NOW)
    account.FilterLogEvents = lambda region, **_: {  # type: ignore[method-assign]
        "events": [{"timestamp": 1, "message": json.dumps(each)} for each in logged]
    }
    found = gather(account, event_id="act-0-0")
    assert page(found).startswith("<!doctype html>")
    assert markdown(found).startswith("# Incident")
    assert json.loads(json.dumps(found.as_dict()))["rang"]


def test_nothing_is_asked_but_what_the_policy_allows() -> None:
    account = Account(forest(9).events, rang=BEGIN)
    gather(account, event_id="act-0-0")
    asked = {name for name, _ in account.asked}
    allowed = {each["Action"].partition(":")[2] for each in policy([WATCH])["Statement"]}
    assert asked == allowed
    assert {each["Action"] for each in policy([])["Statement"]} == {
        each["Action"] for each in policy([WATCH])["Statement"]
    }
