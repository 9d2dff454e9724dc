"""The real AWS CLI validates the local cloud's evidence, and sees when somebody tampered with it."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from deployment import wait_for

from secretwatch import local

ELSEWHERE = "eu-west-1"
_numbers = itertools.count()


@pytest.fixture(scope="module")
def signing_cloud(workdir: Path) -> Iterator[local.LocalCloud]:
    """A local cloud of its own, since nobody waits an hour for a digest."""
    state_dir = workdir / "signing-cloud"
    cloud = local.start(state_dir, delivery_interval=0.2, digest_interval=1, tied=True)
    yield cloud
    local.stop(state_dir)


class Evidence:
    """A trail that validates its log files, and its bucket."""

    def __init__(self, cloud: local.LocalCloud, *, multi_region: bool) -> None:
        self.cloud = cloud
        self.name = f"evidence-{next(_numbers)}"
        self.cloudtrail = self.client("cloudtrail")
        self.s3 = self.client("s3")
        self.start = datetime.now(UTC)
        arn = f"arn:aws:cloudtrail:{local.REGION}:{local.ACCOUNT_ID}:trail/{self.name}"
        self.s3.create_bucket(Bucket=self.name)
        self.s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps(bucket_policy(self.name, arn)))
        self.arn = self.cloudtrail.create_trail(
            Name=self.name,
            S3BucketName=self.name,
            S3KeyPrefix="kept",
            IsMultiRegionTrail=multi_region,
            EnableLogFileValidation=True,
        )["TrailARN"]
        self.cloudtrail.start_logging(Name=self.name)

    def client(self, service: str, region: str = local.REGION) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.cloud.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def keys(self, kind: str, region: str = local.REGION) -> list[str]:
        """Keys of ``CloudTrail`` or ``CloudTrail-Digest`` files, oldest first."""
        prefix = f"kept/AWSLogs/{local.ACCOUNT_ID}/{kind}/{region}/"
        found = self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])
        return sorted(each["Key"] for each in found)

    def content(self, key: str) -> bytes:
        return gzip.decompress(self.s3.get_object(Bucket=self.name, Key=key)["Body"].read())

    def signed_log_files(self, region: str = local.REGION) -> list[str]:
        """Keys of the log files that a digest names."""
        digests = [json.loads(self.content(key)) for key in self.keys("CloudTrail-Digest", region)]
        return [file["s3Object"] for digest in digests for file in digest["logFiles"]]

    def await_digests(self, region: str = local.REGION) -> list[str]:
        """Three digests, the last of which names the log file of a call that is made now; their keys."""
        self.client("secretsmanager", region).list_secrets()
        wait_for("three digests", lambda: len(self.keys("CloudTrail-Digest", region)) >= 3)
        wait_for("a signed log file", lambda: self.signed_log_files(region))
        return self.keys("CloudTrail-Digest", region)

    def validate(self, region: str = local.REGION) -> tuple[int, str]:
        """What `aws cloudtrail validate-logs` says, and its exit code."""
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("aws")),
                *("cloudtrail", "validate-logs", "--verbose", "--trail-arn", self.arn, "--region", region),
                *("--start-time", f"{self.start:%Y-%m-%dT%H:%M:%SZ}"),
            ],
            env=self.cloud.environment(os.environ),
            text=True,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def end(self) -> None:
        self.cloudtrail.delete_trail(Name=self.name)


def bucket_policy(bucket: str, trail_arn: str) -> dict[str, Any]:
    who = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceArn": trail_arn}},
    }
    return {
        "Version": "2012-10-17",
        "Statement": [
            who | {"Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"},
            who | {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
        ],
    }


@pytest.fixture(params=[True, False], ids=["multi-region", "one-region"])
def evidence(request: pytest.FixtureRequest, signing_cloud: local.LocalCloud) -> Iterator[Evidence]:
    made = Evidence(signing_cloud, multi_region=request.param)
    yield made
    made.end()


@pytest.fixture
def tampered(signing_cloud: local.LocalCloud) -> Iterator[Evidence]:
    """Valid, until the test lays hands on it."""
    made = Evidence(signing_cloud, multi_region=False)
    made.await_digests()
    yield made
    made.end()


def test_what_nobody_touched_is_valid(evidence: Evidence) -> None:
    evidence.await_digests()
    code, text = evidence.validate()
    assert "INVALID" not in text
    assert "digest files valid" in text
    assert "log files valid" in text
    assert code == 0


def test_every_region_has_a_chain_of_its_own(signing_cloud: local.LocalCloud) -> None:
    evidence = Evidence(signing_cloud, multi_region=True)
    evidence.await_digests(ELSEWHERE)
    code, text = evidence.validate(ELSEWHERE)
    evidence.end()
    assert code == 0
    assert f"/CloudTrail/{ELSEWHERE}/" in text
    assert f"/CloudTrail/{local.REGION}/" not in text


def test_a_changed_byte_is_seen(tampered: Evidence) -> None:
    key = tampered.signed_log_files()[0]
    content = tampered.content(key)
    assert b'"eventVersion"' in content
    changed = content.replace(b'"eventVersion"', b'"eventversion"', 1)
    tampered.s3.put_object(Bucket=tampered.name, Key=key, Body=gzip.compress(changed))
    code, text = tampered.validate()
    assert f"Log file\ts3://{tampered.name}/{key}\tINVALID: hash value doesn't match" in text
    assert code == 1


def test_a_removed_log_file_is_missed(tampered: Evidence) -> None:
    key = tampered.signed_log_files()[0]
    tampered.s3.delete_object(Bucket=tampered.name, Key=key)
    code, text = tampered.validate()
    assert f"Log file\ts3://{tampered.name}/{key}\tINVALID: not found" in text
    assert code == 1


def test_a_removed_digest_is_missed(tampered: Evidence) -> None:
    key = tampered.keys("CloudTrail-Digest")[1]
    tampered.s3.delete_object(Bucket=tampered.name, Key=key)
    code, text = tampered.validate()
    assert f"Digest file\ts3://{tampered.name}/{key}\tINVALID: not found" in text
    assert code == 1


def test_a_changed_digest_does_not_fit_its_signature(tampered: Evidence) -> None:
    key = tampered.keys("CloudTrail-Digest")[1]
    stored = tampered.s3.get_object(Bucket=tampered.name, Key=key)
    changed = json.loads(gzip.decompress(stored["Body"].read())) | {"logFiles": []}
    tampered.s3.put_object(
        Bucket=tampered.name,
        Key=key,
        Body=gzip.compress(json.dumps(changed).encode()),
        Metadata=stored["Metadata"],
    )
    code, text = tampered.validate()
    assert f"Digest file\ts3://{tampered.name}/{key}\tINVALID: signature verification failed" in text
    assert code == 1


def test_a_trail_says_when_its_last_digest_was_delivered(tampered: Evidence) -> None:
    status = tampered.cloudtrail.get_trail_status(Name=tampered.name)
    assert status["LatestDigestDeliveryTime"] > tampered.start


def test_public_keys_are_those_of_the_time_asked_for(signing_cloud: local.LocalCloud) -> None:
    cloudtrail = boto3.client(
        "cloudtrail",
        region_name=ELSEWHERE,
        endpoint_url=signing_cloud.url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    (key,) = cloudtrail.list_public_keys()["PublicKeyList"]
    assert key["ValidityStartTime"] <= datetime.now(UTC) < key["ValidityEndTime"]
    then = datetime(2015, 8, 17, tzinfo=UTC)
    assert cloudtrail.list_public_keys(StartTime=then, EndTime=then)["PublicKeyList"] == []
    with pytest.raises(cloudtrail.exceptions.InvalidTimeRangeException):
        cloudtrail.list_public_keys(StartTime=datetime.now(UTC), EndTime=then)
