"""The policies of whoever plans and whoever applies: each call, each feature, each statement."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.policy import Principal, Request, evaluate
from secretwatch.policy.actions import ANY, Where, needs
from secretwatch.policy.grammar import fault
from secretwatch.policy.operators import ALL, MANAGED, Instance, instances, parts, policy, size
from secretwatch.policy.operators.parts import PARTS

ACCOUNT, REGION = "111122223333", "eu-west-1"
APPLIER = Principal.of(f"arn:aws:iam::{ACCOUNT}:role/applier")
BARE = Instance("payments", ACCOUNT, REGION, has=frozenset())
WHOLE = replace(BARE, has=ALL, secret="db")
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

Triple = tuple[str, str, str]


def triples(document: dict[str, Any]) -> set[Triple]:
    """What a policy allows: action, resource and condition."""
    return {
        (action, resource, json.dumps(each.get("Condition")))
        for each in document["Statement"]
        for action in each["Action"]
        for resource in ([each["Resource"]] if isinstance(each["Resource"], str) else each["Resource"])
    }


def actions(document: dict[str, Any]) -> set[str]:
    return {action for action, _, _ in triples(document)}


def seen(kind: str) -> set[tuple[str, str]]:
    return {(service, operation) for service, found in CALLS[kind].items() for operation in found}


def allows(document: dict[str, Any], action: str, resource: str, **context: str) -> bool:
    return evaluate(document, Request(APPLIER, action, resource, context), "identity").allowed


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


# What may be done on any resource of the account, and on those of any name. The rest is on this instance's.
ANYWHERE = {
    "chatbot:CreateMicrosoftTeamsChannelConfiguration",
    "chatbot:CreateSlackChannelConfiguration",
    "chatbot:DescribeSlackChannelConfigurations",
    "chatbot:ListMicrosoftTeamsChannelConfigurations",
    "cloudformation:GetResource",
    "cloudtrail:DescribeTrails",
    "kms:CreateKey",
    "kms:ListAliases",
    "kms:TagResource",
    "organizations:ListAWSServiceAccessForOrganization",
    "secretsmanager:ListSecrets",
    "states:ValidateStateMachineDefinition",
}


def test_what_is_not_held_to_the_instances_names_only_reads_or_is_about_keys() -> None:
    """Existing trails and topics are known of a plan: here they are given."""
    known = replace(WHOLE, existing_trail="main", existing_topics=(f"arn:aws:sns:{REGION}:{ACCOUNT}:theirs",))
    found = triples(policy(known, changes=True))
    assert "kms:CreateGrant" not in {action for action, _, _ in found}
    assert {action for action, resource, _ in found if resource == "*"} == ANYWHERE
    others = {
        (action, resource.split(":", 5)[5])
        for action, resource, _ in found
        if resource != "*" and "payments" not in resource and not resource.endswith("secret:db-??????")
    }
    service_role = "role/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail"
    of_connections = (
        "role/aws-service-role/apidestinations.events.amazonaws.com/"
        "AWSServiceRoleForAmazonEventBridgeApiDestinations"
    )
    assert {(action, of) for action, of in others if not action.startswith("kms:")} == {
        ("cloudwatch:DescribeAlarms", "alarm:*"),
        ("logs:DescribeLogGroups", "log-group:*"),
        ("iam:GetRole", service_role),
        ("iam:CreateServiceLinkedRole", service_role),
        ("iam:CreateServiceLinkedRole", of_connections),
        *(
            (f"cloudtrail:{each}", "trail/main")
            for each in ("Get*Selectors", "GetTrail", "GetTrailStatus", "ListTags")
        ),
        *(
            (f"sns:{each}", "theirs")
            for each in (
                *("GetDataProtectionPolicy", "GetTopicAttributes"),
                *("ListSubscriptionsByTopic", "ListTagsForResource"),
            )
        ),
    }


def test_another_instance_and_another_account_are_out_of_reach() -> None:
    document = policy(replace(WHOLE, has=ALL - {"existing-topics", "existing-trail"}), changes=True)
    for action, own, others in [
        ("cloudtrail:StopLogging", None, f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/payments"),
        ("cloudtrail:DeleteTrail", "trail/payments", f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/orders"),
        ("sns:DeleteTopic", "payments-page", f"arn:aws:sns:{REGION}:{ACCOUNT}:paymentsx"),
        ("sns:DeleteTopic", "payments", f"arn:aws:sns:{REGION}:444455556666:payments"),
        ("iam:PutRolePolicy", f"role/payments-trail-{REGION}", f"arn:aws:iam::{ACCOUNT}:role/admin"),
        (
            "iam:PutRolePolicy",
            f"role/payments-heartbeat-start-{REGION}",
            f"arn:aws:iam::{ACCOUNT}:role/payments-heartbeat-startx-{REGION}",
        ),
        (
            "iam:DeleteRole",
            f"role/payments-witness-{REGION}",
            f"arn:aws:iam::{ACCOUNT}:role/orders-witness-{REGION}",
        ),
        (
            "states:UpdateStateMachine",
            "stateMachine:payments-heartbeat",
            f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:payments-heartbeat2",
        ),
        ("states:StartExecution", None, f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:payments-heartbeat"),
        (
            "events:DeleteConnection",
            "connection/payments-heartbeat/1",
            f"arn:aws:events:{REGION}:{ACCOUNT}:connection/payments-heartbeat2/1",
        ),
        (
            "secretsmanager:DeleteSecret",
            "secret:payments-heartbeat-AbCdEf",
            f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:payments-heartbeat2-AbCdEf",
        ),
        (
            "secretsmanager:GetSecretValue",
            "secret:events!connection/payments-heartbeat/1-AbCdEf",
            f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:payments-heartbeat-AbCdEf",
        ),
        (
            "kms:CreateAlias",
            "alias/payments-self-watch-alerts",
            f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/payments-self-watch",
        ),
        ("s3:DeleteObject", f"payments-{ACCOUNT}-{REGION}/x", "arn:aws:s3:::elsewhere/x"),
        (
            "secretsmanager:GetSecretValue",
            "secret:db-AbCdEf",
            f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db2-AbCdEf",
        ),
    ]:
        assert not allows(document, action, others), others
        if own:
            start = {"s3": "arn:aws:s3:::", "iam": f"arn:aws:iam::{ACCOUNT}:"}
            service = action.split(":")[0]
            assert allows(
                document, action, start.get(service, f"arn:aws:{service}:{REGION}:{ACCOUNT}:") + own
            )


def test_conditions() -> None:
    document = policy(WHOLE, changes=True)
    role, key = (
        f"arn:aws:iam::{ACCOUNT}:role/payments-trail-{REGION}",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1",
    )
    passed = "iam:PassedToService"
    assert allows(document, "iam:PassRole", role, **{passed: "cloudtrail.amazonaws.com"})
    assert not allows(document, "iam:PassRole", role, **{passed: "ec2.amazonaws.com"})
    assert not allows(document, "iam:PassRole", role)
    services = ("cloudtrail", "events", "states")
    for name, to in (("heartbeat", "states"), ("heartbeat-start", "events"), ("witness", "events")):
        handed = f"arn:aws:iam::{ACCOUNT}:role/payments-{name}-{REGION}"
        allowed = {
            each
            for each in services
            if allows(document, "iam:PassRole", handed, **{passed: f"{each}.amazonaws.com"})
        }
        assert allowed == {to}, name
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/apidestinations.events.amazonaws.com/"
    linked += "AWSServiceRoleForAmazonEventBridgeApiDestinations"
    named = "iam:AWSServiceName"
    create = "iam:CreateServiceLinkedRole"
    assert allows(document, create, linked, **{named: "apidestinations.events.amazonaws.com"})
    assert not allows(document, create, linked, **{named: "cloudtrail.amazonaws.com"})
    via = "kms:ViaService"
    assert allows(document, "kms:Decrypt", key, **{via: f"secretsmanager.{REGION}.amazonaws.com"})
    assert not allows(document, "kms:Decrypt", key, **{via: f"s3.{REGION}.amazonaws.com"})
    assert not allows(document, "kms:Decrypt", key)
    in_china = policy(replace(WHOLE, region="cn-north-1", partition="aws-cn"), changes=True)
    key_in_china = f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/1"
    for suffix in ("amazonaws.com", "amazonaws.com.cn"):
        assert allows(in_china, "kms:Decrypt", key_in_china, **{via: f"secretsmanager.cn-north-1.{suffix}"})
    anywhere = policy(replace(WHOLE, region="*"), changes=True)
    assert allows(anywhere, "kms:Decrypt", key, **{via: f"secretsmanager.{REGION}.amazonaws.com"})
    assert not allows(anywhere, "kms:Decrypt", key, **{via: f"s3.{REGION}.amazonaws.com"})


def test_without_a_secret_none_can_be_read() -> None:
    """But what EventBridge keeps for the connection. Reading the heartbeat's own would ring the alarm."""
    document = policy(replace(WHOLE, secret=None, has=ALL), changes=True)
    found: dict[str, set[str]] = {}
    for action, resource, _ in triples(document):
        if action.startswith("secretsmanager:"):
            found.setdefault(resource.rpartition(":")[2], set()).add(action.partition(":")[2])
    tags = {"TagResource", "UntagResource"}
    made = {"CreateSecret", "DeleteSecret", "UpdateSecret"}
    assert found == {
        "*": {"ListSecrets"},
        "payments-heartbeat-??????": made | tags | {"DescribeSecret", "GetResourcePolicy"},
        "events!connection/payments-heartbeat/*": made | {"GetSecretValue", "PutSecretValue"},
    }
    silent = policy(replace(WHOLE, secret=None, has=ALL - {"heartbeat", "ping"}), changes=True)
    assert {each for each in actions(silent) if each.startswith("secretsmanager:")} == {
        "secretsmanager:ListSecrets"
    }


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


# Of Terraform's JSON


def resource(kind: str, **values: Any) -> dict[str, Any]:
    mode, _, name = kind.rpartition(".")
    return {"mode": "data" if mode else "managed", "type": name, "name": "this", "values": values}


def module(
    address: str, *resources: dict[str, Any], children: tuple[dict[str, Any], ...] = ()
) -> dict[str, Any]:
    return {"address": address, "resources": list(resources), "child_modules": list(children)}


def counting(name: str, at: str, group: str = "/aws/cloudtrail/x") -> dict[str, Any]:
    """The watch of an instance."""
    metric = {"namespace": f"secretwatch/{name}", "name": "x"}
    return module(
        f'{at}module.watch["a.module.b"]',
        resource("aws_cloudwatch_log_metric_filter", log_group_name=group, metric_transformation=[metric]),
    )


def place(account: str = ACCOUNT) -> tuple[dict[str, Any], ...]:
    return (
        resource("data.aws_caller_identity", account_id=account),
        resource("data.aws_partition", partition="aws"),
        resource("data.aws_region", id=REGION),
    )


def state(*children: dict[str, Any]) -> dict[str, Any]:
    return {"values": {"root_module": {"child_modules": list(children)}}}


def test_an_instance_of_a_state() -> None:
    at = 'module.all["a.b"].module.watch.'
    inner = module(
        at.removesuffix("."),
        *place(),
        children=(
            counting("payments", at),
            module(
                f"{at}module.trail[0]",
                resource("aws_cloudtrail"),
                resource("aws_s3_bucket", force_destroy=False),
            ),
            module(f"{at}module.alerts", resource("aws_sns_topic", tags_all={}), resource("aws_kms_key")),
            module(f"{at}module.trail[0].module.deal", resource("aws_sqs_queue")),
        ),
    )
    other = module("module.other", resource("aws_sns_topic", tags_all={"a": "b"}), resource("aws_sqs_queue"))
    found = instances(state(other, module('module.all["a.b"]', children=(inner,))))
    assert found == {
        "payments": (
            Instance("payments", ACCOUNT, REGION, has=frozenset({"bucket", "topic-key", "topics", "trail"})),
        )
    }


def test_the_watch_on_the_watch_and_the_heartbeat_of_a_state() -> None:
    at = "module.a."

    def found(*children: dict[str, Any]) -> frozenset[str]:
        made = module("module.a", *place(), children=(counting("payments", at), *children))
        (instance,) = instances(state(made))["payments"]
        return instance.has

    rule, topic = resource("aws_cloudwatch_event_rule"), resource("aws_sns_topic")
    fast = f"{at}module.fast_self_watch[0]"
    own = f'{at}module.fast_topic["self-watch"]'
    beat = f'{at}module.heartbeat["this"]'
    machine = resource("aws_sfn_state_machine")
    assert found(module(fast, rule)) == {"self-watch"}
    assert found(module(fast, rule, resource("aws_iam_role"))) == {"self-watch", "witness"}
    assert found(module(own, topic, resource("aws_kms_key"))) == {"self-watch-topic"}
    subscribed = module(own, topic, resource("aws_sns_topic_subscription"))
    assert found(subscribed) == {"self-watch-topic", "self-watch-subscriptions"}
    assert found(module(beat, machine, rule, resource("aws_iam_role"))) == {"heartbeat"}
    pinging = module(beat, machine, resource("aws_cloudwatch_event_connection"))
    assert found(pinging) == {"heartbeat", "ping"}
    for filter_policy, brought in ((None, set()), ("", set()), ('{"a":[]}', {"filters"})):
        subscription = resource("aws_sns_topic_subscription", filter_policy=filter_policy)
        assert found(module(f"{at}module.alerts", subscription)) == {"subscriptions", *brought}


def test_an_instance_that_is_the_root_module() -> None:
    root = {"resources": list(place()), "child_modules": [counting("bare", "")]}
    found = instances({"values": {"root_module": root}})
    assert found["bare"] == (
        Instance("bare", ACCOUNT, REGION, has=frozenset(), log_group="/aws/cloudtrail/x"),
    )


def test_a_plan_is_what_there_is_and_what_there_will_be() -> None:
    at = "module.a."
    before = module(
        "module.a",
        *place(),
        children=(counting("x-y", at), module(f'{at}module.realtime["k"]', resource("aws_sqs_queue"))),
    )
    after = module(
        "module.a",
        children=(
            counting("x-y", at),
            module(
                f"{at}module.trail[0]",
                resource("aws_cloudtrail", is_organization_trail=True, tags_all={"k": "v"}),
                resource("aws_s3_bucket", force_destroy=True),
            ),
        ),
    )
    document = {"prior_state": state(before), "planned_values": state(after)["values"]}
    will_be, is_now = instances(document)["x-y"]
    assert will_be.has == {"bucket", "emptying", "organization", "tags", "trail"}
    assert is_now.has == {"realtime"}
    assert will_be.account == is_now.account == ACCOUNT
    destroying = {"prior_state": state(before), "planned_values": {"root_module": {}}}
    assert [each.has for each in instances(destroying)["x-y"]] == [{"realtime"}]


def test_what_a_plan_calls_otherwise_is_made_and_goes() -> None:
    at = "module.a."

    def named(name: str, secret: str) -> dict[str, Any]:
        return module(
            "module.a",
            *place(),
            children=(
                counting(name, at),
                module(f"{at}module.secret[0]", resource("aws_secretsmanager_secret", name=secret)),
            ),
        )

    document = {
        "prior_state": state(named("old", "before")),
        "planned_values": state(named("new", "after"))["values"],
    }
    ((name, versions),) = instances(document).items()
    assert name == "new"
    found = triples(policy(*versions, changes=True))
    for action, names in (
        ("secretsmanager:CreateSecret", ("secret:before-", "secret:after-")),
        ("secretsmanager:DeleteSecret", ("secret:before-", "secret:after-")),
        ("cloudwatch:PutMetricAlarm", ("alarm:old-", "alarm:new-")),
        ("cloudwatch:DeleteAlarms", ("alarm:old-", "alarm:new-")),
    ):
        named_in = [resource for each, resource, _ in found if each == action]
        assert all(any(part in resource for resource in named_in) for part in names), (action, named_in)


@pytest.mark.parametrize(
    "root", [{"resources": [{"address": "x"}]}, {"child_modules": [{"x": 1}]}, {"resources": [1]}, 1]
)
def test_what_is_not_terraforms_is_said_to_be(root: Any) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError)):
        instances({"planned_values": {"root_module": root}})


def test_what_a_plan_does_not_know_is_any() -> None:
    at = "module.a."
    made = module(
        "module.a",
        resource("data.aws_caller_identity"),
        children=(
            counting("late", at),
            module(f"{at}module.secret[0]", resource("aws_secretsmanager_secret", name="db")),
            module(f"{at}module.existing_trail[0]", resource("data.aws_cloudcontrolapi_resource")),
            module(
                f'{at}module.existing_topic["a"]',
                resource("data.aws_cloudcontrolapi_resource", identifier="arn:aws:sns:r:1:t"),
            ),
            module(f'{at}module.existing_topic["b"]', resource("data.aws_cloudcontrolapi_resource")),
        ),
    )
    (found,) = instances({"planned_values": state(made)["values"]})["late"]
    assert (found.account, found.region, found.partition) == ("*", "*", "aws")
    assert (found.secret, found.secret_key, found.existing_trail, found.existing_topics) == (
        "db",
        "*",
        "*",
        (),
    )
    assert found.has == {"existing-topics", "existing-trail", "given-secret-key", "secret"}
    topics = {r for a, r, _ in triples(policy(found, changes=False)) if a == "sns:GetTopicAttributes"}
    assert topics == {"arn:aws:sns:*:*:*"}


def test_a_key_that_is_given_is_the_only_one_that_may_be_used() -> None:
    at, key = "module.a.", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/given"
    secret = resource("aws_secretsmanager_secret", name="db", kms_key_id=key)
    given = module(
        "module.a", *place(), children=(counting("a-b", at), module(f"{at}module.secret[0]", secret))
    )
    own = module(
        "module.a",
        *place(),
        children=(counting("a-b", at), module(f"{at}module.secret[0]", secret, resource("aws_kms_key"))),
    )
    document = policy(*instances(state(given))["a-b"], changes=True)
    assert {r for a, r, _ in triples(document) if a == "kms:Decrypt"} == {key}
    assert "kms:Decrypt" not in actions(policy(*instances(state(own))["a-b"], changes=True))


@pytest.mark.parametrize(
    "document", [{}, {"values": None}, {"planned_values": {}}, {"prior_state": None}, state()]
)
def test_nothing_has_no_instances(document: dict[str, Any]) -> None:
    assert instances(document) == {}
