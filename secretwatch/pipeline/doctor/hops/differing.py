"""What a hop says of things that are not as they were applied; shared by all hops."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.findings import Finding, Hop, replace
from secretwatch.pipeline.doctor.hops.wanting import lets_heartbeats
from secretwatch.pipeline.doctor.intent import Difference
from secretwatch.pipeline.doctor.kinds import BY_NAME, buckets, filters, roles
from secretwatch.pipeline.doctor.opening import Place, denials, lacking, statements, strangers, together
from secretwatch.pipeline.doctor.view import View

_LONGEST, _BEFORE, _FEW = 160, 40, 4

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
    ("bucket", "Policy"): "s3",
    ("key", "Policy"): "kms",
    ("queue", "Policy"): "sqs",
    ("role", "AssumeRolePolicyDocument"): "sts",
    ("role", "Inline"): "",
    ("topic", "Policy"): "sns",
}
"""Of these what others have in them is kept; and the service whose actions they are about."""


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
        faults = [fault for each in found for fault in _faults_of_policy(view, ref, each)]
        decisive = [each for each in found if (ref.kind, each.member) not in TRIED]
        if faults and not decisive:
            hop.broken(
                f"{ref.kind.replace(' ', '-')}-changed",
                f"The {named(ref)} was changed since it was applied: its policy {'; it '.join(faults)}.",
                *steps,
                ref=ref,
                stops=False,
            )
            continue
        cause = f"{ref.kind.replace(' ', '-')}-changed"
        sentence = f"The {named(ref)} was changed since it was applied: {said(decisive or found)}."
        if decisive:
            hop.broken(cause, sentence, *steps, ref=ref, stops=stops)
        elif ref.kind == "subscription" and _gets_more(view, ref):
            more = "It gets each heartbeat's message, too, which was left out."
            hop.broken(cause, f"{sentence} {more}", *steps, ref=ref, stops=False)
        else:
            # What goes back to the words that were applied would change nothing but words.
            tried = (
                "It lets the alarm's message through."
                if ref.kind == "subscription"
                else "It was tried, and does the same as before."
            )
            hop.warning(cause, f"{sentence} {tried}", ref=ref)


def _gets_more(view: View, ref: Ref) -> bool:
    """Whether somebody gets each heartbeat, who was not to: mails that nobody reads hide an alarm's."""
    applied, live = view.applied(ref.kind, ref.id), view.account.things.get(ref)
    return bool(applied and live) and lets_heartbeats(live or {}) and not lets_heartbeats(applied or {})


def keeps_more(ref: Ref, difference: Difference) -> bool:
    """Whether evidence is only kept longer: no fault, and going back would delete it."""
    if (ref.kind, difference.member) == ("log group", "retentionInDays"):
        return filters.keeps_more(difference.wanted or None, difference.live or None)
    if (ref.kind, difference.member) == ("bucket", "Lifecycle"):
        return buckets.keeps_more(difference.wanted, difference.live)
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
    if verdict == "warning" and any((ref.kind, each.member) not in TRIED for each in found):
        verdict = "broken"
    after = replace(first, verdict=verdict, sentence=words, steps=(*view.terraform(ref), *steps))
    hop.replace(first, after)
    for other in known[1:]:
        # One command puts all of it right.
        hop.replace(other, replace(other, steps=after.steps))


def said(found: Iterable[Difference]) -> str:
    words = []
    for each in found:
        if parts := _parts(each):
            words += [
                f"{each.member}{path} is {_text_of(live)}, and was {_text_of(wanted)}"
                for path, live, wanted in parts
            ]
            continue
        live, wanted = (_text_of(value) for value in (each.live, each.wanted))
        # Of long values what they have in common at their beginning is left out.
        is_long = max(len(live), len(wanted)) > _LONGEST
        pairs = enumerate(zip(live, wanted, strict=False))
        same = next((at for at, (one, other) in pairs if one != other), 0) if is_long else 0
        words.append(f"{each.member} is {_part(live, same)}, and was {_part(wanted, same)}")
    return "; ".join(words)


def _parts(difference: Difference) -> list[tuple[str, Any, Any]]:
    """Where two long values differ: paths with what is there and what was; none where that is everywhere."""
    live, wanted = (_loaded(value) for value in (difference.live, difference.wanted))
    if max(len(_text_of(live)), len(_text_of(wanted))) <= _LONGEST:
        return []
    found = list(islice(_differing_parts(live, wanted, ""), _FEW + 1))
    short = all(max(len(_text_of(one)), len(_text_of(other))) <= _LONGEST for _, one, other in found)
    return found if found and len(found) <= _FEW and short and found[0][0] else []


def _loaded(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _differing_parts(live: Any, wanted: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    live, wanted = _loaded(live), _loaded(wanted)
    if live == wanted:
        return
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        for name in sorted({*live, *wanted}, key=str):
            yield from _differing_parts(live.get(name), wanted.get(name), f"{path}.{name}")
    elif isinstance(live, list) and isinstance(wanted, list) and len(live) == len(wanted):
        for number, (one, other) in enumerate(zip(live, wanted, strict=True)):
            yield from _differing_parts(one, other, f"{path}[{number}]")
    else:
        yield path, live, wanted


def _text_of(value: Any) -> str:
    if value in (None, "", [], {}):
        return "not set"
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)


def _part(text: str, same: int) -> str:
    begin = max(same - _BEFORE, 0)
    end = begin + _LONGEST
    return f"{'…' * (begin > 0)}{text[begin:end]}{'…' * (end < len(text))}"
