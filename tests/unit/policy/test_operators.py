"""The policies of whoever plans and whoever applies: each call, each feature, each statement."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from operating import ACCOUNT, APPLIER, BARE, REGION, WHOLE, Triple, actions, triples

from secretwatch.policy import Request, evaluate
from secretwatch.policy.actions import ANY, Where, needs
from secretwatch.policy.grammar import fault
from secretwatch.policy.operators import ALL, MANAGED, Instance, parts, policy, size
from secretwatch.policy.operators.parts import PARTS

CALLS = json.loads((Path(__file__).parents[3] / "scripts/calls.json").read_text())
KINDS = {"plan": False, "apply": True}

# Calls that no run on the local cloud makes: what AWS or a newer provider brings about, what mends a change
# that somebody made by hand, and what AWS's services ask for in the caller's name.
NOT_SEEN = {
    ("cloudtrail", "GetEventSelectors"),
    ("cloudtrail", "GetInsightSelectors"),
    ("cloudtrail", "UpdateTrail"),
    ("events", "UpdateConnection"),
    ("iam", "CreatePolicyVersion"),
    ("iam", "DeletePolicyVersion"),
    ("iam", "UpdateAssumeRolePolicy"),
    ("iam", "UpdateRoleDescription"),
    ("kms", "Decrypt"),
    ("kms", "EnableKey"),
    ("kms", "Encrypt"),
    ("kms", "GenerateDataKey"),
    ("kms", "PutKeyPolicy"),
    ("kms", "UpdateAlias"),
    ("kms", "UpdateKeyDescription"),
    ("logs", "AssociateKmsKey"),
    ("s3", "DeleteBucketTagging"),
    ("s3control", "ListTagsForResource"),
    ("s3control", "TagResource"),
    ("s3control", "UntagResource"),
    ("secretsmanager", "UpdateSecretVersionStage"),
    ("sqs", "SetQueueAttributes"),
}
NEEDS_NOTHING = {("sts", "GetCallerIdentity")}


def seen(kind: str) -> set[tuple[str, str]]:
    return {(service, operation) for service, found in CALLS[kind].items() for operation in found}


def test_every_call_of_the_module_is_of_a_part_and_every_part_has_its_calls() -> None:
    listed = {
        (part.service, operation)
        for part in PARTS
        for operation in f"{part.reads} {part.changes} {part.tags}".split()
    }
    assert seen("deploy") | seen("change") == listed - NOT_SEEN | NEEDS_NOTHING
    assert listed >= NOT_SEEN


@pytest.mark.parametrize("kind", KINDS)
def test_what_only_reads_is_for_who_plans(kind: str) -> None:
    document = policy(WHOLE, changes=KINDS[kind])
    writing = {
        each
        for each in actions(document)
        if not re.match(r"[a-z0-9]+:(Describe|Get|List|Validate)", each) and each != "kms:Decrypt"
    }
    assert bool(writing) is KINDS[kind]


def test_who_applies_may_all_that_who_plans_may() -> None:
    assert triples(policy(WHOLE, changes=False)) < triples(policy(WHOLE, changes=True))


# Feature: what the policy of whoever applies allows with it and not without, by patterns of actions.
BRINGS: dict[str, set[str]] = {
    "bucket": {"s3:*"},
    "chat": {"chatbot:*", "iam:*"},
    "details": {"events:*Rule", "events:*Targets", "events:ListT*", "iam:*", "states:*"},
    "emptying": {"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucketVersions"},
    "existing-topics": {"cloudformation:GetResource", "sns:Get*", "sns:List*"},
    "dashboard": {f"cloudwatch:{each}" for each in ("DeleteDashboards", "GetDashboard", "PutDashboard")},
    "endpoints": {"sns:SetSubscriptionAttributes", "sqs:*"},
    "existing-trail": {
        "cloudformation:GetResource",
        "cloudtrail:Get*",
        "cloudtrail:ListTags",
        "logs:ListTagsForResource",
    },
    "expiration": {"s3:PutLifecycleConfiguration"},
    "filters": {"sns:SetSubscriptionAttributes"},
    "given-secret-key": {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"},
    "heartbeat": {
        *("events:*Rule", "events:*Targets", "events:ListT*", "iam:*", "states:*"),
        *(f"secretsmanager:{each}" for each in ("CreateSecret", "DeleteSecret", "DescribeSecret")),
        *(f"secretsmanager:{each}" for each in ("GetResourcePolicy", "UpdateSecret")),
    },
    "look-up": {"secretsmanager:ListSecrets"},
    "notifications": {"sns:*"},
    "organization": {"cloudtrail:*Trail", "iam:*Role", "organizations:ListAWSServiceAccessForOrganization"},
    "ping": {
        *("events:*Connection", "iam:CreateServiceLinkedRole"),
        *(f"secretsmanager:{each}Secret" for each in ("Create", "Delete", "Update")),
        *("secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"),
    },
    "realtime": {"events:*", "sqs:*"},
    "secret": {"secretsmanager:*"},
    "secret-key": {"kms:*"},
    "secret-value": {
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    },
    "self-watch": {"events:*"},
    "self-watch-subscriptions": {"sns:GetSubscriptionAttributes", "sns:Subscribe", "sns:Unsubscribe"},
    "self-watch-topic": {"kms:*", "sns:*"},
    "subscriptions": {"sns:GetSubscriptionAttributes", "sns:Subscribe", "sns:Unsubscribe"},
    "tags": {"cloudwatch:TagResource", "cloudwatch:UntagResource"},
    "topic-key": {"kms:*"},
    "topics": {"sns:*"},
    "trail": {"cloudtrail:*", "iam:*", "logs:*"},
    "trail-key": {"kms:*"},
    "witness": {"events:PutTargets", "iam:*"},
}


def test_every_feature_is_in_the_table() -> None:
    assert BRINGS.keys() == ALL


@pytest.mark.parametrize("feature", sorted(ALL))
@pytest.mark.parametrize("kind", KINDS)
def test_a_feature_brings_what_it_needs_and_nothing_else(kind: str, feature: str) -> None:
    without = replace(BARE, secret="db")
    bare = triples(policy(without, changes=KINDS[kind]))
    found = triples(policy(replace(without, has=frozenset({feature})), changes=KINDS[kind]))
    assert bare <= found
    brought = {action for action, _, _ in found - bare}
    patterns = BRINGS[feature]
    assert all(any(fnmatchcase(action, pattern) for pattern in patterns) for action in brought), brought
    if kind == "apply":
        assert all(any(fnmatchcase(action, pattern) for action in brought) for pattern in patterns), brought
    # Each brings the same whatever else there is, but what another one has brought already.
    whole = triples(policy(WHOLE, changes=KINDS[kind]))
    assert {(action, condition) for action, _, condition in found} <= {(a, c) for a, _, c in _long(whole)}


def _long(found: set[Triple]) -> set[Triple]:
    """With what patterns of actions stand for, which are there where several actions are."""
    every = {
        action
        for feature in ALL
        for action in actions(policy(replace(WHOLE, has=frozenset({feature})), changes=True))
    }
    return found | {
        (each, resource, condition)
        for action, resource, condition in found
        for each in every
        if fnmatchcase(each, action)
    }


def test_tags_of_everything_may_be_changed_where_there_are_tags() -> None:
    tagged, bare = WHOLE, replace(WHOLE, has=ALL - {"tags"})
    brought = actions(policy(tagged, changes=True)) - actions(policy(bare, changes=True))
    services = {action.split(":")[0] for action in brought}
    assert services == {
        *(
            "chatbot",
            "cloudtrail",
            "cloudwatch",
            "events",
            "iam",
            "kms",
            "logs",
            "s3",
            "secretsmanager",
            "sns",
            "sqs",
        ),
        "states",
    }
    assert all("tag" in action.lower() for action in brought)
    assert triples(policy(tagged, changes=False)) == triples(policy(bare, changes=False))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("features", ["", *sorted(ALL), " ".join(sorted(ALL))])
def test_no_statement_is_there_in_vain(kind: str, features: str) -> None:
    instance = replace(WHOLE, has=frozenset(features.split()))
    document = policy(instance, changes=KINDS[kind])
    asked = [
        Request(APPLIER, action, resource.replace("??????", "AbCdEf").replace("*", "x"), _context(condition))
        for action, resource, condition in triples(document)
        if "*" not in action
    ] + [Request(APPLIER, action.replace("*", "x"), "*") for action in actions(document) if "*" in action]
    everything = [each for each in asked if evaluate(document, each, "identity").allowed]
    for statement in document["Statement"]:
        rest = {**document, "Statement": [each for each in document["Statement"] if each is not statement]}
        if rest["Statement"]:
            assert not all(evaluate(rest, each, "identity").allowed for each in everything), statement["Sid"]


def _context(condition: str) -> dict[str, str]:
    found = json.loads(condition) or {}
    return {key: value.replace("*", "x") for keys in found.values() for key, value in keys.items()}


@pytest.mark.parametrize("kind", ["deploy", "change"])
def test_every_call_may_be_made_by_who_applies(kind: str) -> None:
    """By what the table of permissions says of each, on this instance's resources."""
    document = policy(WHOLE, changes=True)
    where = Where("aws", REGION, ACCOUNT)
    for service, operation in seen(kind):
        for need in needs(service, operation, {}, where):
            assert any(fnmatchcase(need.action, each) for each in actions(document)), (service, operation)
            assert need.resource != ANY


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
    ],
)
def test_partitions(region: str, partition: str) -> None:
    document = policy(replace(WHOLE, region=region, partition=partition), changes=True)
    for _, resource, _ in triples(document):
        assert resource == "*" or resource.startswith(f"arn:{partition}:")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("instance", [BARE, WHOLE, Instance("any")], ids=["bare", "whole", "any"])
def test_they_are_policies(kind: str, instance: Instance) -> None:
    document = policy(instance, changes=KINDS[kind])
    assert fault(document, "identity") is None
    found = [each["Sid"] for each in document["Statement"]]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch("[A-Za-z0-9]+", each) for each in found)


def test_they_fit_into_a_managed_policy() -> None:
    """With the longest name what most have; with a name as most are, also a heartbeat or details."""
    longest = replace(
        WHOLE, name="a23456789-b23456789-c23456789-d2", region="us-gov-west-1", secret="x" * 100
    )
    longest = replace(longest, partition="aws-us-gov", has=ALL - {"existing-trail", "organization"})
    assert size(policy(longest, changes=False)) <= MANAGED
    own = {"emptying", "existing-topics", "existing-trail", "notifications", "organization", "tags"}
    own |= {"chat", "filters", "ping", "witness"}
    assert size(policy(replace(longest, has=ALL - own - {"details", "heartbeat"}), changes=True)) <= MANAGED
    usual = replace(WHOLE, name="secretwatch")
    for one in ("details", "heartbeat"):
        assert size(policy(replace(usual, has=ALL - own - {one}), changes=True)) <= MANAGED
    assert size({"a": "b c"}) == len('{"a":"bc"}')


LONGEST = replace(WHOLE, name="a23456789-b23456789-c23456789-d2", region="ap-southeast-1")


@pytest.mark.parametrize("secret", ["db", "x" * 512])
def test_all_that_there_can_be_is_two_managed_policies_or_three(secret: str) -> None:
    """With the longest names; a role takes ten. In GovCloud there are neither chats nor pings."""
    there = replace(LONGEST, region="us-gov-west-1", partition="aws-us-gov")
    assert there.has == ALL - {"chat"}
    for longest in (LONGEST, replace(there, has=there.has - {"filters", "ping"})):
        whole = policy(replace(longest, secret=secret), changes=True)
        found = parts(whole)
        assert len(found) <= (2 if secret == "db" else 3)
        assert all(size(each) <= MANAGED and fault(each, "identity") is None for each in found)
        assert set().union(*map(triples, found)) == triples(whole)


@given(st.sets(st.sampled_from(sorted(ALL))), st.integers(600, 12_000))
def test_parts_lose_nothing_and_add_nothing(has: set[str], most: int) -> None:
    whole = policy(replace(WHOLE, has=frozenset(has)), changes=True)
    found = parts(whole, most)
    assert most < size(whole) or list(found) == [whole]
    assert sorted(map(str, (each for part in found for each in part["Statement"]))) == sorted(
        map(str, whole["Statement"])
    )
    assert all(size(each) <= most or len(each["Statement"]) == 1 for each in found)
    assert all(each["Version"] == whole["Version"] for each in found)
