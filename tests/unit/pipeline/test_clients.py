"""Clients of `Aws`."""

from __future__ import annotations

import boto3

from secretwatch.pipeline.aws import Aws


def test_they_know_mute_rules_with_an_old_botocore_too() -> None:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="y")
    assert hasattr(Aws(session, "us-east-1").client("cloudwatch"), "list_alarm_mute_rules")
