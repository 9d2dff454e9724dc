"""The instances that a state or a plan has, for which policies are made."""

from __future__ import annotations

from typing import Any

import pytest
from operating import ACCOUNT, REGION, actions, triples

from secretwatch.policy.operators import Instance, instances, policy

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
