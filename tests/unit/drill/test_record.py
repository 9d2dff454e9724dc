"""The verdict of a drill: whether every way out carried it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secretwatch.pipeline.drill.record import Drilled, Receiver, Record, Topic
from secretwatch.pipeline.smoke_report import HopResult, SmokeReport

ARN = "arn:aws:sns:us-east-1:111111111111:people"


def record(*states: str, ending: str = "done", watch: str = "pass", **of_topic: Any) -> Record:
    receivers = [
        Receiver("email", f"{number}@example.com", "arn:", state)  # type: ignore[arg-type]
        for number, state in enumerate(states)
    ]
    given = {"message_id": "m", "alarms": {"pay": "Successfully executed action"}} | of_topic
    topic = Topic(ARN, ["alarm of pay"], receivers=receivers, **given)
    report = SmokeReport(ending=watch, reason=None if watch == "pass" else "After 9 s no alarm.")  # type: ignore[arg-type]
    return Record(
        drill_id="id",
        ending=ending,  # type: ignore[arg-type]
        watches=[Drilled("pay", "app", "pay-app", report)],
        topics=[topic],
    )


@pytest.mark.parametrize(
    ("found", "code", "reason"),
    [
        (record("seen", "accepted"), 0, None),
        (record("accepted"), 0, None),
        (record("seen", "pending", "filtered"), 0, None),
        (record(), 1, "Nobody is subscribed to people."),
        (record("pending"), 1, "Nobody got a message through people: email 0@example.com is pending."),
        (record("filtered", "unsent"), 1, "email 1@example.com is unsent."),
        (record("seen", "missing"), 1, "email 1@example.com on people"),
        (record("seen", watch="timeout", alarms={"pay": None}), 1, "pay: After 9 s no alarm."),
        (record("seen", alarms={"pay": None}), 1, "The alarm of pay did not publish to people."),
        (
            record("seen", alarms={"pay": "Failed to execute action"}),
            1,
            "could not publish to people: Failed",
        ),
        (record("seen", message_id=None, error="Denied."), 1, "could not be published to people: Denied."),
        (record(unknown="Denied."), 1, "The subscribers of people are not known: Denied."),
        (record("seen", ending="interrupted"), 130, None),
        (record("seen", ending="running"), 130, None),
        (record("seen", ending="refused"), 2, None),
        (record("seen", ending="timeout"), 3, None),
        (record("seen", ending="failed"), 1, None),
    ],
)
def test_verdicts(found: Record, code: int, reason: str | None) -> None:
    assert found.exit_code == code, found.reasons
    assert found.result == ("pass" if code == 0 else "fail")
    if reason:
        (only,) = found.reasons
        assert reason in only
    else:
        assert found.reasons == []


def test_who_is_not_told_beside_others_is_a_warning() -> None:
    found = record("seen", "pending", "filtered").warnings
    assert ["1@example.com" in found[0], "2@example.com" in found[1]] == [True, True]
    assert len(found) == 2
    assert record("pending").warnings == []


def test_a_realtime_message_that_did_not_come_fails() -> None:
    found = record("seen")
    found.watches[0].realtime = HopResult("realtime message received", "failed", detail="it did not come")
    assert (found.exit_code, found.reasons) == (1, ["pay: it did not come."])


def test_a_watch_that_no_read_rings_fails_nothing_and_is_named() -> None:
    found = record("seen")
    found.watches.append(Drilled("off", None, "a", SmokeReport(), drilled=False, detail="It does not count."))
    assert found.exit_code == 0
    assert found.warnings == ["off: It does not count."]


@pytest.mark.parametrize(("came", "code"), [(True, 0), (False, 1)])
def test_a_person_s_answer_counts(came: bool, code: int) -> None:
    found = record("missing" if came else "accepted")
    found.topics[0].receivers[0].answered(came)
    assert found.exit_code == code
    (subscription,) = found.as_dict()["topics"][0]["subscriptions"]
    assert (subscription["state"], subscription["said"]) == ("seen" if came else "missing", came)


def test_it_is_json_at_any_moment() -> None:
    for each in (Record(), record("seen"), record()):
        assert json.loads(json.dumps(each.as_dict())) == each.as_dict()
    assert Record().exit_code == 130


def test_what_was_sent() -> None:
    assert Record().sent == []
    assert record("seen").sent == ["The DRILL message went to people."]
