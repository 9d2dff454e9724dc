"""Is anything lost under load, and what does recording cost?

    python benchmarks/load.py [--calls 10000] [--clients 16] [--json] [SCENARIO ...]

Starts local clouds of its own, has many clients read one secret, and compares what was answered with what
arrived in the bucket, in the log group and in the metric. Scenarios, all by default:

    cost      calls/s with the plugin, with all of it but the recorder, and with none, in turns in one run;
              delivery lag; MiB
    refused   the bucket's policy is taken away for a part of the calls, and given back
    stopped   SIGTERM in the middle: what was answered before is in the bucket when the process has ended

Clients are plain HTTP connections with one prepared request: they need a tenth of the time of the server.
What a stopped local cloud held is known from a witness in its process (witness.py). Exit code 1 when
anything was lost or counted twice, or a digest is not valid.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import boto3
import psutil
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key
from rich.console import Console
from rich.table import Table

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
ROUNDS = 12

out = Console(highlight=False)


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


def reads(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record for record in records if record["eventName"] == "GetSecretValue"]


def signed(objects: dict[str, bytes]) -> dict[str, str]:
    """Key → hash of the log files that digests name."""
    digests = [json.loads(content) for key, content in objects.items() if "/CloudTrail-Digest/" in key]
    return {file["s3Object"]: file["hashValue"] for digest in digests for file in digest["logFiles"]}


def evidence_holds(objects: dict[str, bytes], public_key: bytes) -> bool:
    """Whether a digest names each log file with its hash, and the signatures that digests name verify.

    For a bucket of which only the objects' contents are left: the last signature lies in metadata.
    """
    key: Any = load_der_public_key(public_key)
    digests = {name: content for name, content in objects.items() if "/CloudTrail-Digest/" in name}
    for content in digests.values():
        digest = json.loads(content)
        if previous := digest["previousDigestS3Object"]:
            before = json.loads(digests[previous])
            lines = (
                before["digestEndTime"],
                f"{before['digestS3Bucket']}/{before['digestS3Object']}",
                hashlib.sha256(digests[previous]).hexdigest(),
                before["previousDigestSignature"] or "null",
            )
            signature = bytes.fromhex(digest["previousDigestSignature"])
            key.verify(signature, "\n".join(lines).encode(), padding.PKCS1v15(), hashes.SHA256())
    named = signed(objects)
    files = {name: content for name, content in objects.items() if "/CloudTrail/" in name}
    return named == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def compare(
    load: Load, objects: dict[str, bytes], messages: list[str], counted: float, digests_valid: bool
) -> dict[str, Any]:
    """The same reads everywhere, each once, and every one that was answered?"""
    files = [json.loads(content)["Records"] for key, content in objects.items() if "/CloudTrail/" in key]
    in_s3 = reads([record for records in files for record in records])
    in_logs = reads([json.loads(message) for message in messages])
    unique = {record["eventID"] for record in in_s3}
    found = {
        "answered": len(load.answered),
        "in_s3": len(in_s3),
        "unique_in_s3": len(unique),
        "in_log_group": len(in_logs),
        "counted": counted,
        "answered_but_not_in_s3": len(set(load.answered) - {record["requestID"] for record in in_s3}),
        "digests_valid": digests_valid,
    }
    same = len(in_s3) == len(unique) == len(in_logs) == counted
    found["nothing_lost"] = (
        same
        and unique == {record["eventID"] for record in in_logs}
        and not found["answered_but_not_in_s3"]
        and digests_valid
    )
    return found


def compare_running(account: Account, load: Load) -> dict[str, Any]:
    account.settle(len(load.answered))
    account.await_digests()
    messages = [event["message"] for event in account.log_events()]
    return compare(load, account.objects(), messages, account.counted(), account.validated())


def cost(calls: int, clients: int, interval: float) -> dict[str, Any]:
    with (
        cloud("plain", interval) as plain_cloud,
        cloud("checked", interval) as checked_cloud,
        cloud("recorded", interval) as recorded_cloud,
    ):
        recorded = Account(recorded_cloud, True)
        accounts = {
            "plain": Account(plain_cloud, False),
            "checked": Account(checked_cloud, False),
            "recorded": recorded,
        }
        for account in accounts.values():
            Load().run(account.cloud.port, 200, clients)  # warm
        recorded.settle(200)
        loads = {name: Load() for name in accounts}
        rates: dict[str, list[float]] = {name: [] for name in accounts}
        used = dict.fromkeys(accounts, 0.0)
        before = local.memory_mib(recorded_cloud)
        for turn in range(ROUNDS):
            pairs = list(accounts.items())
            first = turn % len(pairs)
            for name, account in pairs[first:] + pairs[:first]:
                load = Load()
                cpu = cpu_seconds(account)
                load.run(account.cloud.port, calls // ROUNDS, clients)
                loads[name].answered |= load.answered
                rates[name].append(len(load.answered) / load.seconds)
                if name == "recorded":
                    recorded.settle(200 + len(loads[name].answered))
                used[name] += cpu_seconds(account) - cpu
        after = local.memory_mib(recorded_cloud)
        lags = [
            event["timestamp"] / 1000 - loads["recorded"].answered[request_id]
            for event in recorded.log_events()
            if (request_id := json.loads(event["message"])["requestID"]) in loads["recorded"].answered
        ]
        percentiles = quantiles(lags, n=100)
        found = compare_running(recorded, loads["recorded"])
        # The warm-up's reads were recorded too.
        found["answered"] += 200
        total = len(loads["recorded"].answered)
        rate = {name: median(each) for name, each in rates.items()}
        return found | {
            **{f"calls_per_second_{name}": round(rate[name], 1) for name in accounts},
            "cost_percent_of_checking": round(100 * (1 - rate["checked"] / rate["plain"]), 1),
            "cost_percent": round(100 * (1 - rate["recorded"] / rate["plain"]), 1),
            **{
                f"cpu_ms_per_call_{name}": round(1000 * used[name] / max(1, len(loads[name].answered)), 3)
                for name in accounts
            },
            "lag_p50_seconds": round(max(0.0, percentiles[49]), 2),
            "lag_p99_seconds": round(percentiles[98], 2),
            "mib_before": round(before, 1),
            "mib_after": round(after, 1),
            "nothing_lost": found["nothing_lost"] and total == calls // ROUNDS * ROUNDS,
        }


def cpu_seconds(account: Account) -> float:
    times = psutil.Process(account.cloud.pid).cpu_times()
    return float(times.user + times.system)


def refused(calls: int, clients: int, interval: float) -> dict[str, Any]:
    with cloud("recorded", interval) as running:
        account, load = Account(running, True), Load()
        quarter = calls // 4
        load.run(running.port, quarter, clients)
        account.client("s3").delete_bucket_policy(Bucket=NAME)
        load.run(running.port, calls - 2 * quarter, clients)
        waiting = account.client("cloudtrail").get_trail_status(Name=NAME).get("LatestDeliveryError")
        account.allow_bucket()
        load.run(running.port, quarter, clients)
        return {"error_meanwhile": waiting} | compare_running(account, load)


def stopped(calls: int, clients: int, interval: float) -> dict[str, Any]:
    with cloud("recorded", interval) as running:
        account, load = Account(running, True), Load()
        thread = threading.Thread(target=load.run, args=(running.port, calls, clients, True))
        thread.start()
        while len(load.answered) < calls // 2:
            time.sleep(0.02)
        begin = time.perf_counter()
        local.stop(running.state_dir)
        seconds = time.perf_counter() - begin
        thread.join()
        folder = running.state_dir / "witness"
        bucket = folder / "s3" / NAME
        objects = {
            str(file.relative_to(bucket)): gzip.decompress(file.read_bytes()) for file in bucket.rglob("*.gz")
        }
        return {"stop_seconds": round(seconds, 1)} | compare(
            load,
            objects,
            json.loads((folder / "logs.json").read_text())[NAME],
            json.loads((folder / "metrics.json").read_text())[f"{NAME} reads"],
            evidence_holds(objects, account.public_key),
        )


SCENARIOS: dict[str, Callable[[int, int, float], dict[str, Any]]] = {
    "cost": cost,
    "refused": refused,
    "stopped": stopped,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--delivery-interval", type=float, default=1.0, help="seconds (default 1)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if unknown := set(options.scenarios) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    results: dict[str, Any] = {
        "calls": options.calls,
        "clients": options.clients,
        "load_average": [round(each, 2) for each in os.getloadavg()],
    }
    for name in options.scenarios or SCENARIOS:
        results[name] = SCENARIOS[name](options.calls, options.clients, options.delivery_interval)
        if not options.json:
            table = Table(title=name, title_justify="left", show_header=False)
            for fact, value in results[name].items():
                table.add_row(fact.replace("_", " "), str(value))
            out.print(table)
    if options.json:
        out.print_json(json.dumps(results))
    else:
        out.print(f"load average before: {results['load_average']}")
    if not all(results[name]["nothing_lost"] for name in options.scenarios or SCENARIOS):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
