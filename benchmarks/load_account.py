"""What load.py puts under load: clients, a local cloud, and the account with everything that counts reads."""

from __future__ import annotations

import gzip
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from secretwatch import local
from secretwatch.local import process

WITNESS = Path(__file__).with_name("witness.py")
NAME = "load"
READ = json.dumps({"SecretId": NAME})
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "secretsmanager.GetSecretValue",
    "User-Agent": "load",
    "Authorization": "AWS4-HMAC-SHA256 "
    f"Credential=test/20260101/{local.REGION}/secretsmanager/aws4_request, "
    "SignedHeaders=host, Signature=0",
}


@dataclass
class Load:
    """What clients saw."""

    answered: dict[str, float] = field(default_factory=dict)
    """Request id → Unix time of the answer."""
    seconds: float = 0.0

    def run(self, port: int, calls: int, clients: int, until_refused: bool = False) -> None:
        """``calls`` reads; with ``until_refused`` a refusal ends a client, else it is an error."""
        tickets = iter(range(calls))
        lock = threading.Lock()
        failures: list[str] = []

        def client() -> None:
            connection = http.client.HTTPConnection(local.HOST, port, timeout=60)
            mine = []
            while True:
                with lock:
                    if next(tickets, None) is None:
                        break
                try:
                    connection.request("POST", "/", READ, HEADERS)
                    response = connection.getresponse()
                    response.read()
                except OSError as error:
                    failures.append(str(error))
                    break
                if response.status != 200:
                    failures.append(str(response.status))
                    break
                mine.append((response.getheader("x-amzn-RequestId"), time.time()))
                if len(mine) % 10 == 0 and until_refused:
                    self.answered.update(mine)
            self.answered.update(mine)

        threads = [threading.Thread(target=client) for _ in range(clients)]
        begin = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.seconds += time.perf_counter() - begin
        if failures and not until_refused:
            raise SystemExit(f"calls failed: {failures[:3]}")


@contextmanager
def cloud(mode: str, delivery_interval: float) -> Iterator[local.LocalCloud]:
    """A local cloud with the witness in it; mode ``recorded``, ``checked`` or ``plain``."""
    process._command = lambda state: [sys.executable, str(WITNESS), mode, str(state.path)]
    # Plain LocalStack has nothing of the plugin to answer with.
    process.PLUGIN_PATH = "/_localstack/health" if mode == "plain" else "/_secretwatch/status"
    with tempfile.TemporaryDirectory() as folder:
        running = local.start(Path(folder), delivery_interval=delivery_interval, digest_interval=5, tied=True)
        try:
            with running.as_aws():
                yield running
        finally:
            process._command = lambda state: [sys.executable, str(WITNESS), mode, str(state.path)]
            local.stop(Path(folder))


class Account:
    """The secret, and in a recorded account the trail, the log group and the metric filter."""

    def __init__(self, running: local.LocalCloud, recorded: bool) -> None:
        self.cloud = running
        self.begin = datetime.now(UTC)
        self.client("secretsmanager").create_secret(Name=NAME, SecretString="x" * 32)
        if recorded:
            self._watch()

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.cloud.url)

    def _watch(self) -> None:
        iam, logs, cloudtrail = self.client("iam"), self.client("logs"), self.client("cloudtrail")
        service = {"Service": "cloudtrail.amazonaws.com"}
        trust = {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}
        write = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
        role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=NAME, PolicyName=NAME, PolicyDocument=policy(write))
        self.client("s3").create_bucket(Bucket=NAME)
        self.allow_bucket()
        logs.create_log_group(logGroupName=NAME)
        logs.put_metric_filter(
            logGroupName=NAME,
            filterName=NAME,
            filterPattern='{ ($.eventSource = "secretsmanager.amazonaws.com") && '
            f'($.eventName = "GetSecretValue") && ($.requestParameters.secretId = "{NAME}") }}',
            metricTransformations=[
                {"metricNamespace": NAME, "metricName": "reads", "metricValue": "1", "defaultValue": 0}
            ],
        )
        self.trail_arn = cloudtrail.create_trail(
            Name=NAME,
            S3BucketName=NAME,
            IsMultiRegionTrail=True,
            EnableLogFileValidation=True,
            CloudWatchLogsLogGroupArn=f"arn:aws:logs:{local.REGION}:{local.ACCOUNT_ID}:log-group:{NAME}:*",
            CloudWatchLogsRoleArn=role,
        )["TrailARN"]
        cloudtrail.start_logging(Name=NAME)
        self.public_key = cloudtrail.list_public_keys()["PublicKeyList"][0]["Value"]

    def allow_bucket(self) -> None:
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": ["s3:GetBucketAcl", "s3:PutObject"],
            "Resource": [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"],
        }
        self.client("s3").put_bucket_policy(Bucket=NAME, Policy=policy(allow))

    def objects(self) -> dict[str, bytes]:
        s3 = self.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=NAME)
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        return {key: gzip.decompress(s3.get_object(Bucket=NAME, Key=key)["Body"].read()) for key in keys}

    def log_events(self) -> list[dict[str, Any]]:
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=NAME)
        return [event for page in pages for event in page["events"]]

    def counted(self) -> float:
        points = self.client("cloudwatch").get_metric_statistics(
            Namespace=NAME,
            MetricName="reads",
            StartTime=self.begin - timedelta(minutes=5),
            EndTime=datetime.now(UTC) + timedelta(minutes=2),
            Period=300,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))

    def delivered(self) -> int:
        return int(next(trail["events_delivered"] for trail in self.cloud.details()["trails"]))

    def settle(self, reads: int) -> None:
        """Wait until so many reads were delivered."""
        deadline = time.monotonic() + 120
        while self.delivered() < reads and time.monotonic() < deadline:
            time.sleep(0.5)

    def await_digests(self) -> None:
        """Wait until a digest names every log file that is there now."""
        files = {key for key in self.objects() if "/CloudTrail/" in key}
        deadline = time.monotonic() + 60
        while not files <= set(signed(self.objects())) and time.monotonic() < deadline:
            time.sleep(1)

    def validated(self) -> bool:
        """Whether `aws cloudtrail validate-logs` finds every digest and log file valid."""
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("aws")),
                *("cloudtrail", "validate-logs", "--trail-arn", self.trail_arn),
                *("--start-time", f"{self.begin:%Y-%m-%dT%H:%M:%SZ}"),
            ],
            env=self.cloud.environment(),
            text=True,
            capture_output=True,
            check=False,
        )
        return done.returncode == 0 and "log files valid" in done.stdout and "INVALID" not in done.stdout


def policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def signed(objects: dict[str, bytes]) -> dict[str, str]:
    """Key → hash of the log files that digests name."""
    digests = [json.loads(content) for key, content in objects.items() if "/CloudTrail-Digest/" in key]
    return {file["s3Object"]: file["hashValue"] for digest in digests for file in digest["logFiles"]}
