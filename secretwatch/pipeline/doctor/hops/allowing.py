"""What a role needs to be allowed again; shared by the hops that have roles."""

from __future__ import annotations

from typing import Any

from secretwatch.pipeline.doctor.account import Thing
from secretwatch.pipeline.doctor.calls import Call, Step
from secretwatch.pipeline.doctor.kinds import roles
from secretwatch.pipeline.doctor.opening import opened, refusal, undenied

_EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def allowing(role: Thing, applied: Thing, name: str, requests: list[Any]) -> list[Step]:
    """No denial in the way, and the policy with which it was applied; else one more statement."""
    before, wanted = role.get("Inline") or {}, applied.get("Inline") or {}
    inline: dict[str, str | None] = dict(before)
    attached = dict(role.get("Attached") or {})
    steps: list[Step] = []
    for policy, text in attached.items():
        if _denies(text, requests):
            params = {"RoleName": name, "PolicyArn": policy}
            steps.append(Call("iam", "DetachRolePolicy", params, note=f"{policy} denies it."))
    attached = {policy: text for policy, text in attached.items() if not _denies(text, requests)}
    for policy, text in before.items():
        if _denies(text, requests):
            inline[policy] = undenied(text, requests, wanted=wanted.get(policy), kind="identity")
    left = [text for text in inline.values() if text]
    if refusal(requests, caller=[*left, *attached.values()]):
        policy = next(iter([*wanted, *before]), "write-log-streams")
        inline[policy] = opened(inline.get(policy), requests, wanted=wanted.get(policy), kind="identity")
    changed = {policy: text for policy, text in inline.items() if text != before.get(policy)}
    return [
        *steps,
        *(
            roles.put_policy(name, policy, text) if text else roles.delete_policy(name, policy)
            for policy, text in changed.items()
        ),
    ]


def _denies(policy: str, requests: list[Any]) -> bool:
    return bool(refusal(requests, caller=[policy, _EVERYTHING]))
