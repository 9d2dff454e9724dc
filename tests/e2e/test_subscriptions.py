"""Subscriptions: who confirms and ends them, and what filter policies let through."""

from __future__ import annotations

import json
import urllib.request
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest
from deployment import wait_for
from subscribers import REGION, Account, refused


@pytest.fixture
def account(aws: dict[str, str], local_cloud: Any) -> Account:
    return Account(local_cloud)


def follow(url: str) -> int:
    try:
        with urllib.request.urlopen(url) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def link_of(mail: dict[str, Any]) -> str:
    return next(line for line in mail["body"].splitlines() if "/_secretwatch/unsubscribe?" in line)


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
