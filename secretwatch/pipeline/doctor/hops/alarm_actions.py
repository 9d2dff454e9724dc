"""Of hop 6: whom the alarm tells, and whether a mute rule keeps it from that."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from secretwatch.alarm.mute import InvalidMuteRule, MuteRule
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.alarm_settings import alarm_ref
from secretwatch.pipeline.doctor.kinds import alarms
from secretwatch.pipeline.doctor.kinds.mutes import unmute
from secretwatch.pipeline.doctor.view import View


def examine_actions(hop: Hop, view: View, alarm: Thing) -> None:
    name, applied = alarm["AlarmName"], view.applied("alarm", alarm["AlarmName"])
    if alarm.get("ActionsEnabled") is False and not (applied and applied.get("ActionsEnabled") is False):
        hop.broken(
            "actions-disabled",
            f"The actions of {name} are switched off.",
            alarms.enable_actions(name),
            ref=alarm_ref(view),
        )
    if not alarm.get("AlarmActions") and (above := [name for name, _ in view.account.all("composite")]):
        hop.cannot_tell(
            "composite",
            f"{name} sends no message by itself, because it is a part of {', '.join(above)}. The doctor "
            f"does not follow that one: make the call once that should ring it.",
            stops=True,
        )
        return
    if not alarm.get("AlarmActions"):
        topics = list((applied or {}).get("AlarmActions") or view.subject.topic_arns) or ["TOPIC_ARN"]
        hop.broken(
            "no-action",
            f"{name} has no action for ALARM, so it sends no message.",
            alarms.put(alarm, AlarmActions=topics),
            ref=alarm_ref(view),
        )
        return
    others_told(hop, view, alarm)
    intended = list(view.subject.topic_arns) if applied is None and view.subject.known else []
    lacking = [each for each in intended if each not in alarm["AlarmActions"]]
    if lacking:
        kept = [each for each in alarm["AlarmActions"] if not _is_slip(each, lacking)]
        hop.broken(
            "other-action",
            f"{name} does not tell {', '.join(lacking)}, the watch's own; its actions are "
            f"{', '.join(alarm['AlarmActions'])}.",
            alarms.put(alarm, AlarmActions=[*kept, *lacking]),
            ref=alarm_ref(view),
        )


def others_told(hop: Hop, view: View, alarm: Thing) -> None:
    """Whom it tells beside those whom it was applied to tell."""
    applied = view.applied("alarm", alarm["AlarmName"])
    own = [*((applied or {}).get("AlarmActions") or ())]
    live = alarm.get("AlarmActions") or ()
    others = [each for each in live if each not in own]
    if applied is not None and others and {*own} <= {*live}:
        hop.warning(
            "added-action",
            f"{alarm['AlarmName']} also tells {', '.join(others)}, which was not applied.",
            ref=Ref("action", alarm["AlarmName"]),
        )


def _is_slip(action: str, meant: list[str]) -> bool:
    """Whether an action is one of these, written wrongly: an ARN of the same place that is nearly it."""
    from difflib import SequenceMatcher

    return any(SequenceMatcher(None, action, each).ratio() > 0.9 for each in meant)


def mutes(hop: Hop, view: View, alarm: Thing, *, stops: bool = True) -> None:
    """Mute rules under which the alarm changes its state and tells nobody.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules.html
    """
    name = alarm["AlarmName"]
    if unknown := view.account.unknown.get(Ref("mute rules", name)):
        hop.cannot_tell("permission", f"Whether {name} is muted cannot be told: {unknown.missing}.")
    for rule, found in view.account.all("mute rule"):
        if name not in ((found.get("MuteTargets") or {}).get("AlarmNames") or ()):
            continue
        schedule = (found.get("Rule") or {}).get("Schedule") or {}
        try:
            parsed = MuteRule.parse(
                schedule.get("Expression", ""),
                schedule.get("Duration", ""),
                ZoneInfo(schedule.get("Timezone") or "UTC"),
                start_date=found.get("StartDate"),
                expire_date=found.get("ExpireDate"),
            )
        except (InvalidMuteRule, KeyError, ValueError) as error:
            hop.cannot_tell("muted", f"The doctor does not understand the mute rule {rule}: {error}.")
            continue
        is_muted = parsed.mutes(view.now)
        if not is_muted and "EXPIRED" in (found.get("Status"), parsed.status(view.now)):
            continue
        when = "now" if is_muted else f"at times ({schedule.get('Expression')})"
        sentence = f"The mute rule {rule} mutes {name} {when}: its state changes, but it sends no message."
        if not is_muted and not view.applied("alarm", name):
            hop.warning("muted", sentence)
            continue
        hop.broken(
            "muted", sentence, unmute(rule, found, name), ref=Ref("mute rule", rule), stops=stops and is_muted
        )
