"""Of hop 4: data protection policies that hide from the metric filters what they look at."""

from __future__ import annotations

from collections.abc import Iterator

from secretwatch.cloudtrail import Event, event_text
from secretwatch.dataprotection import DataProtectionPolicy, InvalidDataProtectionPolicy, without
from secretwatch.filterpattern import Kind
from secretwatch.filterpattern.examples import examples
from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.calls import Call, Person, Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.sentences import described
from secretwatch.pipeline.doctor.view import View, masked, parsed


def masks(hop: Hop, view: View) -> bool:
    """Whether masking of the log group is why nothing matches."""
    group = view.account.get("log group", view.group) or {}
    if unknown := view.account.unknown.get(Ref("masking", view.group or "")):
        hop.cannot_tell("permission", f"Whether events are masked cannot be told: {unknown.missing}.")
    if not group.get("policyDocument") and not group.get("accountPolicies"):
        return False
    bare = view.after(view.account.copy())
    bare.account.change("log group", view.group or "", policyDocument=None, accountPolicies=None)
    metric = view.metric
    if metric is None:
        return False
    hidden = next(
        (
            event
            for event in view.examples
            if any(bare.counts(each, metric, event) for each in view.emitting(metric))
            and not any(view.counts(each, metric, event) for each in view.emitting(metric))
        ),
        None,
    )
    rings = hidden is None
    hidden = hidden or next(_hidden_from_others(view, bare), None)
    if hidden is None:
        return False
    own = masked(event_text(hidden), group.get("policyDocument")) != event_text(hidden)
    theirs = ", ".join(group.get("accountPolicies") or {})
    what = (
        "The log group's data protection policy" if own else f"The account's data protection policy {theirs}"
    )
    if not rings:
        hop.findings = [each for each in hop.findings if each.cause not in ("pattern", "left-out")]
    steps: list[Step] = [_unmasked(view, group.get("policyDocument"), hidden)]
    if not own:
        words = "It masks in every log group of the account: ask who made it to leave out what it masks here."
        steps = [Person(words)]
    ref = Ref("log group", view.group or "")
    hop.broken(
        "masked",
        f"{what} masks fields that the metric filters look at: {described(hidden)} does not match any more.",
        *steps,
        ref=ref,
        stops=not rings,
    )
    return not rings


def _unmasked(view: View, policy: str | None, hidden: Event) -> Call:
    """The policy without what hides the event; what hides nothing of it stays masked."""
    where = {"logGroupIdentifier": view.group}
    text = event_text(hidden)
    names = _identifiers(policy)
    guilty = {each for each in names if masked(text, without(str(policy), {*names} - {each})) != text}
    left = without(str(policy), guilty) if guilty else None
    if left is None:
        return Call("logs", "DeleteDataProtectionPolicy", where)
    return Call("logs", "PutDataProtectionPolicy", {**where, "policyDocument": left})


def _identifiers(policy: str | None) -> tuple[str, ...]:
    try:
        return DataProtectionPolicy.parse(policy or "").identifiers
    except InvalidDataProtectionPolicy:
        return ()


def _hidden_from_others(view: View, bare: View) -> Iterator[Event]:
    """Events that the filters of the watch on the watch, or of the heartbeat, would count unmasked."""
    for id in view.intent.of("filter", "self-watch", "heartbeat") if view.intent else ():
        each = view.account.get("filter", id)
        pattern = parsed((each or {}).get("filterPattern") or "")
        if each is None or pattern is None or pattern.kind is not Kind.JSON:
            continue
        made = examples(pattern)
        if made and bare.matches(each, made[0]) and not view.matches(each, made[0]):
            yield made[0]
