"""A pager's endpoint as a careful receiver has it: it confirms, and takes nothing that SNS has not signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography.exceptions import InvalidSignature
from deployment import wait_for
from endpoints import Endpoint, signed

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
        wait_for("a confirmation", lambda: pager.asked)
        (confirmation,) = pager.confirm()
        assert confirmation["TopicArn"].endswith(":paging-page")
        sns = boto3.client("sns")
        terraform.run(root, "plan", "-detailed-exitcode")  # any change would be a failure

        cloudwatch = boto3.client("cloudwatch")
        change = {"AlarmName": "paging-secret-read", "StateReason": "tried"}
        cloudwatch.set_alarm_state(**change, StateValue="ALARM")
        found = wait_for("a notification", lambda: [each for each in pager.asked if "ALARM" in each[3]])
        message = signed(found[0][3])
        assert json.loads(message["Message"])["AlarmName"] == "paging-secret-read"
        with pytest.raises(InvalidSignature):
            signed(found[0][3].replace("paging-secret-read", "paging-secret-reaD"))

        pager.status = 500
        sns.publish(TopicArn=confirmation["TopicArn"], Message="not taken")
        sqs = boto3.client("sqs")
        queue = sqs.get_queue_url(QueueName="paging-page--undelivered")["QueueUrl"]
        wait_for("a dead letter", lambda: "not taken" in str(sqs.receive_message(QueueUrl=queue)))
    finally:
        terraform.run(root, "destroy", "-auto-approve")
