"""Mute rules of alarms, where this machine's boto3 knows them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetAlarmMuteRule.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Effect, Step
from secretwatch.pipeline.doctor.kinds.kind import Kind, Looking


def look(looking: Looking, ids: list[str]) -> None:
    """Those that mute one of these alarms."""
    arn = looking.account.arn("cloudwatch", "alarm-mute-rule:*")
    questions = {
        alarm: looking.ask.ahead(
            "cloudwatch", "ListAlarmMuteRules", arn, items="AlarmMuteRuleSummaries", AlarmName=alarm
        )
        for alarm in ids
    }
    for alarm, question in questions.items():
        listed = question.result()
        if listed.problem == "denied":
            looking.account.unknown[Ref("mute rules", alarm)] = listed
        for each in listed.answer or ():
            name = str(each["AlarmMuteRuleArn"]).rsplit(":", 1)[-1]
            asked = looking.ask(
                "cloudwatch", "GetAlarmMuteRule", each["AlarmMuteRuleArn"], AlarmMuteRuleName=name
            )
            looking.note("mute rule", name, asked, dict(asked.answer) if asked.ok else None)


def unmute(rule: str, found: Thing, alarm: str) -> Call:
    """The rule without this alarm; where it mutes no other, none."""
    others = [each for each in (found.get("MuteTargets") or {}).get("AlarmNames") or () if each != alarm]
    if not others:
        return Call("cloudwatch", "DeleteAlarmMuteRule", {"AlarmMuteRuleName": rule})
    kept = {name: found[name] for name in ("Description", "StartDate", "ExpireDate") if found.get(name)}
    params = {"Name": rule, "Rule": found["Rule"], "MuteTargets": {"AlarmNames": others}, **kept}
    return Call("cloudwatch", "PutAlarmMuteRule", params)


def _restore(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    return []  # nothing that is applied has one


KIND = Kind("mute rule", "mute rule", look, {}, _restore)


def _delete(account: Account, params: Mapping[str, Any]) -> None:
    account.put("mute rule", params["AlarmMuteRuleName"], None)


def _put(account: Account, params: Mapping[str, Any]) -> None:
    account.change("mute rule", params["Name"], MuteTargets=params["MuteTargets"])


EFFECTS: dict[tuple[str, str], Effect] = {
    ("cloudwatch", "DeleteAlarmMuteRule"): _delete,
    ("cloudwatch", "PutAlarmMuteRule"): _put,
}
