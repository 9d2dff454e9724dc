"""The real AWS CLI validates the local cloud's evidence, and sees when somebody tampered with it."""

from __future__ import annotations

import gzip
import io
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from awscli.clidriver import create_clidriver
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
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
            for name in local.foreign_variables():
                patch.delenv(name, raising=False)
            for name, value in self.cloud.env().items():
                patch.setenv(name, value)
            # The command itself, without the second that Python takes to start and read it.
            code = create_clidriver().main(
                [
                    *("cloudtrail", "validate-logs", "--verbose", "--trail-arn", self.arn),
                    *("--region", region, "--start-time", f"{self.start:%Y-%m-%dT%H:%M:%SZ}"),
                ]
            )
        return code, said.getvalue()

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


@pytest.fixture(scope="module")
def evidence(signing_cloud: local.LocalCloud) -> Iterator[Evidence]:
    """Of a trail of one region; a test that lays hands on it puts everything back."""
    made = Evidence(signing_cloud, multi_region=False)
    made.await_digests()
    yield made
    made.end()


@pytest.fixture(scope="class")
def everywhere(signing_cloud: local.LocalCloud) -> Iterator[Evidence]:
    made = Evidence(signing_cloud, multi_region=True)
    made.await_digests()
    yield made
    made.end()


@contextmanager
def replaced(evidence: Evidence, key: str, content: bytes | None) -> Iterator[None]:
    """For a while the object has another content, or with None is gone."""
    stored = evidence.s3.get_object(Bucket=evidence.name, Key=key)
    body, metadata = stored["Body"].read(), stored["Metadata"]
    if content is None:
        evidence.s3.delete_object(Bucket=evidence.name, Key=key)
    else:
        new = gzip.compress(content)
        evidence.s3.put_object(Bucket=evidence.name, Key=key, Body=new, Metadata=metadata)
    yield
    evidence.s3.put_object(Bucket=evidence.name, Key=key, Body=body, Metadata=metadata)


def assert_valid(validated: tuple[int, str]) -> None:
    code, text = validated
    assert "INVALID" not in text
    assert "digest files valid" in text
    assert "log files valid" in text
    assert code == 0


def test_what_nobody_touched_is_valid(evidence: Evidence) -> None:
    assert_valid(evidence.validate())


class TestAllRegions:
    """A trail that signs for every region each second: it is gone before the other tests go on."""

    def test_what_nobody_touched_is_valid(self, everywhere: Evidence) -> None:
        assert_valid(everywhere.validate())

    def test_every_region_has_a_chain_of_its_own(self, everywhere: Evidence) -> None:
        everywhere.await_digests(ELSEWHERE)
        code, text = everywhere.validate(ELSEWHERE)
        assert code == 0
        assert f"/CloudTrail/{ELSEWHERE}/" in text
        assert f"/CloudTrail/{local.REGION}/" not in text


def test_a_changed_byte_is_seen(evidence: Evidence) -> None:
    key = evidence.signed_log_files()[0]
    content = evidence.content(key)
    assert b'"eventVersion"' in content
    with replaced(evidence, key, content.replace(b'"eventVersion"', b'"eventversion"', 1)):
        code, text = evidence.validate()
    assert f"Log file\ts3://{evidence.name}/{key}\tINVALID: hash value doesn't match" in text
    assert code == 1


def test_a_removed_log_file_is_missed(evidence: Evidence) -> None:
    key = evidence.signed_log_files()[0]
    with replaced(evidence, key, None):
        code, text = evidence.validate()
    assert f"Log file\ts3://{evidence.name}/{key}\tINVALID: not found" in text
    assert code == 1


def test_a_removed_digest_is_missed(evidence: Evidence) -> None:
    key = evidence.keys("CloudTrail-Digest")[1]
    with replaced(evidence, key, None):
        code, text = evidence.validate()
    assert f"Digest file\ts3://{evidence.name}/{key}\tINVALID: not found" in text
    assert code == 1


def test_a_changed_digest_does_not_fit_its_signature(evidence: Evidence) -> None:
    key = evidence.keys("CloudTrail-Digest")[1]
    changed = json.loads(evidence.content(key)) | {"awsAccountId": "111122223333"}
    with replaced(evidence, key, json.dumps(changed).encode()):
        code, text = evidence.validate()
    assert f"Digest file\ts3://{evidence.name}/{key}\tINVALID: signature verification failed" in text
    assert code == 1


def test_a_trail_says_when_its_last_digest_was_delivered(evidence: Evidence) -> None:
    status = evidence.cloudtrail.get_trail_status(Name=evidence.name)
    assert status["LatestDigestDeliveryTime"] > evidence.start


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
