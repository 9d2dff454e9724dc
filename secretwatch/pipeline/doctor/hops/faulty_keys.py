"""A key that is gone, off, or lets a service not use it: said alike by all hops that meet one."""

from __future__ import annotations

from typing import Any

from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.calls import Person
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.kinds import keys
from secretwatch.pipeline.doctor.opening import opened, refusal
from secretwatch.pipeline.doctor.view import View


def key_at_fault(
    hop: Hop,
    view: View,
    id: str,
    requests: list[Any],
    *,
    cause: str,
    what: str,
    who: str,
    stops: bool,
) -> bool:
    """A key that is gone, off, or refuses these requests; whether that was found."""
    ref, key = Ref("key", id), view.account.get("key", id)
    if view.account.lacks("key", id):
        hop.broken(
            cause,
            f"{what} does not exist.",
            *view.terraform(ref),
            Person("A key that is gone does not come back: name another one."),
            ref=ref,
            stops=stops,
        )
        return True
    unknown = view.account.unknown.get(ref) or view.account.unknown.get(Ref("key policy", id))
    if unknown:
        hop.cannot_tell("permission", f"{what} cannot be looked at: {unknown.missing}.")
        return False
    if key is None:
        return False
    found = False
    if key.get("KeyState") not in (None, "Enabled"):
        hop.broken(cause, f"{what} is {key['KeyState']}.", *keys.enable(key), ref=ref, stops=stops)
        found = True
    if key.get("Policy") and (why := refusal(requests, resource=key["Policy"])):
        wanted = (view.applied("key", id) or {}).get("Policy")
        policy = opened(key["Policy"], requests, wanted=wanted)
        hop.broken(
            cause,
            f"{what} does not let {who}. {why}",
            keys.put_policy(key.get("Arn") or id, policy),
            ref=None if found else ref,
            stops=stops,
        )
        found = True
    return found
