"""What the last read is seen to have done, held against what should have come of it. Pure.

Added to the hops that were examined as they are configured; only where a read has come that far.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from secretwatch.alarm import AlarmConfig, State, datapoints, next_state, window_end
from secretwatch.cloudtrail import event_text
from secretwatch.pipeline.doctor.calls import Person
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.alarm import config_or_none, rings_again
from secretwatch.pipeline.doctor.kinds.topics import is_confirmed, subscription_parts
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.view import View, parsed

_MINUTE = timedelta(minutes=1)


def of_trail(hop: Hop, view: View, record: Record) -> None:
    trail = view.trail
    if trail is None:
        return
    status = trail.get("Status") or {}
    words = ["logging" if trail.get("IsLogging") else "not logging"]
    for name, said in (("LatestDeliveryTime", "S3"), ("LatestCloudWatchLogsDeliveryTime", "log group")):
        if at := status.get(name):
            words.append(f"last delivery to {said} {at:%H:%M:%S} UTC")
    words += [f"{name} {status[name]}" for name in status if name.endswith("Error") and status[name]]
    hop.saw("cloudtrail:GetTrail", trail["TrailARN"], record.now, f"to {trail.get('S3BucketName')}")
    hop.saw("cloudtrail:GetTrailStatus", trail["TrailARN"], record.now, ", ".join(words))
    if problem := status.get("LatestNotificationError"):
        hop.warning("trail-notification", f"The trail's own notifications to its topic fail: {problem}.")
    if any(each.verdict == "broken" for each in hop.findings):
        return
    for error, at, cause, where in (
        ("LatestDeliveryError", "LatestDeliveryAttemptTime", "bucket-delivery", trail.get("S3BucketName")),
        ("LatestCloudWatchLogsDeliveryError", "", "log-group-delivery", view.group),
    ):
        if problem := status.get(error):
            _failed(hop, record, cause, str(where), str(problem), status.get(at))


def _failed(hop: Hop, record: Record, cause: str, where: str, problem: str, at: Any) -> None:
    """A delivery that failed, though nothing that is configured now stands in its way."""
    sentence = (
        f"The last delivery to {where} failed: {problem}; nothing that is configured now is in its way."
    )
    tried = datetime.fromisoformat(at) if isinstance(at, str) and at else at
    recently = timedelta(seconds=5 if record.local else 900)
    if cause == "bucket-delivery" and tried and record.now - tried.astimezone(UTC) < recently:
        again = Person("Run it again after the next delivery.")
        hop.cannot_tell(cause, sentence, again, waits=True)
    else:
        hop.warning(cause, f"{sentence} Look again after the next delivery.")


def of_filter(hop: Hop, view: View, record: Record) -> None:
    """AWS's own answer on the read (TestMetricFilter) beside this program's."""
    if record.read is None:
        return
    text = event_text(record.read.event)
    for each in view.filters():
        written = each.get("filterPattern") or ""
        asked = record.tested.get(written)
        if asked is None:
            continue
        name, pattern = each["filterName"], parsed(written)
        aws = bool(asked.answer.get("matches")) if asked.ok else None
        said = {True: "matches", False: "does not match", None: asked.why}[aws]
        hop.saw(asked.action, name, asked.at, f"{said}: {written}")
        if asked.problem == "denied":
            hop.cannot_tell("permission", f"AWS could not be asked to test the pattern: {asked.missing}.")
        ours = pattern.matches(text) if pattern else None
        if ours is not None and aws is not None and ours is not aws:
            hop.warning(
                "engines-disagree",
                f"TestMetricFilter says that {name} {'matches' if aws else 'does not match'}, "
                f"and this program says that it {'does' if ours else 'does not'}: please report the pattern.",
            )


def of_alarm(hop: Hop, view: View, record: Record) -> None:
    """Whether the read rang it."""
    read, asked, alarm = record.read, record.history_of_alarm, view.alarm
    if read is None or asked is None or alarm is None:
        return
    if asked.unknown:
        hop.cannot_tell("permission", f"The alarm's history cannot be looked at: {asked.missing}.")
        return
    name, config = alarm["AlarmName"], config_or_none(alarm)
    if config is None:
        return
    late = (read.delivered - read.logged).total_seconds() if read.delivered and read.logged else 0.0
    if late > config.period * config.evaluation_range:
        hop.broken(
            "period-too-short",
            f"The read was counted {late:.0f} s late, and {name} looks back only "
            f"{config.period * config.evaluation_range} s.",
            Person("Give the alarm a period of 300 seconds, or more of them."),
        )
        return
    rung = [
        each
        for each in asked.answer
        if each["HistoryItemType"] == "StateUpdate"
        and each["HistorySummary"].endswith("to ALARM")
        and each["Timestamp"] >= read.time
    ]
    if rung:
        at = rung[-1]["Timestamp"].astimezone(UTC)
        hop.saw(asked.action, name, at, rung[-1]["HistorySummary"])
        seconds = (at - read.time).total_seconds()
        hop.note = f"{name} went to ALARM {seconds:.0f} s after the read.{rings_again(view, config)}"
        return
    if since := _in_alarm_before(alarm, asked.answer, read.time):
        hop.warning(
            "already-in-alarm",
            f"{name} was in ALARM already when the read came, since {since:%H:%M:%S} UTC: actions run "
            "only on a change, so that this read sends nothing more.",
            stops=True,
        )
        return
    ends = _rang_in_replay(config, record)
    hop.saw(
        "replay of what was counted", name, record.now, f"ALARM at {ends:%H:%M} UTC" if ends else "no ALARM"
    )
    if ends is None:
        hop.warning(
            "not-rung",
            f"{name} did not ring, and its evaluation over the metric of the last hours would not either: "
            "what is counted differs from what is set now.",
            view.subject.anew(),
            stops=True,
        )
    elif record.age(ends) < (5 if record.local else 180):
        hop.cannot_tell(
            "too-early",
            f"{name} is not in ALARM yet: it is evaluated every minute.",
            Person("Run it again in a while."),
            stops=True,
            waits=True,
        )
    elif record.changed_since_the_read("monitoring", "logs"):
        hop.warning(
            "read-before-the-mend",
            "The read came before the alarm was what it is now: make a new one.",
            view.subject.anew(),
            stops=True,
        )
    else:
        hop.broken(
            "not-evaluated",
            f"By what was counted {name} should have gone to ALARM at {ends:%H:%M} UTC, and it did not.",
        )


def _in_alarm_before(
    alarm: Mapping[str, Any], history: list[Mapping[str, Any]], at: datetime
) -> datetime | None:
    """Since when the alarm was in ALARM at this time; None where it was not."""
    updates = [
        each for each in history if each["HistoryItemType"] == "StateUpdate" and each["Timestamp"] < at
    ]
    if updates:
        last = max(updates, key=lambda each: each["Timestamp"])
        to_alarm = last["HistorySummary"].endswith("to ALARM")
        return last["Timestamp"].astimezone(UTC) if to_alarm else None
    updated = alarm.get("StateUpdatedTimestamp")
    return updated if alarm["StateValue"] == "ALARM" and updated and updated <= at else None


def _rang_in_replay(config: AlarmConfig, record: Record) -> datetime | None:
    """When the alarm would have gone to ALARM since the read, by the samples of the last hours."""
    assert record.read
    begin = window_end(record.read.time, 60) - timedelta(seconds=config.period)
    state, at = State.OK, begin
    while at <= record.now + _MINUTE:
        changed = next_state(config, datapoints(config, record.samples, at), state)
        if changed is State.ALARM and state is not State.ALARM and at > record.read.time:
            return at
        state, at = changed, at + _MINUTE
    return None


def _action_of(item: Mapping[str, Any]) -> str | None:
    """The ARN of the action that an item of an alarm's history is about, where it says so.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AlarmHistoryItem.html
    """
    try:
        found = json.loads(item.get("HistoryData") or "{}")
    except ValueError:
        return None
    return found.get("notificationResource") if isinstance(found, dict) else None


def of_topic(hop: Hop, view: View, record: Record, reached: bool) -> None:
    """What was published, and what could not be delivered."""
    arns = view.topics_of(view.alarm)
    for arn in arns:
        asked = record.failures.get(arn)
        failed = sum(float(each["Sum"]) for each in (asked and asked.answer) or ())
        if failed:
            hop.warning("delivery-failures", f"{failed:.0f} deliveries of {arn} failed lately.")
    if not reached or record.read is None or record.history_of_alarm is None:
        return
    actions = (view.alarm or {}).get("AlarmActions") or ()
    for each in reversed(record.actions()):
        summary, at = each["HistorySummary"], each["Timestamp"].astimezone(UTC)
        hop.saw(record.history_of_alarm.action, (view.alarm or {}).get("AlarmName", ""), at, summary)
        if (action := _action_of(each)) and action not in actions:
            continue  # one that the alarm does not have any more
        if summary.startswith("Failed") and not any(each.verdict == "broken" for each in hop.findings):
            if record.changed_since_the_read("sns", "kms"):
                hop.warning(
                    "read-before-the-mend",
                    f"At {at:%H:%M:%S} UTC publishing failed; the topic was changed since: make a new read.",
                    view.subject.anew(),
                )
            else:
                hop.broken("publish-failed", f"The alarm could not publish: {summary}.")
        elif summary.startswith("Success"):
            told = [
                "{1} {2}".format(*subscription_parts(id))
                for id, found in view.account.all("subscription")
                if subscription_parts(id)[0] in arns and is_confirmed(found)
            ]
            hop.note = f"The alarm published at {at:%H:%M:%S} UTC; told are {', '.join(told)}."
