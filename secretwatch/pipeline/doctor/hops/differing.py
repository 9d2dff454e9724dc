"""What a hop says of things that are not as they were applied; shared by all hops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from secretwatch.pipeline.doctor import namesakes
from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.findings import Finding, Hop, replace
from secretwatch.pipeline.doctor.hops.wanting import lets_heartbeats
from secretwatch.pipeline.doctor.hops.words import said
from secretwatch.pipeline.doctor.intent import Difference
from secretwatch.pipeline.doctor.kinds import BY_NAME, bucket_lifecycle, filters, roles
from secretwatch.pipeline.doctor.opening import statements, together
from secretwatch.pipeline.doctor.policy_differences import Place, denials, lacking, strangers
from secretwatch.pipeline.doctor.view import View

# Members of which a hop tries what they do: where that is as applied, the words may be others.
TRIED = {
    ("bucket", "Policy"),
    ("filter", "filterPattern"),
    ("key", "Policy"),
    ("log group", "policyDocument"),
    ("queue", "Policy"),
    ("role", "AssumeRolePolicyDocument"),
    ("role", "Boundary"),
    ("role", "Inline"),
    ("rule", "EventPattern"),
    ("state machine", "encryptionConfiguration"),
    ("subscription", "FilterPolicy"),
    ("subscription", "FilterPolicyScope"),
    ("topic", "Policy"),
}

POLICIES = {
    ("bucket", "Policy"): "s3",
    ("key", "Policy"): "kms",
    ("queue", "Policy"): "sqs",
    ("role", "AssumeRolePolicyDocument"): "sts",
    ("role", "Inline"): "",
    ("topic", "Policy"): "sns",
}
"""Of these what others have in them is kept; and the service whose actions they are about."""

_FOUND_FINE = {
    "log group": "Whether that hides something from a metric filter is said there.",
    "subscription": "It lets the alarm's message through.",
}


def named(ref: Ref) -> str:
    kind = BY_NAME[ref.kind]
    return f"{kind.said} {kind.label(ref.id)}"


def differing(hop: Hop, view: View, refs: Iterable[Ref], *, stops: bool = False) -> None:
    """Says of each of these things what was changed, once: beside what was found of it, or by itself."""
    changed = view.differing()
    for ref in refs:
        found = changed.get(ref)
        if not found:
            continue
        known = [each for each in hop.findings if each.ref == ref]
        if known:
            _beside(hop, view, ref, known, found)
            continue
        steps = (*view.terraform(ref), *view.restore(ref))
        if not found[0].member:
            if arn := namesakes.another(view.account, ref):
                steps = (*namesakes.known_again(view, ref, arn),) or steps
                words = namesakes.sentence(named(ref), ref.id, arn)
                words += " Terraform does not know it, and AWS refuses an apply, because the name is taken."
                hop.broken(f"another-{ref.kind}", words, *steps, ref=ref, stops=stops)
                continue
            hop.broken(
                f"{ref.kind.replace(' ', '-')}-deleted",
                f"The {named(ref)} does not exist any more.",
                *steps,
                ref=ref,
                stops=stops,
            )
            continue
        if any(each.member == BY_NAME[ref.kind].identity for each in found):
            changed_to = next(each for each in found if each.member == BY_NAME[ref.kind].identity)
            words = namesakes.sentence(named(ref), str(changed_to.wanted), str(changed_to.live))
            hop.broken(f"another-{ref.kind}", words, *namesakes.made_again(view, ref), ref=ref, stops=stops)
            continue
        faults = [fault for each in found for fault in _faults_of_policy(view, ref, each)]
        decisive = [each for each in found if _decides(ref, each)]
        more = [each for each in found if keeps_more(ref, each)]
        cause = f"{ref.kind.replace(' ', '-')}-changed"
        begins = f"The {named(ref)} was changed since it was applied:"
        if decisive or faults:
            parts = [said(decisive)] if decisive else []
            parts += [f"its policy {'; it '.join(faults)}"] if faults else []
            told = f"{begins} {'; '.join(parts)}."
            hop.broken(cause, told, *steps, ref=ref, stops=stops and bool(decisive))
        elif ref.kind == "subscription" and _gets_more(view, ref):
            heard = "It gets each heartbeat's message, too, which was left out."
            hop.broken(cause, f"{begins} {said(found)}. {heard}", *steps, ref=ref, stops=False)
        elif more:
            hop.warning(
                cause,
                f"The {named(ref)} keeps more than was applied: {said(more)}. `terraform apply` would set "
                "this back, and delete what is older.",
                ref=ref,
            )
        else:
            # What goes back to the words that were applied would change nothing but words.
            tried = _FOUND_FINE.get(ref.kind, "It was tried, and does the same as before.")
            hop.warning(cause, f"{begins} {said(found)}. {tried}", ref=ref)


def _gets_more(view: View, ref: Ref) -> bool:
    """Whether somebody gets each heartbeat, who was not to: mails that nobody reads hide an alarm's."""
    applied, live = view.applied(ref.kind, ref.id), view.account.things.get(ref)
    return bool(applied and live) and lets_heartbeats(live or {}) and not lets_heartbeats(applied or {})


def _decides(ref: Ref, difference: Difference) -> bool:
    """Whether a difference is a fault by itself, whatever else was changed beside it."""
    return (ref.kind, difference.member) not in TRIED and not keeps_more(ref, difference)


def keeps_more(ref: Ref, difference: Difference) -> bool:
    """Whether evidence is only kept longer: no fault, and going back would delete it."""
    if (ref.kind, difference.member) == ("log group", "retentionInDays"):
        return filters.keeps_more(difference.wanted or None, difference.live or None)
    if (ref.kind, difference.member) == ("bucket", "Lifecycle"):
        return bucket_lifecycle.keeps_more(difference.wanted, difference.live)
    return False


def _faults_of_policy(view: View, ref: Ref, difference: Difference) -> list[str]:
    """What a policy does not say any more, and whom it lets in that it was not to."""
    service = POLICIES.get((ref.kind, difference.member))
    if service is None:
        return []
    wanted, live = difference.wanted, difference.live
    pairs, caller = [(wanted, live)], ""
    if difference.member == "Inline":
        # A role's policies are good together, inline or attached.
        whole = together(roles.policies(view.account.get("role", ref.id) or {}))
        pairs = [(text, whole) for text in (wanted or {}).values()]
        caller = view.account.arn("iam", f"role/{ref.id}", region="")
    place = Place(view.account, service, caller)
    found = []
    for want, have in pairs:
        found += _missing(have, lacking(have, want, place))
        found += [f"denies {what}: {_name_of(each)}" for each, what in denials(have, want, place)]
        found += [
            f"lets {whom} in, which was not applied: {_name_of(each)}"
            for each, whom in strangers(have, want, place)
        ]
    return found


def _missing(policy: str | None, missing: Iterable[Mapping[str, Any]]) -> list[str]:
    """Of statements that are not good any more: whether they are gone, are others, or are denied."""
    there = statements(policy)
    by_sid = {each["Sid"]: each for each in there if each.get("Sid")}
    gone, others, denied = [], [], []
    for each in missing:
        now = by_sid.get(str(each.get("Sid")))
        if dict(each) in there:
            denied.append(_name_of(each))
        elif now is not None:
            parts = sorted(name for name in {*now, *each} if now.get(name) != each.get(name))
            others.append(f"{_name_of(each)} ({', '.join(parts)})")
        else:
            gone.append(_name_of(each))
    denying = ", ".join(_name_of(each) for each in there if each.get("Effect") == "Deny")
    found = [f"lacks {', '.join(gone)}"] if gone else []
    found += [f"says something else in {', '.join(others)}"] if others else []
    found += [f"denies what {', '.join(denied)} allows: {denying}"] if denied else []
    return found


def _name_of(statement: Mapping[str, Any]) -> str:
    return str(statement.get("Sid") or f"{statement.get('Effect')} {statement.get('Action')}")


def _beside(hop: Hop, view: View, ref: Ref, known: list[Finding], found: list[Difference]) -> None:
    """The mend of a thing that was changed goes back to what was applied."""
    first = known[0]
    if first.cause.startswith("another-"):
        return  # going back is not what mends it
    if not found[0].member:
        hop.replace(first, replace(first, steps=(*view.terraform(ref), *view.restore(ref))))
        return
    news = [each for each in found if str(each.live) not in first.sentence]
    words = first.sentence
    if "changed since it was applied" not in words:
        words += f" It was changed since it was applied{f': {said(news)}' if news else ''}."
    elif news:
        words += f" {said(news)}."
    policies = all((ref.kind, each.member) in POLICIES for each in found)
    # A policy keeps what others have in it: the hop's own mend does that.
    steps = first.steps if policies and first.steps else tuple(view.restore(ref)) or first.steps
    verdict = first.verdict
    if verdict == "warning" and any(_decides(ref, each) for each in found):
        verdict = "broken"
    after = replace(first, verdict=verdict, sentence=words, steps=(*view.terraform(ref), *steps))
    hop.replace(first, after)
    for other in known[1:]:
        # One command puts all of it right.
        hop.replace(other, replace(other, steps=after.steps))
