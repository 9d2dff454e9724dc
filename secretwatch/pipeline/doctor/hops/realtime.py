"""Hop 8: the fast path: the rules' states, their patterns on what has to ring, and their targets."""

from __future__ import annotations

from secretwatch.cloudtrail.eventbridge import ALL_MANAGEMENT_EVENTS
from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops import rule_patterns
from secretwatch.pipeline.doctor.hops.applied_filters import told_apart_alone
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.hops.faulty_keys import key_at_fault
from secretwatch.pipeline.doctor.hops.realtime_patterns import examine_patterns
from secretwatch.pipeline.doctor.hops.realtime_rules import make_rule
from secretwatch.pipeline.doctor.hops.realtime_targets import examine_targets
from secretwatch.pipeline.doctor.intent import Purpose
from secretwatch.pipeline.doctor.kinds import rules
from secretwatch.pipeline.doctor.view import View
from secretwatch.policy import services

NAME = "realtime"


def examine(view: View) -> Hop:
    hop = Hop(NAME, note="There is no realtime path; nothing to examine.")
    if unknown := view.account.unknown.get(Ref("rules", "")):
        hop.cannot_tell("permission", f"Rules cannot be looked for: {unknown.missing}.")
    names = rule_names(view)
    if not names:
        return hop
    bus_key(hop, view)
    for name in names:
        rule(hop, view, name, sees_reads=True)
    examine_patterns(hop, view, names)
    if view.intent:
        as_applied(hop, view, "realtime")
    _replicas(hop, view)
    hop.note = "Rules take reads as they happen, and may publish."
    if not hop.findings and not _is_logged(view):
        hop.not_reached("The settings are in order; rules see reads only while a trail logs.")
    return hop


def _replicas(hop: Hop, view: View) -> None:
    """Rules see the calls of their own region; the trail those of all."""
    # Some are watched by name and by ARN.
    secrets = {found.get("ARN"): found for _, found in view.account.all("secret")}
    for found in secrets.values():
        regions = [each.get("Region") for each in found.get("ReplicationStatus") or ()]
        others = sorted(str(each) for each in regions if each and each != view.account.region)
        if others:
            hop.warning(
                "replica-elsewhere",
                f"{found.get('Name')} has replicas in {', '.join(others)}: a read there rings the alarm, but "
                f"the rules are in {view.account.region} and do not see it.",
            )


def bus_key(hop: Hop, view: View) -> None:
    """The default bus may be encrypted with a key that EventBridge has to use for each rule."""
    for arn, bus in view.account.all("bus"):
        if identifier := bus.get("KmsKeyIdentifier"):
            key = (view.account.get("key", identifier) or {}).get("Arn") or identifier
            key_at_fault(
                hop,
                view,
                identifier,
                services.using_bus_key(arn, key),
                cause="bus-key",
                what=f"The key {identifier} of the event bus",
                who="EventBridge use it, so that no rule of it tells anybody",
                stops=False,
            )


def rule_names(view: View) -> list[str]:
    if view.intent:
        return view.intent.of("rule", "realtime")
    if view.subject.realtime:
        return list(view.subject.realtime.rule_names)
    return [] if view.subject.known else [name for name, _ in view.account.all("rule")]


def as_applied(hop: Hop, view: View, purpose: Purpose) -> None:
    """Everything of a purpose that was changed: patterns by what they match, all else by what it is."""
    assert view.intent
    changed = view.differing()
    for name in view.intent.of("rule", purpose):
        ref = Ref("rule", name)
        if ref in changed and any(each.member == "EventPattern" for each in changed[ref]):
            rule_patterns.told_apart(hop, view, ref)
    for id in view.intent.of("filter", purpose):
        ref = Ref("filter", id)
        if any(each.member == "filterPattern" for each in changed.get(ref, ())):
            told_apart_alone(hop, view, ref)
    for kind in (
        "rule",
        "queue",
        "alarm",
        "topic",
        "subscription",
        "key",
        "role",
        "filter",
        "state machine",
        "secret",
        "connection",
    ):
        differing(hop, view, (Ref(kind, id) for id in view.intent.of(kind, purpose)), stops=False)


def _is_logged(view: View) -> bool:
    """Whether the trail logs, as far as is known."""
    trail = view.trail
    if trail is None:
        return not (view.trail_arn and view.account.lacks("trail", view.trail_arn))
    return trail.get("IsLogging") is not False


def rule(hop: Hop, view: View, name: str, *, sees_reads: bool) -> None:
    """A rule: there, on, and with targets that take what it sends."""
    ref, found = Ref("rule", name), view.account.get("rule", name)
    if view.account.lacks("rule", name):
        steps = [*view.terraform(ref), *view.restore(ref)] or make_rule(view, name)
        other = view.account.get("rule elsewhere", name)
        elsewhere = f" on the default bus: it is on {other['EventBusName']}" if other else ""
        hop.broken(
            "rule-deleted", f"The rule {name} does not exist{elsewhere}.", *steps, ref=ref, stops=False
        )
        return
    if unknown := view.account.unknown.get(ref):
        hop.cannot_tell("permission", f"The rule {name} cannot be looked at: {unknown.missing}.")
        return
    if found is None:
        return
    state = found.get("State") or "ENABLED"
    wanted = (view.applied("rule", name) or {}).get("State")
    if state == "DISABLED" or (sees_reads and state != ALL_MANAGEMENT_EVENTS):
        why = (
            "is disabled"
            if state == "DISABLED"
            else "is in state ENABLED, in which a rule never sees read-only events"
        )
        cause = "rule-disabled" if state == "DISABLED" else "rule-state"
        right = wanted or (ALL_MANAGEMENT_EVENTS if sees_reads else "ENABLED")
        hop.broken(cause, f"The rule {name} {why}.", rules.put(found, State=right), ref=ref, stops=False)
    examine_targets(hop, view, name, found)
