"""Which calls silence both ways, done together: a model of an instance, searched to the end.

Theory
------
A call that changes a part is told of in two ways, fast and slow, each of which is a chain of things that
have to work. What a call contains is decided when it is made: it is recorded only while the trail logs.
What becomes of its event is decided when that arrives, seconds or minutes later, and by then everything that
the same hand did is done. So the worst case is: all calls first, then all deliveries. A set of calls is
unheard if no call of it has a way whose things all work at the end.

Things are named for what takes them away: `fast topic` is the self-watch's topic, `slow topic` the alarms'. A
move is a call on one thing, with the way's rule that hears it. Moves that take the same things and are heard
by the same rule are one kind: rows of the table are many, kinds few enough to try every set of three.

What is not here: what a call costs the attacker, and that the fast way has told somebody before the second
call is typed. AWS passes a call on to EventBridge within seconds; somebody who needs two calls has to make
both before the first one arrives.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

__all__ = ["MOVES", "Move", "heard", "unheard"]

# What each way needs at the end. A rule and its target are one thing: `rule of PART`.
_SLOW = frozenset(
    {"role", "log group", "log group's key", "filters", "alarm", "slow topic", "slow key", "slow people"}
)
_FAST = frozenset({"bus", "fast topic", "fast key", "fast people"})
_WITNESS = frozenset({"bus", "witness's role"})


@dataclass(frozen=True)
class Move:
    """One call, or several that take the same.

    part, calls: as in the table. takes: what no longer works. rule: which rule hears it; empty for none.
    slow: whether the filters hear it. recorded: whether the account's trail records it at all. stops: nothing
    that is done after it is recorded. count: how many calls it takes. everywhere: it is a global service's,
    whose region sends it to the witness by itself (modules/global-events).
    """

    part: str
    calls: str
    takes: frozenset[str]
    rule: str
    slow: bool = True
    recorded: bool = True
    stops: bool = False
    count: int = 1
    everywhere: bool = False


def _move(part: str, calls: str, takes: str, rule: str, **more: Any) -> Move:
    return Move(part, calls, frozenset(filter(None, takes.split("; "))), rule, **more)


_ROLE = (
    "DeleteRolePolicy, PutRolePolicy, AttachRolePolicy, PutRolePermissionsBoundary, UpdateAssumeRolePolicy"
)
_RULES = ("account", "alarms", "bucket", "bus", "keys", "log-group", "roles", "rules", "topics", "trail")

MOVES: tuple[Move, ...] = (
    _move("trail", "StopLogging, UpdateTrail", "", "trail", stops=True),
    # AWS does not say whether its own event still comes: as if it did not.
    _move("trail, deleted", "DeleteTrail", "", "trail", stops=True, recorded=False),
    # What leaves write events out leaves the next calls out of the log group.
    _move("selectors", "PutEventSelectors", "selectors", "trail"),
    _move("log group", "DeleteLogGroup, AssociateKmsKey", "log group", "log-group"),
    _move("data protection", "PutDataProtectionPolicy", "log group", "log-group"),
    _move(
        "data protection, pipelines, metrics",
        "PutAccountPolicy, CreateTelemetryPipeline, AssociateDatasetKmsKey",
        "log group",
        "account",
    ),
    _move("filters", "DeleteMetricFilter, PutMetricFilter", "filters", "log-group"),
    _move("alarms", "DeleteAlarms, DisableAlarmActions, PutMetricAlarm, SetAlarmState", "alarm", "alarms"),
    _move("mute rules", "PutAlarmMuteRule", "alarm", "alarms"),
    _move(
        "topics (the alarms')",
        "DeleteTopic, SetTopicAttributes, RemovePermission, PutDataProtectionPolicy",
        "slow topic",
        "topics",
    ),
    _move(
        "topics (the fast self-watch's)",
        "DeleteTopic, SetTopicAttributes, RemovePermission, PutDataProtectionPolicy",
        "fast topic",
        "topics",
    ),
    _move("subscriptions (the alarms')", "Unsubscribe, SetSubscriptionAttributes", "slow people", "topics"),
    _move(
        "subscriptions (the fast self-watch's)",
        "Unsubscribe, SetSubscriptionAttributes",
        "fast people",
        "topics",
    ),
    *(
        _move(
            f"rules ({rule})",
            "DisableRule, DeleteRule, PutRule, RemoveTargets, PutTargets",
            f"rule of {rule}",
            "rules",
        )
        for rule in _RULES
    ),
    # A key that works when the bus takes it. What breaks it is another call, on a key that is nobody's part.
    _move("bus", "UpdateEventBus, then DisableKey on a key of one's own", "bus", "bus", count=2),
    _move("bucket", "DeleteBucket, PutBucketPolicy, DeleteBucketPolicy, PutBucketEncryption", "", "bucket"),
    _move(
        "keys (the log group's)", "DisableKey, ScheduleKeyDeletion, PutKeyPolicy", "log group's key", "keys"
    ),
    _move("keys (the alarms' topics')", "DisableKey, ScheduleKeyDeletion, PutKeyPolicy", "slow key", "keys"),
    _move(
        "keys (the fast self-watch's)", "DisableKey, ScheduleKeyDeletion, PutKeyPolicy", "fast key", "keys"
    ),
    _move(
        "role",
        _ROLE,
        "role",
        "roles",
        everywhere=True,
    ),
    _move(
        "role (the witness's)",
        _ROLE,
        "witness's role",
        "roles",
        everywhere=True,
    ),
    _move(
        "organisation's policies",
        "AttachPolicy and others, in the management account",
        "role",
        "",
        slow=False,
        recorded=False,
    ),
    # It takes AWS minutes and more: the bus has passed the call on by then.
    _move("account", "DisableRegion", "log group", "account", everywhere=True),
)


def heard(moves: tuple[Move, ...], *, witness: bool) -> bool:
    """Whether anybody is told of any of these calls, made in this order, before anything of it arrives."""
    gone = frozenset[str]().union(*(move.takes for move in moves))
    for number, move in enumerate(moves):
        if not move.recorded or any(before.stops for before in moves[:number]):
            continue
        if move.slow and not gone & _SLOW:
            return True
        if witness and move.everywhere:
            return True
        if not move.rule or f"rule of {move.rule}" in gone:
            continue
        if not gone & _FAST or (witness and not gone & _WITNESS):
            return True
    return False


def unheard(calls: int, *, witness: bool) -> list[tuple[Move, ...]]:
    """Every set of moves of that many calls of which nobody is told, and of which no part is unheard alone.

    In the order that is worst: what stops recording comes first, since what comes after it is not recorded.
    """
    found: list[tuple[Move, ...]] = []
    for size in range(1, calls + 1):
        for moves in combinations(MOVES, size):
            if sum(move.count for move in moves) > calls:
                continue
            if any(set(each) < set(moves) for each in found):
                continue
            ordered = tuple(sorted(moves, key=lambda move: not move.stops))
            if not heard(ordered, witness=witness):
                found.append(ordered)
    return [moves for moves in found if sum(move.count for move in moves) == calls]
