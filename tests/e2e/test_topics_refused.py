"""Topics, subscriptions and messages that SNS refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from subscribers import Account, refused


@pytest.fixture
def account(aws: dict[str, str], local_cloud: Any) -> Account:
    return Account(local_cloud)


# What is refused

SUBSCRIPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "an address": ({"Endpoint": "nobody"}, "Invalid parameter: Email address"),
    "a protocol": (
        {"Protocol": "pager"},
        "Invalid parameter: Amazon SNS does not support this protocol string: pager",
    ),
    "http by https": (
        {"Protocol": "https", "Endpoint": "http://example.com"},
        "Invalid parameter: Endpoint must match the specified protocol",
    ),
    "a queue": ({"Protocol": "sqs", "Endpoint": "queue"}, "Invalid parameter: SQS endpoint ARN"),
    "a topic as queue": (
        {"Protocol": "sqs", "Endpoint": "arn:aws:sns:us-east-1:111122223333:topic"},
        "Invalid parameter: SQS endpoint ARN",
    ),
    "a function": ({"Protocol": "lambda", "Endpoint": "f"}, "Invalid parameter: Lambda endpoint ARN"),
    "raw mail": (
        {"Attributes": {"RawMessageDelivery": "false"}},
        "Invalid parameter: Attributes Reason: Delivery protocol [email] does not support raw message "
        "delivery.",
    ),
    "retries of mails": (
        {"Attributes": {"DeliveryPolicy": "{}"}},
        "Invalid parameter: Attributes Reason: Delivery protocol [email] does not support delivery policies.",
    ),
    "retries without delay": (
        {
            "Protocol": "https",
            "Endpoint": "https://example.com",
            "Attributes": {"DeliveryPolicy": '{"healthyRetryPolicy": {"minDelayTarget": 0}}'},
        },
        "Invalid parameter: Attributes Reason: DeliveryPolicy: healthyRetryPolicy.minDelayTarget must be "
        "greater than or equal to 1",
    ),
    "a dead letter queue": (
        {"Attributes": {"RedrivePolicy": '{"deadLetterTargetArn": "arn:aws:sns:us-east-1:1:topic"}'}},
        "Invalid parameter: Attributes Reason: RedrivePolicy: deadLetterTargetArn is an invalid arn",
    ),
    "an attribute": (
        {"Attributes": {"Colour": "red"}},
        "Invalid parameter: Attributes Reason: AttributeName",
    ),
    "a scope": (
        {"Attributes": {"FilterPolicyScope": "Subject"}},
        "Invalid parameter: Attributes Reason: FilterPolicyScope: Invalid value [Subject]. "
        "Please use either MessageBody or MessageAttributes",
    ),
    "a filter policy": (
        {"Attributes": {"FilterPolicy": '{"a": []}'}},
        "Invalid parameter: Attributes Reason: FilterPolicy: Empty arrays are not allowed",
    ),
    "a nested filter policy": (
        {"Attributes": {"FilterPolicy": '{"a": {"b": ["x"]}}'}},
        "Invalid parameter: Attributes Reason: Filter policy scope MessageAttributes does not support nested "
        "filter policy",
    ),
    "a filter policy that is no JSON": (
        {"Attributes": {"FilterPolicy": "{"}},
        "Invalid parameter: Attributes Reason: FilterPolicy: failed to parse JSON.",
    ),
}


@pytest.mark.parametrize("wrong", SUBSCRIPTIONS)
def test_subscriptions_that_are_refused(account: Account, wrong: str) -> None:
    changes, words = SUBSCRIPTIONS[wrong]
    put = {"TopicArn": account.topic, "Protocol": "email", "Endpoint": "ops@example.com"} | changes
    assert refused(account.sns.subscribe, **put) == ("InvalidParameter", words)
    assert account.sns.list_subscriptions()["Subscriptions"] == []


def test_attributes_that_are_refused_later(account: Account) -> None:
    arn = account.subscribe()

    def set_to(name: str, value: str) -> tuple[str, str]:
        return refused(
            account.sns.set_subscription_attributes,
            SubscriptionArn=arn,
            AttributeName=name,
            AttributeValue=value,
        )

    wrong = '{"a": [{"numeric": ["=", "1"]}]}'
    assert set_to("FilterPolicy", wrong)[1] == (
        "Invalid parameter: FilterPolicy: Value of equals must be numeric"
    )
    assert set_to("RawMessageDelivery", "true")[1].endswith("does not support raw message delivery.")
    assert "FilterPolicy" not in account.attributes(arn)


def test_an_ordered_topic_takes_queues_only(account: Account) -> None:
    arn = account.sns.create_topic(Name="topic.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    put = {"TopicArn": arn, "Protocol": "email", "Endpoint": "ops@example.com"}
    said = "Invalid parameter: Invalid protocol type: email"
    assert refused(account.sns.subscribe, **put) == ("InvalidParameter", said)


OF_BUCKETS = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}'


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"Policy": "{"}, "Policy Error: null"),
        (
            {"Policy": OF_BUCKETS},
            "Policy statement action out of service scope!",
        ),
        ({"Colour": "red"}, "Unknown attribute Colour"),
        ({"DisplayName": "other"}, "Topic already exists with different attributes"),
        ({"KmsMasterKeyId": "alias/aws/sns"}, "Topic already exists with different attributes"),
        (
            {"SQSSuccessFeedbackSampleRate": "500"},
            "SQSSuccessFeedbackSampleRate: 500 value provided is not an integer between 0-100",
        ),
        (
            {"DeliveryPolicy": '{"http": {"defaultHealthyRetryPolicy": {"numRetries": 300}}}'},
            "DeliveryPolicy: http.defaultHealthyRetryPolicy.numRetries must be less than or equal to 100",
        ),
    ],
)
def test_attributes_of_new_topics(account: Account, attributes: dict[str, str], words: str) -> None:
    account.sns.set_topic_attributes(
        TopicArn=account.topic, AttributeName="DisplayName", AttributeValue="mine"
    )
    assert account.sns.create_topic(Name="topic")["TopicArn"] == account.topic
    assert (
        account.sns.create_topic(Name="topic", Attributes={"DisplayName": "mine"})["TopicArn"]
        == account.topic
    )
    found = refused(account.sns.create_topic, Name="topic", Attributes=attributes)
    assert found == ("InvalidParameter", f"Invalid parameter: Attributes Reason: {words}")


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("a b", {}),
        ("n" * 257, {}),
        ("topic.fifo", {}),
        ("topic", {"FifoTopic": "true"}),
        (f"{'n' * 252}.fifo", {"FifoTopic": "true"}),
    ],
)
def test_names_of_topics(account: Account, name: str, attributes: dict[str, str]) -> None:
    found = refused(account.sns.create_topic, Name=name, Attributes=attributes)
    assert found == ("InvalidParameter", "Invalid parameter: Topic Name")


def statement(action: Any) -> str:
    principal = {"AWS": "*"}
    one = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [one]})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("Policy", "{", "Policy Error: null"),
        ("Policy", '{"Statement": [{}]}', "Policy Error: null"),
        ("Policy", statement("sns:Publish") + " " * 30720, "Policy Error: null"),
        ("Policy", statement("sqs:SendMessage"), "Policy statement action out of service scope!"),
        (
            "Policy",
            statement(["sns:Publish", "sns:CreateTopic"]),
            "Policy statement action out of service scope!",
        ),
        ("Colour", "red", "AttributeName"),
        ("FifoTopic", "true", "AttributeName"),
        ("DisplayName", "d" * 101, "DisplayName"),
        ("SignatureVersion", "3", "SignatureVersion"),
        ("DeliveryPolicy", "x", "DeliveryPolicy: failed to parse JSON."),
    ],
)
def test_attributes_of_topics_that_are_refused(account: Account, name: str, value: str, words: str) -> None:
    found = refused(
        account.sns.set_topic_attributes,
        TopicArn=account.topic,
        AttributeName=name,
        AttributeValue=value,
    )
    assert found == ("InvalidParameter", f"Invalid parameter: {words}")


def test_policies_of_topics_that_are_taken(account: Account) -> None:
    for action in ("SNS:Publish", "sns:*", ["sns:GetTopicAttributes", "sns:Receive", "SNS:List*"], "*"):
        account.sns.set_topic_attributes(
            TopicArn=account.topic, AttributeName="Policy", AttributeValue=statement(action)
        )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Subject": "s" * 101}, "Invalid parameter: Subject"),
        ({"Subject": "two\nlines"}, "Invalid parameter: Subject"),
        ({"Subject": ""}, "Invalid parameter: Subject"),
        ({"Message": "m" * (256 * 1024 + 1)}, "Invalid parameter: Message too long"),
        ({"Message": ""}, "Invalid parameter: Empty message"),
    ],
)
def test_messages_that_are_refused(account: Account, changes: dict[str, str], words: str) -> None:
    put = {"TopicArn": account.topic, "Message": "m"} | changes
    assert refused(account.sns.publish, **put) == ("InvalidParameter", words)


def test_the_longest_message_and_subject_are_taken(account: Account) -> None:
    account.sns.publish(TopicArn=account.topic, Message="m" * 256 * 1024, Subject="ü" * 100)
    missing = {"TopicArn": f"{account.topic}-none", "Message": "m"}
    assert refused(account.sns.publish, **missing) == ("NotFound", "Topic does not exist")
