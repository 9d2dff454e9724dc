"""Mends that mend: each is tried on the account as it was found, and shown only if the walk is better for it.

Several faults are one list of steps in an order: after each step the walk is made again, so that a later one
takes an earlier one's result along, and none undoes another. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.calls import Call, Person, Step
from secretwatch.pipeline.doctor.findings import Finding, Hop
from secretwatch.pipeline.doctor.kinds import BY_NAME, EFFECTS, after
from secretwatch.pipeline.doctor.view import View

_MOST_ROUNDS = 40
Walk = Callable[[View], list[Hop]]
# Members of a call's parameters that say what it writes to: a later call to the same takes its place.
_WRITES_TO = (
    *(
        "AlarmName",
        "filterName",
        "logGroupName",
        "TopicArn",
        "AttributeName",
        "KeyId",
        "RoleName",
        "PolicyName",
    ),
    *("Bucket", "Rule", "TrailName", "SubscriptionArn", "Protocol", "Endpoint", "QueueUrl", "Name"),
)


def proved(view: View, hops: list[Hop], walk: Walk) -> list[Step]:
    """Puts the mends of these hops right, finding by finding; the one list of steps for all that is broken.

    The list is empty where, after all of it, something would still be broken that it was to mend.
    """
    before = _broken(hops)
    for hop in hops:
        for found in [each for each in hop.findings if each.verdict == "broken" and _calls(each.steps)]:
            together = [
                each
                for each in hop.findings
                if each.ref and each.ref == found.ref and each.verdict == "broken"
            ]
            steps = found.steps
            if len(together) > 1:
                planned, _ = _plan(view, walk, _of(hop.name, found.ref))
                others = [each for each in found.steps if not isinstance(each, Call)]
                steps = (*others, *planned) if planned else steps
            whole = _mends(view, hop, found, steps, walk, before)
            if whole is None:
                kept: list[Step] = [each for each in steps if not isinstance(each, Call)]
                if not kept:
                    kept = [Person("No command that is known here mends this: see what it was meant to be.")]
                whole = kept
            hop.replace(found, replace(found, steps=tuple(whole)))
    steps_of_all, _ = _plan(view, walk, lambda name, each: True)
    return [each for each in steps_of_all if not (isinstance(each, Call) and each.has_blank)]


def without_idle_calls(hop: Hop, account: Account) -> None:
    """Of steps that are shown, those are left out that would change nothing that decides."""
    for found in hop.findings:
        there, kept = account, list[Step]()
        for step in found.steps:
            if not isinstance(step, Call) or (step.service, step.operation) not in EFFECTS or step.has_blank:
                kept.append(step)
                continue
            try:
                later = after(there, [step])
            except KeyError:
                kept.append(step)
                continue
            if step.operation == "Subscribe" or _differ(there, later):
                kept.append(step)
            there = later
        if len(kept) < len(found.steps):
            hop.replace(found, replace(found, steps=tuple(kept)))


def _differ(one: Account, other: Account) -> bool:
    for ref in {*one.things, *other.things}:
        before, later = one.things.get(ref), other.things.get(ref)
        if before is None or later is None or ref.kind not in BY_NAME:
            if before != later:
                return True
            continue
        same = BY_NAME[ref.kind].decisive
        known = {*before, *later}
        if any(
            same[name](before.get(name)) != same[name](later.get(name))
            if name in same
            else before.get(name) != later.get(name)
            for name in known
        ):
            return True
    return False


def together(plans: Sequence[tuple[View, Sequence[Step]]], walk: Walk) -> list[Call] | None:
    """The plans of several watches as one list, each call once; None where one would undo another's mend."""
    calls: dict[str, Call] = {}
    for _, plan in plans:
        for each in _calls(plan):
            calls.setdefault(each.key, each)
    whole = _calls(_in_order(calls.values()))
    for view, plan in plans:
        if _left(view, whole, walk) - _left(view, _calls(plan), walk):
            return None
    return whole


def _left(view: View, calls: Iterable[Call], walk: Walk) -> set[Key]:
    """What is still broken after these calls, of which some are about things of another watch alone."""
    account = view.account
    for call in calls:
        with suppress(KeyError):
            account = after(account, [call])
    return _broken(walk(view.after(account)))


def _of(hop: str, ref: Ref | None) -> Callable[[str, Finding], bool]:
    return lambda name, found: name == hop and found.ref == ref


def _calls(steps: Iterable[Step]) -> list[Call]:
    return [each for each in steps if isinstance(each, Call)]


def _mends(
    view: View, hop: Hop, found: Finding, steps: Sequence[Step], walk: Walk, before: set[Key]
) -> list[Step] | None:
    """The steps, and what more it takes, after which this is not found any more and nothing else is broken.

    None where there are none: then nobody is told to take them.
    """
    try:
        later = view.after(after(view.account, steps))
        left = _broken(walk(later))
    except KeyError:
        return None
    if (hop.name, found.cause, found.ref) in left:
        return None
    # What hung on a thing that was made again, as the filters of a log group.
    new = left - before
    if not new:
        return _in_order(_last_words(steps))
    more, all_of_it = _plan(later, walk, lambda name, each: (name, each.cause, each.ref) not in before)
    return _in_order(_last_words([*steps, *more])) if all_of_it else None


def _last_words(steps: Sequence[Step]) -> list[Step]:
    """Without what a later step writes anew."""
    return [
        each
        for number, each in enumerate(steps)
        if not any(isinstance(later, Call) and _takes_its_place(later, each) for later in steps[number + 1 :])
    ]


Key = tuple[str, str, Ref | None]


def _broken(hops: Iterable[Hop]) -> set[Key]:
    return {
        (hop.name, each.cause, each.ref) for hop in hops for each in hop.findings if each.verdict == "broken"
    }


def _plan(view: View, walk: Walk, wanted: Callable[[str, Finding], bool]) -> tuple[list[Step], bool]:
    """Steps that mend what is wanted, one after the other; and whether nothing of it is left."""
    steps: list[Step] = []
    tried: set[str] = set()
    account = view.account
    broken: list[tuple[str, Finding]] = []
    for _ in range(_MOST_ROUNDS):
        here = view.after(account)
        broken = [
            (hop.name, each)
            for hop in walk(here)
            for each in hop.findings
            if each.verdict == "broken" and wanted(hop.name, each)
        ]
        if not broken:
            break
        following = next(
            (
                calls
                for _, each in broken
                if (calls := _calls(each.steps)) and not all(call.key in tried for call in calls)
            ),
            None,
        )
        if following is None:
            break
        for call in following:
            if call.key in tried or (call.service, call.operation) not in EFFECTS:
                continue
            tried.add(call.key)
            steps = [each for each in steps if not _takes_its_place(call, each)]
            steps.append(call)
        account = after(account, following)
    return _in_order(steps), not broken


def _in_order(steps: Iterable[Step]) -> list[Step]:
    """A trail last: CreateTrail and UpdateTrail are refused while bucket, key or role do not let it in.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
    """
    return sorted(steps, key=lambda step: isinstance(step, Call) and step.service == "cloudtrail")


def _takes_its_place(call: Call, earlier: Step) -> bool:
    if not isinstance(earlier, Call) or (call.service, call.operation) != (
        earlier.service,
        earlier.operation,
    ):
        return False
    if call.operation not in (
        "PutMetricAlarm",
        "PutMetricFilter",
        "PutKeyPolicy",
        "SetTopicAttributes",
        "PutBucketPolicy",
        "PutRolePolicy",
        "PutRule",
    ):
        return False
    return all(call.params.get(name) == earlier.params.get(name) for name in _WRITES_TO)
