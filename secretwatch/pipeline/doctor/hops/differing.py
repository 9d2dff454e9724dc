"""What a hop says of things that are not as they were applied; shared by all hops."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.findings import Finding, Hop, replace
from secretwatch.pipeline.doctor.intent import Difference
from secretwatch.pipeline.doctor.kinds import BY_NAME, buckets, filters
from secretwatch.pipeline.doctor.opening import lacking
from secretwatch.pipeline.doctor.view import View

_LONGEST = 160

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
    ("subscription", "FilterPolicy"),
    ("subscription", "FilterPolicyScope"),
    ("topic", "Policy"),
}

POLICIES = {
    ("bucket", "Policy"),
    ("key", "Policy"),
    ("queue", "Policy"),
    ("role", "AssumeRolePolicyDocument"),
    ("role", "Inline"),
    ("topic", "Policy"),
}
"""Of these what others have in them is kept."""


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
            hop.broken(
                f"{ref.kind.replace(' ', '-')}-deleted",
                f"The {named(ref)} does not exist any more.",
                *steps,
                ref=ref,
                stops=stops,
            )
            continue
        if all(keeps_more(ref, each) for each in found):
            hop.warning(
                f"{ref.kind.replace(' ', '-')}-changed",
                f"The {named(ref)} keeps more than was applied: {said(found)}. `terraform apply` would set "
                "this back, and delete what is older.",
                ref=ref,
            )
            continue
        gone = [name for each in found for name in _gone(ref, each)]
        decisive = [each for each in found if (ref.kind, each.member) not in TRIED]
        if gone and not decisive:
            hop.broken(
                f"{ref.kind.replace(' ', '-')}-changed",
                f"The {named(ref)} was changed since it was applied: its policy lacks {', '.join(gone)}.",
                *steps,
                ref=ref,
                stops=False,
            )
            continue
        cause = f"{ref.kind.replace(' ', '-')}-changed"
        sentence = f"The {named(ref)} was changed since it was applied: {said(decisive or found)}."
        if decisive:
            hop.broken(cause, sentence, *steps, ref=ref, stops=stops)
        else:
            hop.warning(cause, f"{sentence} What it is for, it still does.", *steps, ref=ref)


def keeps_more(ref: Ref, difference: Difference) -> bool:
    """Whether evidence is only kept longer: no fault, and going back would delete it."""
    if (ref.kind, difference.member) == ("log group", "retentionInDays"):
        return filters.keeps_more(difference.wanted or None, difference.live or None)
    if (ref.kind, difference.member) == ("bucket", "Lifecycle"):
        return buckets.keeps_more(difference.wanted, difference.live)
    return False


def _gone(ref: Ref, difference: Difference) -> list[str]:
    """Statements of a policy that was applied, and that nothing there covers."""
    if (ref.kind, difference.member) not in POLICIES:
        return []
    wanted, live = difference.wanted, difference.live
    pairs = [(wanted, live)]
    if difference.member == "Inline":
        pairs = [(text, (live or {}).get(name)) for name, text in (wanted or {}).items()]
    return [
        str(each.get("Sid") or f"{each.get('Effect')} {each.get('Action')}")
        for want, have in pairs
        for each in lacking(have, want)
    ]


def _beside(hop: Hop, view: View, ref: Ref, known: list[Finding], found: list[Difference]) -> None:
    """The mend of a thing that was changed goes back to what was applied."""
    first = known[0]
    if not found[0].member:
        hop.replace(first, replace(first, steps=(*view.terraform(ref), *view.restore(ref))))
        return
    words = f"{first.sentence} It was changed since it was applied: {said(found)}."
    policies = all((ref.kind, each.member) in POLICIES for each in found)
    # A policy keeps what others have in it: the hop's own mend does that.
    steps = first.steps if policies and first.steps else tuple(view.restore(ref)) or first.steps
    verdict = first.verdict
    if verdict == "warning" and any((ref.kind, each.member) not in TRIED for each in found):
        verdict = "broken"
    after = replace(first, verdict=verdict, sentence=words, steps=(*view.terraform(ref), *steps))
    hop.replace(first, after)
    for other in known[1:]:
        # One command puts all of it right.
        hop.replace(other, replace(other, steps=after.steps))


def said(found: Iterable[Difference]) -> str:
    return "; ".join(f"{each.member} is {shown(each.live)}, and was {shown(each.wanted)}" for each in found)


def shown(value: Any) -> str:
    if value in (None, "", [], {}):
        return "not set"
    text = (
        value
        if isinstance(value, str) and value.startswith("{")
        else json.dumps(value, ensure_ascii=False, default=str)
    )
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
