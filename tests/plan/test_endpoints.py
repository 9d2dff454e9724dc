"""Endpoints of pagers in a plan: what is subscribed, what writes into their queue, what is not shown."""

from __future__ import annotations

import json

from secretwatch.localstack.sns.topics import check_delivery_policy
from secretwatch.pipeline.endpoints import shown

from .conftest import ACCOUNT, KEY, REGION, Plan

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:wide-page"
PLACE = "module.alerts.aws_sns_topic_subscription.endpoint"


def test_each_is_subscribed_by_its_short_name(instances: Plan) -> None:
    made = instances.of("watches")
    pager, raw = made[f'{PLACE}["page/pager"]'], made[f'{PLACE}["page/raw"]']
    assert {each["protocol"] for each in (pager, raw)} == {"https"}
    assert (pager["raw_message_delivery"], raw["raw_message_delivery"]) == (False, True)
    assert pager["endpoint"] == f"https://events.example.com/x?key={KEY}"


def test_an_address_is_marked_whether_or_not_it_was(instances: Plan) -> None:
    for name in ("pager", "raw"):
        change = instances.raw.resource_changes[f'module.watches.{PLACE}["page/{name}"]']["change"]
        assert change["after_sensitive"]["endpoint"] is True


def test_all_tries_lie_within_an_hour(instances: Plan) -> None:
    text = instances.of("watches")[f'{PLACE}["page/pager"]']["delivery_policy"]
    check_delivery_policy(text, "")
    policy = json.loads(text)["healthyRetryPolicy"]
    least, most = policy["minDelayTarget"], policy["maxDelayTarget"]
    between = policy["numRetries"] - sum(
        policy[f"num{kind}Retries"] for kind in ("NoDelay", "MinDelay", "MaxDelay")
    )
    growing = sum(least * (most / least) ** (n / (between - 1)) for n in range(between))
    others = policy["numMinDelayRetries"] * least + policy["numMaxDelayRetries"] * most
    assert others + growing > 1200
    # However SNS counts those that grow: it refuses a policy of more than an hour.
    assert others + between * most <= 3600


def test_only_its_topic_writes_into_its_queue(instances: Plan) -> None:
    queues = {
        address: values
        for address, values in instances.of("watches").items()
        if address.startswith("module.alerts.aws_sqs_queue")
    }
    (queue,) = queues.values()
    assert queue["name"] == "wide-page--undelivered"
    assert (queue["sqs_managed_sse_enabled"], queue["message_retention_seconds"]) == (True, 14 * 86400)
    (statement,) = json.loads(queue["policy"])["Statement"]
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert statement["Resource"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue['name']}"
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": TOPIC}}


def test_the_longest_name_fits() -> None:
    assert len(f"{'n' * 32}-{'t' * 32}--undelivered") <= 80


def test_people_see_its_host_alone() -> None:
    assert (
        shown("https", f"https://u:p@events.example.com:8443/{KEY}?x") == "https://events.example.com:8443/…"
    )
    assert shown("email", "ops@example.com") == "ops@example.com"
