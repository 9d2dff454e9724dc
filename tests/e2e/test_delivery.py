"""Nothing recorded is lost or counted twice: when a sink refuses, and when the local cloud is stopped."""

from __future__ import annotations

import gzip
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from deployment import wait_for

from secretwatch import local
from secretwatch.local import process

NAME = "delivered"
SECRET = "read-many-times"
NAMESPACE = "delivery"
TRAIL = f"arn:aws:cloudtrail:{local.REGION}:{local.ACCOUNT_ID}:trail/{NAME}"
BUCKET_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": ["s3:GetBucketAcl", "s3:PutObject"],
            "Resource": [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"],
        }
    ],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
MAY_WRITE_LOGS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
    ],
}


class Account:
    """A local cloud with a secret and a trail that delivers its reads to a bucket and a log group."""

    def __init__(self, cloud: local.LocalCloud) -> None:
        self.cloud = cloud
        self.cloudtrail = self.client("cloudtrail")
        self.cloudwatch = self.client("cloudwatch")
        self.logs = self.client("logs")
        self.s3 = self.client("s3")
        self.client("secretsmanager").create_secret(Name=SECRET, SecretString="not-a-secret")
        iam = self.client("iam")
        role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        iam.put_role_policy(RoleName=NAME, PolicyName="logs", PolicyDocument=json.dumps(MAY_WRITE_LOGS))
        self.s3.create_bucket(Bucket=NAME)
        self.allow_bucket()
        self.create_group()
        self.cloudtrail.create_trail(
            Name=NAME,
            S3BucketName=NAME,
            CloudWatchLogsLogGroupArn=f"arn:aws:logs:{local.REGION}:{local.ACCOUNT_ID}:log-group:{NAME}:*",
            CloudWatchLogsRoleArn=role,
        )
        self.cloudtrail.start_logging(Name=NAME)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=local.REGION,
            endpoint_url=self.cloud.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def allow_bucket(self) -> None:
        self.s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps(BUCKET_POLICY))

    def create_group(self) -> None:
        self.logs.create_log_group(logGroupName=NAME)

    def count_reads(self, metric: str) -> None:
        """From now on, as a metric."""
        self.logs.put_metric_filter(
            logGroupName=NAME,
            filterName=metric,
            filterPattern='{ $.eventName = "GetSecretValue" }',
            metricTransformations=[{"metricNamespace": NAMESPACE, "metricName": metric, "metricValue": "1"}],
        )

    def read(self, times: int) -> set[str]:
        """Read the secret; the requests' ids."""
        client = self.client("secretsmanager")
        return {
            client.get_secret_value(SecretId=SECRET)["ResponseMetadata"]["RequestId"] for _ in range(times)
        }

    def reads_in_s3(self) -> list[str]:
        """Request ids of the reads that lie in the bucket."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=NAME)
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        bodies = [self.s3.get_object(Bucket=NAME, Key=key)["Body"].read() for key in keys]
        return [id_ for body in bodies for id_ in reads_in(json.loads(gzip.decompress(body))["Records"])]

    def reads_in_logs(self) -> list[str]:
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=NAME)
        return reads_in([json.loads(event["message"]) for page in pages for event in page["events"]])

    def status(self) -> dict[str, Any]:
        return dict(self.cloudtrail.get_trail_status(Name=NAME))


def reads_in(records: list[dict[str, Any]]) -> list[str]:
    return [record["requestID"] for record in records if record["eventName"] == "GetSecretValue"]


@pytest.fixture(scope="module")
def state_dir(workdir: Path) -> Path:
    return workdir / "delivering-cloud"


@pytest.fixture(scope="module")
def account(state_dir: Path, repo: Path) -> Iterator[Account]:
    """On a local cloud of its own, since a test stops it; a witness writes down what it held at the end."""
    witness = repo / "benchmarks" / "witness.py"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            process, "_command", lambda state: [sys.executable, str(witness), "recorded", str(state.path)]
        )
        cloud = local.start(state_dir, delivery_interval=0.2, tied=True)
        yield Account(cloud)
        local.stop(state_dir)


def test_a_bucket_that_refused_for_a_while_gets_everything_once(account: Account) -> None:
    before = account.read(3)
    wait_for("the first reads in S3", lambda: before <= set(account.reads_in_s3()))
    account.s3.delete_bucket_policy(Bucket=NAME)
    refused = account.read(5)
    wait_for("a refusal", lambda: account.status().get("LatestDeliveryError") == "AccessDenied")
    wait_for("the reads in the log group", lambda: refused <= set(account.reads_in_logs()))
    assert not refused & set(account.reads_in_s3())
    account.allow_bucket()
    wait_for("the refused reads in S3", lambda: refused <= set(account.reads_in_s3()))
    assert sorted(account.reads_in_s3()) == sorted(account.reads_in_logs())
    assert "LatestDeliveryError" not in account.status()


def test_a_log_group_that_was_missing_for_a_while_gets_everything_once(account: Account) -> None:
    account.logs.delete_log_group(logGroupName=NAME)
    refused = account.read(5)
    error = "LatestCloudWatchLogsDeliveryError"
    wait_for("a refusal", lambda: account.status().get(error) == "ResourceNotFoundException")
    wait_for("the reads in S3", lambda: refused <= set(account.reads_in_s3()))
    account.create_group()
    wait_for("the refused reads in the log group", lambda: refused <= set(account.reads_in_logs()))
    found = account.reads_in_logs()
    assert len(found) == len(set(found))
    assert error not in account.status()


def test_a_trail_that_is_deleted_delivers_first(account: Account) -> None:
    account.cloudtrail.create_trail(Name="short-lived", S3BucketName=NAME, S3KeyPrefix="short-lived")
    account.cloudtrail.start_logging(Name="short-lived")
    read = account.read(5)
    account.cloudtrail.delete_trail(Name="short-lived")
    keys = [
        each["Key"]
        for each in account.s3.list_objects_v2(Bucket=NAME, Prefix="short-lived/AWSLogs/").get("Contents", [])
    ]
    bodies = [account.s3.get_object(Bucket=NAME, Key=key)["Body"].read() for key in keys]
    assert read <= {id_ for body in bodies for id_ in reads_in(json.loads(gzip.decompress(body))["Records"])}
    for key in keys:
        account.s3.delete_object(Bucket=NAME, Key=key)


def test_what_a_deleted_trail_could_not_deliver_is_seen(account: Account) -> None:
    created = account.cloudtrail.create_trail(Name="refused", S3BucketName=NAME, S3KeyPrefix="refused")
    account.cloudtrail.start_logging(Name="refused")
    account.s3.delete_bucket_policy(Bucket=NAME)
    account.read(2)
    account.cloudtrail.delete_trail(Name="refused")
    account.allow_bucket()
    drops = [
        each["reason"] for each in account.cloud.details()["drops"] if each["target"] == created["TrailARN"]
    ]
    assert any("when the trail was deleted" in reason for reason in drops)


def test_a_stop_delivers_every_call_that_was_answered(account: Account, state_dir: Path) -> None:
    """The last test of this file: its cloud is gone after it."""
    last = account.read(1)
    wait_for(
        "all earlier reads",
        lambda: last <= set(account.reads_in_s3()) and last <= set(account.reads_in_logs()),
    )
    earlier = account.reads_in_s3()
    account.count_reads("until-the-stop")
    answered: list[str] = []
    enough = threading.Event()

    def read_until_refused() -> None:
        client = account.client("secretsmanager")
        while True:
            try:
                answer = client.get_secret_value(SecretId=SECRET)
            except (BotoCoreError, ClientError):
                return
            answered.append(answer["ResponseMetadata"]["RequestId"])
            if len(answered) >= 40:
                enough.set()

    readers = [threading.Thread(target=read_until_refused) for _ in range(4)]
    for reader in readers:
        reader.start()
    assert enough.wait(60)
    assert local.stop(state_dir)
    for reader in readers:
        reader.join()

    witness = state_dir / "witness"
    files = sorted((witness / "s3" / NAME).rglob("*.json.gz"))
    in_s3 = [
        id_ for file in files for id_ in reads_in(json.loads(gzip.decompress(file.read_bytes()))["Records"])
    ]
    messages = json.loads((witness / "logs.json").read_text())[NAME]
    in_logs = reads_in([json.loads(message) for message in messages])
    counted = json.loads((witness / "metrics.json").read_text())[f"{NAMESPACE} until-the-stop"]
    assert set(answered) <= set(in_s3)
    assert set(answered) <= set(in_logs)
    assert len(in_s3) == len(set(in_s3))
    # The log group is the one that was made anew.
    assert set(in_logs) <= set(in_s3)
    assert counted == len(in_s3) - len(earlier)
