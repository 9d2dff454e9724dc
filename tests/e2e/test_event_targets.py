"""Targets of rules: by which right an event comes to them.

Each test in accounts of its own.
"""

from __future__ import annotations

from typing import Any

import pytest
from deployment import wait_for
from rule_accounts import EVENTS, REGION, Account, refusal
from sinks import allow, document, queue_for_rules


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account()


@pytest.fixture
def other(aws: dict[str, str]) -> Account:
    return Account()


def dropped(local_cloud: Any, target: str) -> str:
    """Why something for the target was dropped, once something was."""

    def newest() -> str | None:
        found = [each["reason"] for each in local_cloud.details()["drops"] if each["target"] == target]
        return found[-1] if found else None

    return str(wait_for("a drop", newest))


@pytest.mark.parametrize(
    "condition", [None, {"ArnLike": {"aws:SourceArn": "arn:aws:events:*"}}, {"Null": {"aws:x": "true"}}]
)
def test_a_topic_takes_no_condition(account: Account, local_cloud: Any, condition: Any) -> None:
    statement = allow("sns:Publish", "*", EVENTS)
    topic, queue = account.topic(statement | ({"Condition": condition} if condition else {}))
    account.rule({"Id": "t", "Arn": topic})
    account.put({"n": 1})
    if condition is None:
        assert account.one(queue)["detail"] == {"n": 1}
    else:
        assert "let through by no statement with a Condition" in dropped(local_cloud, topic)
        assert account.bodies(queue) == []


def test_a_topics_key_takes_no_condition(account: Account, local_cloud: Any) -> None:
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account.id}:root"}}
    root |= {"Action": "kms:*", "Resource": "*"}
    uses = allow(["kms:Decrypt", "kms:GenerateDataKey*"], "*", EVENTS)
    conditioned = uses | {"Condition": {"StringEquals": {"aws:SourceAccount": account.id}}}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document(root, conditioned))
    topic, queue = account.topic(allow("sns:Publish", "*", EVENTS), key=key)
    account.rule({"Id": "t", "Arn": topic})
    account.put({"n": 1})
    assert "no statement with a Condition" in dropped(local_cloud, topic)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document(root, uses))
    account.put({"n": 2})
    assert account.one(queue)["detail"] == {"n": 2}


def test_a_queue_has_to_let_eventbridge_send(account: Account, local_cloud: Any) -> None:
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{account.id}:q"
    rule = account.rule({"Id": "t", "Arn": arn})
    account.put({"n": 1})
    assert dropped(local_cloud, arn).startswith(rule)
    # Unlike a topic, a queue takes conditions.
    policy = document(allow("sqs:SendMessage", arn, EVENTS, equals={"aws:SourceArn": rule}))
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    account.put({"n": 2})
    assert account.one(url)["detail"] == {"n": 2}


@pytest.mark.parametrize("kind", ["sns", "sqs"])
def test_a_role_at_home_delivers_nothing(account: Account, local_cloud: Any, kind: str) -> None:
    if kind == "sns":
        arn, queue = account.topic(allow("sns:Publish", "*", EVENTS))
    else:
        queue, arn = queue_for_rules(account.client("sqs"), "q")
    account.rule({"Id": "t", "Arn": arn, "RoleArn": account.role()})
    account.put({"n": 1})
    assert "RoleArn" in dropped(local_cloud, arn)
    account.client("events").put_targets(Rule="tests", Targets=[{"Id": "t", "Arn": arn}])
    account.put({"n": 2})
    assert account.one(queue)["detail"] == {"n": 2}


def test_a_quotation_mark_in_a_value_breaks_the_message(account: Account, local_cloud: Any) -> None:
    queue, arn = queue_for_rules(account.client("sqs"), "q")
    dead, dead_arn = queue_for_rules(account.client("sqs"), "dead")
    transformer = {"InputPathsMap": {"who": "$.detail.who"}, "InputTemplate": '{"by": "<who>"}'}
    account.rule(
        {"Id": "t", "Arn": arn, "InputTransformer": transformer, "DeadLetterConfig": {"Arn": dead_arn}}
    )
    account.put({"who": 'a "b"'})
    assert "no valid JSON" in dropped(local_cloud, arn)
    assert account.one(dead)["detail"] == {"who": 'a "b"'}
    account.put({"who": "a b"})
    assert account.one(queue) == {"by": "a b"}


def test_a_constant_is_delivered_as_it_is(account: Account) -> None:
    queue, arn = queue_for_rules(account.client("sqs"), "q")
    account.rule({"Id": "t", "Arn": arn, "Input": '{"a":   "<b>"}'})
    account.put({})
    (message,) = wait_for(
        "a message", lambda: account.client("sqs").receive_message(QueueUrl=queue).get("Messages")
    )
    assert message["Body"] == '{"a":   "<b>"}'


@pytest.mark.parametrize("kind", ["sns", "sqs"])
def test_another_accounts_target(account: Account, other: Account, local_cloud: Any, kind: str) -> None:
    """The role has to be allowed by its own policy and by the target's."""
    role = account.role(f"{kind}:*")
    if kind == "sns":
        arn, queue = other.topic()
        sns = other.client("sns")

        def let_in(statement: dict[str, Any]) -> None:
            sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=document(statement))

        action = "sns:Publish"
    else:
        sqs = other.client("sqs")
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{other.id}:q"

        def let_in(statement: dict[str, Any]) -> None:
            sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document(statement)})

        action = "sqs:SendMessage"
    assert refusal({"Arn": arn}, account) == ("ValidationException", f"RoleArn is required for target {arn}.")
    account.client("events").put_targets(Rule="tests", Targets=[{"Id": "t", "Arn": arn, "RoleArn": role}])
    account.put({"n": 1})
    dropped(local_cloud, arn)
    # As for a target at home: this does not help here.
    let_in(allow(action, arn, EVENTS))
    account.put({"n": 2})
    let_in({"Effect": "Allow", "Principal": {"AWS": role}, "Action": action, "Resource": arn})
    account.put({"n": 3})
    assert other.one(queue)["detail"] == {"n": 3}


def with_trail(account: Account) -> None:
    """A trail that logs in all regions: without one no call comes to a rule."""
    s3, cloudtrail, bucket = account.client("s3"), account.client("cloudtrail"), f"trail-of-{account.id}"
    s3.create_bucket(Bucket=bucket)
    arn = f"arn:aws:s3:::{bucket}"
    trail = "cloudtrail.amazonaws.com"
    policy = document(allow("s3:GetBucketAcl", arn, trail), allow("s3:PutObject", f"{arn}/*", trail))
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    cloudtrail.create_trail(Name="trail", S3BucketName=bucket, IsMultiRegionTrail=True)
    cloudtrail.start_logging(Name="trail")


def bus_arn(account: Account, bus: str = "default", region: str = REGION) -> str:
    return f"arn:aws:events:{region}:{account.id}:event-bus/{bus}"


def test_a_bus_of_another_account(account: Account, other: Account) -> None:
    queue, arn = queue_for_rules(other.client("sqs"), "q")
    other.rule({"Id": "t", "Arn": arn})
    role = account.role("events:PutEvents")
    target = {"Arn": bus_arn(other), "RoleArn": role}
    assert refusal({"Arn": bus_arn(other)}, account) == (
        "ValidationException",
        f"RoleArn is required for target {bus_arn(other)}.",
    )
    assert refusal(target, account)[0] == "AccessDeniedException"
    other.client("events").put_permission(StatementId="let", Action="events:PutEvents", Principal=account.id)
    account.client("events").put_targets(Rule="tests", Targets=[{"Id": "t", **target}])
    account.put({"n": 1})
    event = other.one(queue)
    # Where and whose it was stays.
    assert (event["account"], event["region"], event["detail"]) == (account.id, REGION, {"n": 1})


def test_an_organizations_members_are_let_in_by_its_id(account: Account, other: Account) -> None:
    organizations = account.client("organizations")
    organization_id = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    condition = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-another000"}
    target = {"Arn": bus_arn(other), "RoleArn": account.role()}
    permission = {"StatementId": "let", "Action": "events:PutEvents", "Principal": "*"}
    events = other.client("events")
    events.put_permission(**permission, Condition=condition)
    assert refusal(target, account)[0] == "AccessDeniedException"
    events.remove_permission(StatementId="let")
    events.put_permission(**permission, Condition=condition | {"Value": organization_id})
    account.client("events").put_targets(Rule="tests", Targets=[{"Id": "t", **target}])


def test_a_bus_of_another_region_and_no_further(account: Account, local_cloud: Any) -> None:
    """An event crosses one bus."""
    there, third = Account("eu-west-1"), bus_arn(account, "third")
    there.id = account.id
    account.client("events").create_event_bus(Name="third")
    last, last_arn = queue_for_rules(account.client("sqs"), "last")
    account.rule({"Id": "t", "Arn": last_arn}, bus="third")
    queue, arn = queue_for_rules(there.client("sqs"), "q")
    role = account.role()
    there.rule({"Id": "t", "Arn": arn}, {"Id": "on", "Arn": third, "RoleArn": role})
    account.rule({"Id": "t", "Arn": bus_arn(account, region="eu-west-1"), "RoleArn": role})
    account.put({"n": 1})
    event = there.one(queue)
    assert (event["region"], event["detail"]) == (REGION, {"n": 1})
    assert "came from another bus" in dropped(local_cloud, third)
    # What begins there crosses one bus, too.
    there.put({"n": 2})
    assert account.one(last)["detail"] == {"n": 2}


def test_events_of_global_services_and_where_they_go(account: Account, other: Account) -> None:
    """IAM's come to us-east-1 alone, wherever the call was sent; from there rules send them on."""
    with_trail(account)
    there = Account("eu-west-1")
    there.id = account.id
    queue, arn = queue_for_rules(there.client("sqs"), "q")
    afar, afar_arn = queue_for_rules(other.client("sqs"), "q")
    role = account.role("events:PutEvents")
    pattern = {"source": ["aws.iam"], "detail": {"eventName": ["CreateUser"]}}
    there.rule({"Id": "t", "Arn": arn}, pattern=pattern)
    other.rule({"Id": "t", "Arn": afar_arn}, pattern=pattern)
    other.client("events").put_permission(StatementId="let", Action="events:PutEvents", Principal=account.id)
    there.client("iam").create_user(UserName="before")
    buses = [bus_arn(account, region="eu-west-1"), bus_arn(other)]
    account.rule(
        *({"Id": str(n), "Arn": bus, "RoleArn": role} for n, bus in enumerate(buses)), pattern=pattern
    )
    there.client("iam").create_user(UserName="after")
    for event in (there.one(queue), other.one(afar)):
        assert event["detail"]["requestParameters"] == {"userName": "after"}
        assert event["detail"]["awsRegion"] == event["region"] == "us-east-1"
        assert (event["account"], event["source"]) == (account.id, "aws.iam")
        assert event["time"] == event["detail"]["eventTime"]


def test_a_role_that_may_not_put_events_in_another_region(account: Account, local_cloud: Any) -> None:
    target = bus_arn(account, region="eu-west-1")
    assert refusal({"Arn": target}, account) == (
        "ValidationException",
        f"RoleArn is required for target {target}.",
    )
    role = account.role("events:PutRule")
    account.client("events").put_targets(Rule="tests", Targets=[{"Id": "t", "Arn": target, "RoleArn": role}])
    account.put({"n": 1})
    assert "events:PutEvents" in dropped(local_cloud, target)


def test_the_role_of_a_bus_has_to_be_eventbridges(account: Account, local_cloud: Any) -> None:
    account.client("events").create_event_bus(Name="second")
    target = bus_arn(account, "second")
    account.rule({"Id": "t", "Arn": target, "RoleArn": account.role(trusted="ec2.amazonaws.com")})
    account.put({"n": 1})
    assert "sts:AssumeRole" in dropped(local_cloud, target)
