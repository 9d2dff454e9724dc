"""What watches mean: planned filters and planned rules are run over events, and both decide as they should.

What should be is told by a third, slow and plain reading of the same words (`expected`), which knows neither
CloudWatch's patterns nor EventBridge's.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from deep import deep
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.eventpattern import EventPattern
from secretwatch.filterpattern import FilterPattern
from secretwatch.localstack.events.bus import envelope_of

from .conftest import ACCOUNT, ARNS, MANY, NAMES, PREFIXES, Plan, arn
from .test_pattern import event

READS = ("GetSecretValue", "BatchGetSecretValue")
CHANGES = (
    *("CancelRotateSecret", "DeleteResourcePolicy", "DeleteSecret", "PutResourcePolicy", "PutSecretValue"),
    *("RemoveRegionsFromReplication", "ReplicateSecretToRegions", "RestoreSecret", "RotateSecret"),
    *("StopReplicationToReplica", "TagResource", "UntagResource", "UpdateSecret", "UpdateSecretVersionStage"),
)
ABOUT_NONE = ("ListSecrets", "CreateSecret", "GetRandomPassword", "ValidateResourcePolicy")
OTHERS = ("DescribeSecret", "GetResourcePolicy", "ListSecretVersionIds", *ABOUT_NONE)
TOUCHES = (*READS, *CHANGES, *OTHERS)
DB = {"db": "Ab3dE9"}
SUFFIX = "Zz9Zz9"

# Watched names with their suffix (None: not known, any six characters), prefixes, events.
WATCHES: dict[str, tuple[dict[str, str | None], tuple[str, ...], tuple[str, ...]]] = {
    "names": (dict.fromkeys(NAMES), (), READS),
    "arns": (dict(ARNS), (), READS),
    "many": (dict.fromkeys(MANY, "Ab3dE9"), (), READS),
    "prefixes": ({}, tuple(PREFIXES), READS),
    "all": ({}, ("",), READS),
    "denied": (dict(DB), (), READS),
    "success": (dict(DB), (), READS),
    "changes": (dict(DB), (), CHANGES),
    "single": (dict(DB), (), ("DescribeSecret",)),
    "touches": (dict(DB), ("prod/",), TOUCHES),
    "anything": ({}, ("",), TOUCHES),
    "except": (dict(DB), (), READS),
    "strict": (dict(DB), (), READS),
}
NOT_REALTIME = {"names"}
EXCEPTED = {
    "role": {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/session",
        "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/app"}},
    },
    "role of a prefix": {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/build/session",
        "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/ci/build"}},
    },
    "user": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/ada"},
    "service": {"type": "AWSService", "invokedBy": "rds.amazonaws.com"},
}
NOT_EXCEPTED = {
    "other role": {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/app2/app",
        "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/app2"}},
    },
    "other account's role": {
        "type": "AssumedRole",
        "arn": "arn:aws:sts::999999999999:assumed-role/app/session",
        "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::999999999999:role/app"}},
    },
    "user with a session": {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/bob",
        "sessionContext": {"sessionIssuer": {}},
    },
    "user of a longer name": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/ada2"},
    "root": {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root"},
    "service": {"type": "AWSService", "invokedBy": "backup.amazonaws.com"},
    "nobody": {"type": "Unknown"},
}
ERRORS = (None, "AccessDenied", "AccessDeniedException", "VpceAccessDenied", "ResourceNotFoundException")
_ARN = re.compile(rf"arn:aws:secretsmanager:[a-z0-9-]+:{ACCOUNT}:secret:(.+)")


def names(secret_id: str, watched: dict[str, str | None], prefixes: tuple[str, ...]) -> bool:
    """Whether an id that a caller sends stands for a watched secret."""
    found = _ARN.fullmatch(secret_id)
    name = found[1] if found else secret_id
    if ":" in name:
        return False  # another account's
    # A watched ARN that ends like a whole one may be one without its suffix.
    ends = {f"{each}-{suffix}" for each, suffix in watched.items() if suffix}
    if any(name.startswith(prefix) for prefix in prefixes) or name in watched or name in ends:
        return True
    if not found or name[-7:-6] != "-" or not re.fullmatch("[A-Za-z0-9]{6}", name[-6:]):
        return False
    return name[:-7] in ends or (name[:-7] in watched and watched[name[:-7]] in (None, name[-6:]))


def expected(watch: str, message: dict[str, Any]) -> bool:
    watched, prefixes, events = WATCHES[watch]
    parameters = message.get("requestParameters") or {}
    denied = "AccessDenied" in (message.get("errorCode") or "")
    if message["eventType"] == "AwsVpceEvent" and not denied:
        return False  # the management event of the same call counts
    if message["eventName"] not in events:
        return False
    if (watch == "denied" and not denied) or (watch == "success" and message.get("errorCode")):
        return False
    excepted = message["userIdentity"] in EXCEPTED.values()
    if excepted and (watch == "strict" or (watch in ("except", "touches") and not denied)):
        return False
    if "secretId" in parameters:
        return names(parameters["secretId"], watched, prefixes)
    if parameters.get("secretIdList"):
        return any(names(each, watched, prefixes) for each in parameters["secretIdList"])
    if message["eventName"] in ABOUT_NONE:
        # Whoever lists by a watched name; "anything" is whatever names a secret.
        listed = [value for each in parameters.get("filters") or () for value in each["values"]]
        return (
            message["eventName"] == "ListSecrets"
            and watch == "touches"
            and any(value in watched or value.startswith(prefixes) for value in listed)
        )
    return True


class Engines:
    """The planned patterns of one watch, in both engines."""

    def __init__(self, plan: Plan, watch: str) -> None:
        module = "many" if watch == "many" else "watches"
        self.filters = [FilterPattern.parse(text) for text in plan.patterns(module, watch)]
        rules = [] if watch in NOT_REALTIME else plan.event_patterns(module, watch)
        self.rules = [EventPattern.parse(rule) for rule in rules]

    def cloudwatch(self, message: dict[str, Any]) -> int:
        """How many filters count it."""
        return sum(pattern.matches_event(message) for pattern in self.filters)

    def eventbridge(self, message: dict[str, Any]) -> int:
        """How many rules send it."""
        return sum(rule.matches(enveloped(message)) for rule in self.rules)


_last: list[dict[str, Any]] = [{}, {}]


def enveloped(message: dict[str, Any]) -> dict[str, Any]:
    """What rules see of a message: made once, however many watches are asked about it one after the other."""
    if message is not _last[0]:
        envelope = envelope_of(ACCOUNT, message)  # type: ignore[arg-type]
        assert envelope is not None
        _last[:] = message, envelope
    return _last[1]


@pytest.fixture(scope="module")
def engines(instances: Plan) -> dict[str, Engines]:
    return {watch: Engines(instances, watch) for watch in WATCHES}


def check(engines: dict[str, Engines], watch: str, message: dict[str, Any]) -> None:
    wanted = expected(watch, message)
    parameters = message.get("requestParameters") or {}
    asked = [parameters.get("secretId") or "", *(parameters.get("secretIdList") or ())]
    if not wanted and any(
        f"{name}-{suffix}" in each for name, suffix in WATCHES[watch][0].items() for each in asked
    ):
        return  # holds the random end of a watched ARN: see test_secret_ids
    counted = engines[watch].cloudwatch(message)
    # One id counts once; a batch may count for each of its ids.
    assert (counted >= 1) is wanted, (watch, message)
    assert counted <= max(1, len(parameters.get("secretIdList") or ())), (watch, message)
    if watch not in NOT_REALTIME:
        sent = engines[watch].eventbridge(message)
        assert (sent >= 1) is wanted, (watch, message)


def of(
    parameters: Any,
    name: str = "GetSecretValue",
    identity: dict[str, Any] | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    fields: dict[str, Any] = {"managementEvent": True, "eventTime": "2026-01-01T00:00:00Z"}
    if identity is not None:
        fields["userIdentity"] = identity
    if error is not None:
        fields |= {"errorCode": error, "errorMessage": "no"}
    return event(name, parameters, **fields)


def forms(name: str, suffix: str) -> list[str]:
    """Whatever a caller may send for this secret, replicas in another region included."""
    return [
        name,
        arn(name, suffix),
        arn(name, suffix)[:-7],
        arn(name, suffix).replace("us-east-1", "eu-central-1"),
        arn(name, suffix).replace("us-east-1", "eu-central-1")[:-7],
    ]


def siblings(name: str) -> list[str]:
    """Names that a careless pattern takes for this one."""
    return [
        f"{name}-replica",
        f"{name}2",
        f"my{name}",
        f"my/{name}",
        f"{name}/x",
        name.swapcase() + "x",
        f"{name}-AbCdEf1",
    ]


@pytest.mark.parametrize("watch", [watch for watch in WATCHES if WATCHES[watch][0]])
def test_every_form_of_every_watched_secret_counts_and_no_siblings(
    engines: dict[str, Engines], watch: str
) -> None:
    watched, _, events = WATCHES[watch]
    name = next(each for each in events if not each.startswith("Batch"))
    error = "AccessDenied" if watch == "denied" else None
    for secret, suffix in list(watched.items())[:: 60 if len(watched) > 60 else 1]:
        for form in forms(secret, suffix or SUFFIX):
            message = of({"secretId": form}, name, error=error)
            assert engines[watch].cloudwatch(message) == 1, form
            check(engines, watch, message)
        # It may be the ARN without its suffix of a secret whose name ends so.
        for form in forms(f"{secret}-{suffix}", SUFFIX) if suffix else ():
            message = of({"secretId": form}, name, error=error)
            assert engines[watch].cloudwatch(message) == 1, form
            if "eu-central-1" not in form:
                check(engines, watch, message)
        for sibling in siblings(secret):
            for form in forms(sibling, SUFFIX):
                message = of({"secretId": form}, name, error=error)
                assert not engines[watch].cloudwatch(message), form
                check(engines, watch, message)


@pytest.mark.parametrize("watch", WATCHES)
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    "identity",
    [*EXCEPTED.values(), *NOT_EXCEPTED.values()],
    ids=[*EXCEPTED, *(f"not {each}" for each in NOT_EXCEPTED)],
)
def test_who_and_with_which_outcome(
    engines: dict[str, Engines], watch: str, error: str | None, identity: dict[str, Any]
) -> None:
    name = WATCHES[watch][2][0]
    check(engines, watch, of({"secretId": "db"}, name, identity, error))
    check(engines, watch, of(None, name, identity, error))


@pytest.mark.parametrize("watch", WATCHES)
def test_which_calls(engines: dict[str, Engines], watch: str) -> None:
    for name in (*READS, *CHANGES, *OTHERS):
        check(engines, watch, of({"secretId": arn("db")}, name))
        check(engines, watch, of(None, name, error="AccessDenied"))


def test_lists_by_a_watched_name(engines: dict[str, Engines]) -> None:
    for value in ("db", "prod/", "prod/card", "d", "db2", "prod"):
        for error in (None, "AccessDenied"):
            parameters = {"maxResults": 100, "filters": [{"key": "name", "values": [value]}]}
            check(engines, "touches", of(parameters, "ListSecrets", error=error))
            check(engines, "anything", of(parameters, "ListSecrets", error=error))
    # Of several values the rule sees each, and the filter the first.
    several = of({"filters": [{"key": "tag-key", "values": ["x", "db"]}]}, "ListSecrets")
    assert engines["touches"].eventbridge(several) == 1


def test_batches(engines: dict[str, Engines]) -> None:
    for watch in ("names", "arns", "prefixes", "all", "except"):
        watched = [*WATCHES[watch][0], *(f"{prefix}x" for prefix in WATCHES[watch][1])]
        for secret in watched[:6]:
            for form in forms(secret, WATCHES[watch][0].get(secret) or SUFFIX):
                check(engines, watch, of({"secretIdList": ["other", form]}, "BatchGetSecretValue"))
        for sibling in siblings("db"):
            check(engines, watch, of({"secretIdList": forms(sibling, SUFFIX)}, "BatchGetSecretValue"))
        check(engines, watch, of({"filters": [{"key": "name", "values": ["x"]}]}, "BatchGetSecretValue"))


def test_a_batch_of_many_watched_secrets_counts_by_how_all_their_names_begin(
    engines: dict[str, Engines],
) -> None:
    """Rather one alarm too many: to hold a batch against each of 300 ids would take 300 filters."""
    both = engines["many"].cloudwatch, engines["many"].eventbridge
    for engine in both:
        assert engine(of({"secretIdList": [arn(MANY[299])]}, "BatchGetSecretValue"))
        assert engine(of({"secretIdList": ["team-unwatched"]}, "BatchGetSecretValue"))
        assert not engine(of({"secretIdList": ["other", arn("db")]}, "BatchGetSecretValue"))


watched_ids = st.sampled_from(
    [
        form
        for watched, _, _ in WATCHES.values()
        for name, suffix in list(watched.items())[:20]
        for form in forms(name, suffix or SUFFIX)
    ]
)


# Something put into the name, or behind it; nobody sends what is no ARN.
def near(secret_id: str, at: int, extra: str) -> str:
    name = secret_id.rsplit(":", 1)[-1]
    place = len(secret_id) - at % (len(name) + 1)
    return secret_id[:place] + extra + secret_id[place:]


near_ids = st.builds(near, watched_ids, st.integers(0, 600), st.text("abz09/_+=.@-", max_size=3))
ids = watched_ids | near_ids
# Only batches have lists of ids.
calls = st.one_of(
    st.tuples(st.sampled_from(READS + CHANGES[:3]), st.none()),
    st.tuples(
        st.sampled_from(("GetSecretValue", *CHANGES[:3])), st.builds(lambda each: {"secretId": each}, ids)
    ),
    st.tuples(
        st.just("BatchGetSecretValue"),
        st.builds(lambda each: {"secretIdList": each}, st.lists(ids, max_size=3)),
    ),
)
identities = st.sampled_from([*EXCEPTED.values(), *NOT_EXCEPTED.values()])


@deep(1000)
@given(calls, identities, st.sampled_from(ERRORS))
def test_both_engines_decide_alike_on_any_event(
    engines: dict[str, Engines], call: tuple[str, Any], identity: dict[str, Any], error: str | None
) -> None:
    name, parameters = call
    message = of(parameters, name, identity, error)
    for watch in WATCHES:
        if watch == "many" and (parameters or {}).get("secretIdList"):
            continue  # see above
        check(engines, watch, message)


def endpoint_event(name: str, error: str | None, identity: dict[str, Any] | None = None) -> dict[str, Any]:
    """What CloudTrail writes of a call through a VPC endpoint beside the management event: no parameters.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-network-events-with-cloudtrail.html
    """
    made = of(None, name, identity, error) | {"eventType": "AwsVpceEvent", "eventCategory": "NetworkActivity"}
    for field in ("managementEvent", "readOnly", "requestParameters", "responseElements"):
        made.pop(field, None)
    return made


@pytest.mark.parametrize("watch", WATCHES)
def test_a_read_through_an_endpoint_rings_once_and_one_refused_there_rings(
    engines: dict[str, Engines], watch: str
) -> None:
    name = WATCHES[watch][2][0]
    for identity in (None, *EXCEPTED.values(), *NOT_EXCEPTED.values()):
        for error in (None, "VpceAccessDenied"):
            check(engines, watch, endpoint_event(name, error, identity))
    assert not engines[watch].cloudwatch(endpoint_event(name, None))
    assert engines[watch].cloudwatch(endpoint_event(name, "VpceAccessDenied")) == (watch != "success")


def test_the_secret_that_the_same_apply_creates_is_in_both(instances: Plan) -> None:
    message = of({"secretId": "created"})
    assert any(
        FilterPattern.parse(text).matches_event(message) for text in instances.patterns("watches", "created")
    )
    # Its ARN is not known yet: the rules are there, their patterns come with it.
    rules = [
        address
        for address in instances.resources
        if address.startswith('module.watches.module.realtime["created"].aws_cloudwatch_event_rule')
    ]
    assert len(rules) == 2
