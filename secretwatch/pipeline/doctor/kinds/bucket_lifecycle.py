"""Rules that take evidence away: whether some take it sooner than those that were applied."""

from __future__ import annotations

import json
import math
from typing import Any

from secretwatch.pipeline.doctor.account import Account, Thing


def lifecycle(rules: Any) -> list[dict[str, Any]]:
    """The rules that are on and about log files, by what they take away and when."""
    found = []
    for rule in rules or ():
        if rule.get("Status") != "Enabled":
            continue
        scope, expiration = rule.get("Filter") or {}, rule.get("Expiration") or {}
        if "Tag" in scope or "Tags" in (scope.get("And") or {}):
            continue  # CloudTrail's files have none
        found.append(
            {
                "Abort": (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation"),
                "Expiration": expiration.get("Days") or (1 if expiration.get("Date") else None),
                "Noncurrent": (rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays"),
                "Prefix": scope.get("Prefix")
                or (scope.get("And") or {}).get("Prefix")
                or rule.get("Prefix")
                or "",
            }
        )
    return sorted(found, key=lambda each: json.dumps(each, sort_keys=True))


def has_rules(account: Account, wanted: Thing, live: Thing) -> bool:
    """Whether the rules are there; those that others have beside them take no evidence away sooner."""
    places = [
        f"{trail['S3KeyPrefix']}/AWSLogs/" if trail.get("S3KeyPrefix") else "AWSLogs/"
        for _, trail in account.all("trail")
        if trail.get("S3BucketName") == live.get("Name")
    ]
    own = lifecycle(wanted.get("Lifecycle"))
    others = [each for each in lifecycle(live.get("Lifecycle")) if each not in own]
    there = [
        each
        for each in others
        if not places
        or any(place.startswith(each["Prefix"]) or each["Prefix"].startswith(place) for place in places)
    ]
    kept = all(each in lifecycle(live.get("Lifecycle")) for each in own)
    return kept and _no_sooner(own, there)


def keeps_more(wanted: Any, live: Any) -> bool:
    """Whether these rules delete nothing that the wanted ones keep: later, or not at all."""
    return _no_sooner(lifecycle(wanted), lifecycle(live))


def _no_sooner(wanted: list[dict[str, Any]], live: list[dict[str, Any]]) -> bool:
    def soonest(rules: list[dict[str, Any]], member: str) -> float:
        return min((each[member] or math.inf for each in rules), default=math.inf)

    return all(soonest(live, member) >= soonest(wanted, member) for member in ("Expiration", "Noncurrent"))


def with_others(wanted: Any, live: Any) -> list[dict[str, Any]]:
    """The rules as applied, and those of others that take nothing away sooner."""
    names = {each.get("ID") for each in wanted or ()}
    return [
        *(wanted or ()),
        *(each for each in live or () if each.get("ID") not in names and keeps_more(wanted, [each])),
    ]
