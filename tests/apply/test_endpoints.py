"""A pager's endpoint as a careful receiver has it: it confirms, and takes nothing that SNS has not signed."""

from __future__ import annotations

import base64
import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from deployment import wait_for
from endpoints import Endpoint

pytestmark = pytest.mark.later

ROOT = """
variable "url" {
  sensitive = true
  type      = string
}

module "secretwatch" {
  source = "../"

  name       = "paging"
  secrets    = ["db"]
  self_watch = { fast = false }
  topics     = { page = { endpoints = { pager = { url = var.url } } } }
  trail      = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
}
"""
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}


def checked(text: str) -> dict[str, Any]:
    """The message. Raises InvalidSignature where SNS has not signed it.

    https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
    On AWS the certificate has an https address of amazonaws.com. Here it is the local cloud's, whose name no
    name server knows.
    """
    message: dict[str, Any] = json.loads(text)
    certificate = f"{os.environ['AWS_ENDPOINT_URL']}{urlsplit(message['SigningCertURL']).path}"
    with urllib.request.urlopen(certificate) as answer:
        key = x509.load_pem_x509_certificate(answer.read()).public_key()
    names = [name for name in SIGNED[message["Type"]] if name in message]
    signed = "".join(f"{name}\n{message[name]}\n" for name in names)
    algorithm = hashes.SHA256() if message["SignatureVersion"] == "2" else hashes.SHA1()
    key.verify(base64.b64decode(message["Signature"]), signed.encode(), padding.PKCS1v15(), algorithm)  # type: ignore[union-attr,call-arg,arg-type]
    return message


@pytest.fixture
def pager(tmp_path: Path) -> Iterator[Endpoint]:
    endpoint = Endpoint(tmp_path)
    yield endpoint
    endpoint.close()


def test_a_pager_confirms_is_told_and_what_it_does_not_take_waits(
    terraform: Any, aws: dict[str, str], pager: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{pager.url}/integration/hunter2"
    monkeypatch.setenv("TF_VAR_url", url)
    root = terraform.new_root("endpoints", ROOT)
    said = terraform.run(root, "apply", "-auto-approve")
    try:
        assert "hunter2" not in said
        confirmation = checked(wait_for("a confirmation", lambda: pager.asked and pager.asked[0])[3])
        assert confirmation["TopicArn"].endswith(":paging-page")
        sns = boto3.client("sns")
        sns.confirm_subscription(TopicArn=confirmation["TopicArn"], Token=confirmation["Token"])
        terraform.run(root, "plan", "-detailed-exitcode")  # any change would be a failure

        cloudwatch = boto3.client("cloudwatch")
        change = {"AlarmName": "paging-secret-read", "StateReason": "tried"}
        cloudwatch.set_alarm_state(**change, StateValue="ALARM")
        found = wait_for("a notification", lambda: [each for each in pager.asked if "ALARM" in each[3]])
        message = checked(found[0][3])
        assert json.loads(message["Message"])["AlarmName"] == "paging-secret-read"
        with pytest.raises(InvalidSignature):
            checked(found[0][3].replace("paging-secret-read", "paging-secret-reaD"))

        pager.status = 500
        sns.publish(TopicArn=confirmation["TopicArn"], Message="not taken")
        sqs = boto3.client("sqs")
        queue = sqs.get_queue_url(QueueName="paging-page--undelivered")["QueueUrl"]
        wait_for("a dead letter", lambda: "not taken" in str(sqs.receive_message(QueueUrl=queue)))
    finally:
        terraform.run(root, "destroy", "-auto-approve")
