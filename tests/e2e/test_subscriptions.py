"""Topics and subscriptions: what is refused, filter policies, who confirms and ends a subscription."""

from __future__ import annotations

import json
import urllib.request
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import boto3
import botocore
import pytest
from accounts import new_account_id
from botocore.config import Config
from botocore.exceptions import ClientError
from deployment import wait_for

REGION = "us-east-1"


class Account:
    """An account of the test's own with one topic."""

    def __init__(self, local_cloud: Any) -> None:
        self.cloud = local_cloud
        self.id = new_account_id()
        self.sns, self.sqs = self.client("sns"), self.client("sqs")
        self.topic = self.sns.create_topic(Name="topic")["TopicArn"]

    def client(self, service: str, **more: Any) -> Any:
        keys = {"aws_access_key_id": self.id, "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=REGION, **(keys | more))

    @property
    def unsigned(self) -> Any:
        return self.client("sns", config=Config(signature_version=botocore.UNSIGNED))

    def mails(self) -> list[dict[str, Any]]:
        return [mail for mail in self.cloud.inbox() if mail["topic_arn"].split(":")[4] == self.id]

    def subscribe(self, address: str = "ops@example.com", **more: Any) -> str:
        answer = self.sns.subscribe(
            TopicArn=self.topic, Protocol="email", Endpoint=address, ReturnSubscriptionArn=True, **more
        )
        return str(answer["SubscriptionArn"])

    def token(self) -> str:
        """Of the last confirmation mail."""
        url = next(mail["confirm_url"] for mail in reversed(self.mails()) if mail["kind"] == "confirmation")
        return str(url.split("Token=")[1].split("&")[0])

    def attributes(self, arn: str) -> dict[str, str]:
        return dict(self.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"])

    def events(self) -> list[str]:
        found = self.client("cloudtrail").lookup_events()["Events"]
        return [event["EventName"] for event in found]


@pytest.fixture
def account(aws: dict[str, str], local_cloud: Any) -> Account:
    return Account(local_cloud)


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]


def follow(url: str) -> int:
    try:
        with urllib.request.urlopen(url) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def link_of(mail: dict[str, Any]) -> str:
    return next(line for line in mail["body"].splitlines() if "/_secretwatch/unsubscribe?" in line)


# Who confirms, who unsubscribes


def test_a_link_confirms_and_another_unsubscribes_without_any_event(account: Account) -> None:
    arn = account.subscribe()
    confirmation = account.mails()[-1]
    assert follow(confirmation["confirm_url"]) == 200
    attributes = account.attributes(arn)
    assert (attributes["PendingConfirmation"], attributes["ConfirmationWasAuthenticated"]) == (
        "false",
        "false",
    )
    account.sns.publish(TopicArn=account.topic, Message="hello")
    mail = wait_for("the mail", lambda: [each for each in account.mails() if each["kind"] == "notification"])[
        -1
    ]
    other = urlencode({"SubscriptionArn": arn, "Endpoint": "other@example.com"})
    assert follow(f"{link_of(mail).partition('?')[0]}?{other}") == 400
    assert follow(link_of(mail)) == 200
    assert refused(account.sns.get_subscription_attributes, SubscriptionArn=arn)[0] == "NotFound"
    events = wait_for("the events", lambda: "Publish" in account.events() or account.events())
    assert "Subscribe" in account.events()
    assert not {"ConfirmSubscription", "Unsubscribe"} & set(account.events()), events


def test_a_pending_subscription_was_not_authenticated(account: Account) -> None:
    attributes = account.attributes(account.subscribe())
    assert (attributes["PendingConfirmation"], attributes["ConfirmationWasAuthenticated"]) == (
        "true",
        "false",
    )


def test_unsigned_calls_confirm_and_unsubscribe_without_any_event(account: Account) -> None:
    arn = account.subscribe()
    account.unsigned.confirm_subscription(TopicArn=account.topic, Token=account.token())
    assert account.attributes(arn)["ConfirmationWasAuthenticated"] == "false"
    account.unsigned.unsubscribe(SubscriptionArn=arn)
    assert refused(account.sns.get_subscription_attributes, SubscriptionArn=arn)[0] == "NotFound"
    wait_for("an event", lambda: "Subscribe" in account.events())
    assert not {"ConfirmSubscription", "Unsubscribe"} & set(account.events())


def test_authenticate_on_unsubscribe(account: Account) -> None:
    arn = account.subscribe()
    confirm = {"TopicArn": account.topic, "Token": account.token(), "AuthenticateOnUnsubscribe": "true"}
    assert refused(account.unsigned.confirm_subscription, **confirm)[0] == "AuthorizationError"
    account.sns.confirm_subscription(**confirm)
    attributes = account.attributes(arn)
    assert attributes["ConfirmationWasAuthenticated"] == "true"
    assert not [name for name in attributes if "Unsubscribe" in name]
    assert refused(account.unsigned.unsubscribe, SubscriptionArn=arn)[0] == "AuthorizationError"
    account.sns.publish(TopicArn=account.topic, Message="hello")
    mail = wait_for("the mail", lambda: [each for each in account.mails() if each["kind"] == "notification"])[
        -1
    ]
    assert follow(link_of(mail)) == 403
    # The link in the confirmation mail is late: it changes nothing.
    account.unsigned.confirm_subscription(TopicArn=account.topic, Token=confirm["Token"])
    assert account.attributes(arn)["ConfirmationWasAuthenticated"] == "true"
    account.sns.unsubscribe(SubscriptionArn=arn)
    wait_for("both events", lambda: {"ConfirmSubscription", "Unsubscribe"} <= set(account.events()))


def test_a_signed_confirmation_without_it_can_still_be_ended_by_anybody(account: Account) -> None:
    arn = account.subscribe()
    account.sns.confirm_subscription(TopicArn=account.topic, Token=account.token())
    assert account.attributes(arn)["ConfirmationWasAuthenticated"] == "true"
    account.unsigned.unsubscribe(SubscriptionArn=arn)


# Filter policies


def queue(account: Account, **attributes: str) -> Any:
    url = account.sqs.create_queue(QueueName="queue")["QueueUrl"]
    endpoint = f"arn:aws:sqs:{REGION}:{account.id}:queue"
    account.sns.subscribe(TopicArn=account.topic, Protocol="sqs", Endpoint=endpoint, Attributes=attributes)

    def received() -> list[str]:
        got = account.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for each in got:
            account.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(each["Body"])["Message"] for each in got]

    return received


def test_a_filter_policy_on_attributes(account: Account) -> None:
    received = queue(account, FilterPolicy='{"kind": [{"anything-but": ["noise"]}]}')

    def publish(message: str, **attributes: str) -> None:
        values = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        account.sns.publish(TopicArn=account.topic, Message=message, MessageAttributes=values)

    publish("without")
    publish("noise", kind="noise")
    publish("read", kind="read")
    assert wait_for("the message", received) == ["read"]


def test_a_filter_policy_on_the_body_mails_only_what_is_wanted(account: Account) -> None:
    policy = json.dumps({"detail": {"secret": [{"prefix": "prod/"}], "denied": [True]}})
    account.subscribe(Attributes={"FilterPolicy": policy, "FilterPolicyScope": "MessageBody"})
    follow(account.mails()[-1]["confirm_url"])
    wanted = json.dumps({"detail": {"secret": "prod/db", "denied": True}})
    for body in ("hello", json.dumps({"detail": {"secret": "prod/db"}}), wanted):
        account.sns.publish(TopicArn=account.topic, Message=body)
    wait_for("the mail", lambda: [each for each in account.mails() if each["kind"] == "notification"])
    (mail,) = (each for each in account.mails() if each["kind"] == "notification")
    assert mail["body"].startswith(wanted)


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
