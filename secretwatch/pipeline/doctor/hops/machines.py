"""A state machine or a chat channel: what starts it, and as whom it runs; for the hops that have one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from secretwatch.pipeline.doctor import namesakes
from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.allowing import allowing
from secretwatch.pipeline.doctor.kinds import roles, rules
from secretwatch.pipeline.doctor.opening import Place, completed, missed, refusal
from secretwatch.pipeline.doctor.view import View
from secretwatch.policy import Principal, Request


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
    arn = role.get("Arn") or view.account.arn("iam", f"role/{name}", region="")
    session = f"{arn.replace(':iam::', ':sts::').replace(':role/', ':assumed-role/')}/run"
    place = Place(view.account, "", session)
    own = list((applied.get("Inline") or {}).values())
    found = [
        replace(request, principal=Principal.of(session, issuer=arn))
        for text in own
        for _, request in place.examples(text)
    ]
    # What the applied policies do not allow by themselves says nothing of what is there.
    return [each for each in found if not refusal([each], caller=own)]
