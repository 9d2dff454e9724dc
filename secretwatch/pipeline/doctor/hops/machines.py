"""A state machine or a chat channel: what starts it, and as whom it runs; for the hops that have one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from secretwatch.pipeline.doctor import namesakes
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.allowing import allowing
from secretwatch.pipeline.doctor.kinds import BY_NAME, beats, keys, roles, rules, topics
from secretwatch.pipeline.doctor.opening import refusal, undenied
from secretwatch.pipeline.doctor.policy_differences import Place, completed, missed
from secretwatch.pipeline.doctor.view import View
from secretwatch.policy import Principal, Request, services


def started_by(hop: Hop, view: View, name: str, purpose: str) -> None:
    """A rule that starts it, and is disabled. purpose: what it is for, in a word."""
    rule = view.account.get("rule", name)
    if rule and rule.get("State") == "DISABLED":
        hop.broken(
            f"{purpose}-disabled",
            f"The rule {name}, which starts the {purpose}, is disabled.",
            rules.put(rule, State="ENABLED"),
            ref=Ref("rule", name),
            stops=False,
        )


def encrypted_with(hop: Hop, view: View, arn: str, purpose: str) -> None:
    """A key of somebody's that its role may not use: then nothing of it runs."""
    machine = view.account.get("state machine", arn) or {}
    id = beats.key_of(machine)
    if not id:
        return
    name, key = machine["roleArn"].rsplit("/", 1)[-1], view.account.get("key", id)
    role = view.account.get("role", name)
    refs = (Ref("key", id), Ref("key policy", id), Ref("role", name))
    unknown = next((view.account.unknown[ref] for ref in refs if ref in view.account.unknown), None)
    if key is None or role is None or unknown:
        if view.account.lacks("key", id):
            why = "That key does not exist."
        else:
            missing = f": {unknown.missing}" if unknown else ""
            hop.cannot_tell("permission", f"Whether {name} may use the key {id} cannot be told{missing}.")
            return
    elif key.get("KeyState") not in (None, "Enabled"):
        why = f"That key is {key['KeyState']}."
    else:
        caller = _caller(view, name, role)
        requests = services.running_encrypted(arn, caller, str(key.get("Arn") or id))
        why = refusal(
            requests, resource=key.get("Policy"), caller=roles.policies(role), boundary=role.get("Boundary")
        )
    if why:
        ref = Ref("state machine", arn)
        hop.broken(
            f"{purpose}-key",
            f"{arn.rsplit(':', 1)[-1]} was encrypted with the key {id}, which its role may not use: no "
            f"execution of it can run. {why}",
            beats.encrypt_by_aws(arn),
            ref=ref,
            stops=False,
        )


def _caller(view: View, name: str, role: Mapping[str, Any]) -> Principal:
    """Who calls in an execution: a session of the role."""
    arn = role.get("Arn") or view.account.arn("iam", f"role/{name}", region="")
    session = f"{arn.replace(':iam::', ':sts::').replace(':role/', ':assumed-role/')}/run"
    return Principal.of(session, issuer=arn)


def runs_as(hop: Hop, view: View, name: str, purpose: str) -> None:
    """A role of it that may not do what it was applied to do, or may not be assumed by its service."""
    ref, role, applied = Ref("role", name), view.account.get("role", name), view.applied("role", name)
    if role is None or applied is None or Ref("role policies", name) in view.account.unknown:
        return
    _names_what_is_gone(hop, view, name, applied)
    requests = _needed(view, name, role, applied)
    found = False
    trust, meant = role.get("AssumeRolePolicyDocument"), applied["AssumeRolePolicyDocument"]
    place = Place(view.account, "sts")
    for request in missed(trust, meant, place)[:1]:
        hop.broken(
            f"{purpose}-role",
            f"{request.principal.name} may not assume the role {name}. {refusal([request], resource=trust)}",
            roles.trust(name, completed(trust, meant, place)),
            ref=ref,
            stops=False,
        )
        found = True
    if why := refusal(requests, caller=roles.policies(role), boundary=role.get("Boundary")):
        hop.broken(
            f"{purpose}-role",
            f"The role {name} lacks a permission that it needs. {why}",
            *(allowing(role, applied, name, requests) or view.restore(ref)),
            ref=None if found else ref,
            stops=False,
        )
    _kept_out(hop, view, name, role, requests, purpose)


def _kept_out(hop: Hop, view: View, name: str, role: Thing, requests: list[Request], purpose: str) -> None:
    """Requests that the role's own policies allow, and the policy of what is asked for does not."""
    own, boundary = roles.policies(role), role.get("Boundary")
    for kind, set_policy in _WITH_POLICIES.items():
        for id, thing in view.account.all(kind):
            those = [each for each in requests if each.resource in (id, thing.get("Arn"), thing.get("ARN"))]
            policy, label = thing.get("Policy"), f"{kind} {BY_NAME[kind].label(id)}"
            if those and (unknown := view.account.unknown.get(Ref(f"{kind} policy", id))):
                words = f"Whether the {label} lets the role {name} in cannot be told: {unknown.missing}."
                hop.cannot_tell("permission", words)
            if not those or not policy or refusal(those, caller=own, boundary=boundary):
                continue
            ref = Ref(kind, id)
            if why := refusal(those, resource=policy, caller=own, boundary=boundary):
                left = undenied(policy, those, wanted=(view.applied(kind, id) or {}).get("Policy"))
                arn = str(thing.get("Arn") or id)
                # A key or a topic cannot be without a policy.
                steps = view.restore(ref) if left is None and kind != "secret" else [set_policy(arn, left)]
                hop.broken(
                    f"{purpose}-kept-out",
                    f"The policy of the {label} keeps the role {name} out. {why}",
                    *steps,
                    ref=ref,
                    stops=False,
                )


_WITH_POLICIES: dict[str, Callable[[str, str | None], Step]] = {
    "key": lambda arn, policy: keys.put_policy(arn, policy or ""),
    "secret": beats.put_secret_policy,
    "topic": lambda arn, policy: topics.set_topic(arn, "Policy", policy or ""),
}


def _names_what_is_gone(hop: Hop, view: View, name: str, applied: dict[str, Any]) -> None:
    """A secret that the role was applied to use, and that the state does not have any more."""
    assert view.intent
    for ref in namesakes.named(applied):
        if ref in view.intent.account.things or not view.account.lacks(ref.kind, ref.id):
            continue
        arn = namesakes.another(view.account, ref)
        if arn:
            words = (
                f"The role {name} was applied to use {ref.id}, which is not there; there is {arn} of its "
                "name, which it may not use. Terraform has neither in its state, and is refused, as the name "
                "is taken."
            )
            steps = namesakes.known_again(view, ref, arn, in_state=False)
        else:
            words = (
                f"The role {name} was applied to use {ref.id}, which is not there, nor in Terraform's state."
            )
            steps = namesakes.applied_again(view)
        hop.broken(
            f"another-{ref.kind}" if arn else f"{ref.kind}-deleted", words, *steps, ref=ref, stops=False
        )


def _needed(view: View, name: str, role: dict[str, Any], applied: dict[str, Any]) -> list[Request]:
    """What it was applied to be allowed, as requests."""
    caller = _caller(view, name, role)
    place = Place(view.account, "", str(caller.name))
    own = list((applied.get("Inline") or {}).values())
    found = [replace(request, principal=caller) for text in own for _, request in place.examples(text)]
    # What the applied policies do not allow by themselves says nothing of what is there.
    return [each for each in found if not refusal([each], caller=own)]
