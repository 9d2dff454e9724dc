"""The fixtures that others' tests get; `held_delivery` has tests of its own."""

from __future__ import annotations

import os

import boto3
import pytest

from secretwatch.local import ACCOUNT_ID


def test_clients_of_a_test_know_no_other_cloud(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    cloud = request.getfixturevalue("secretwatch_aws")
    assert boto3.client("sts").get_caller_identity()["Account"] == ACCOUNT_ID
    assert os.environ["AWS_ENDPOINT_URL"] == cloud.url
