"""Accounts with a topic, and who is subscribed to it."""

from __future__ import annotations

from typing import Any

import boto3
import botocore
import pytest
from accounts import new_account_id
from botocore.config import Config
from botocore.exceptions import ClientError

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


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]
