#!/usr/bin/env python3
"""How fast `secretwatch backtest` is, beside the limit of this machine, and how much memory it takes.

    .venv/bin/python benchmarks/backtest.py [--files N] [--events N] [--runs N] [--memory]

It makes its own history: log files as a trail writes them, of one account, with a few reads of secrets in
some of them (`some`), in each (`each`) or in none (`none`). All ways read the same files, one after another,
in each of several rounds; medians are shown. jq and DuckDB are measured where they are installed.

The limit where events have to be decoded: isal and msgspec, typed, with the members that are needed. Where
literals let files be skipped: decompression alone. On a machine that others use, two processes may get no
more of it than one: what two get that share nothing stands beside, and what comes of the time that they ran.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from isal import isal_zlib

from secretwatch.backtest.subject import Alarm, Filter, Subject, Watch
from secretwatch.pipeline.backtest.run import backtest
from secretwatch.pipeline.backtest.scan import Setting, scan
from secretwatch.pipeline.backtest.sources import items
from secretwatch.pipeline.backtest.store import Store

ACCOUNT, REGION = "111122223333", "eu-central-1"
PATTERN = (
    '{ $.eventSource = "secretsmanager.amazonaws.com" && $.eventName = "*GetSecretValue" '
    '&& ($.requestParameters.secretId = "*secret:prod/*" || $.requestParameters.secretId = "prod/*") }'
)
ALARM = {
    "AlarmName": "reads",
    "Namespace": "n",
    "MetricName": "m",
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
    "Statistic": "Maximum",
    "Unit": "Count",
    "Period": 60,
    "EvaluationPeriods": 5,
    "DatapointsToAlarm": 1,
    "Threshold": 1.0,
}
SUBJECT = Subject(
    "benchmark",
    (Watch("reads", (Filter("f", PATTERN, "n", "m", unit="Count"),), (Alarm("reads", ALARM, ("t",)),)),),
)
CALLS = [
    ("ec2", "DescribeInstances", {"instancesSet": {"items": [{"instanceId": "i-{hex}"}]}, "filterSet": {}}),
    ("sts", "AssumeRole", {"roleArn": "arn:aws:iam::{account}:role/app-{n}", "roleSessionName": "s-{hex}"}),
    ("kms", "Decrypt", {"encryptionContext": {"aws:s3:arn": "arn:aws:s3:::bucket-{n}"}, "keyId": "{hex}"}),
    ("s3", "GetBucketAcl", {"bucketName": "bucket-{n}", "Host": "bucket-{n}.s3.amazonaws.com", "acl": ""}),
    (
        "logs",
        "CreateLogStream",
        {"logGroupName": "/aws/lambda/f-{n}", "logStreamName": "2026/03/01/[1]{hex}"},
    ),
    ("dynamodb", "DescribeTable", {"tableName": "table-{n}"}),
    ("secretsmanager", "DescribeSecret", {"secretId": "prod/{n}"}),
]


class Issuer(msgspec.Struct):
    arn: str | None = None


class Context(msgspec.Struct):
    sessionIssuer: Issuer | None = None


class Identity(msgspec.Struct):
    type: str | None = None
    arn: str | None = None
    invokedBy: str | None = None
    sessionContext: Context | None = None


class Parameters(msgspec.Struct):
    secretId: Any = None
    secretIdList: Any = None


class Typed(msgspec.Struct):
    """What matching and the statistics need of an event, and no more."""

    eventID: str
    eventTime: str
    eventName: str
    eventSource: str
    errorCode: str | None = None
    awsRegion: str | None = None
    recipientAccountId: str | None = None
    sourceIPAddress: str | None = None
    userAgent: str | None = None
    userIdentity: Identity | None = None
    requestParameters: Parameters | None = None


class TypedFile(msgspec.Struct):
    Records: list[Typed]


def event(rng: random.Random, at: float, call: tuple[str, str, Any]) -> dict[str, Any]:
    service, name, parameters = call
    filled = json.loads(
        json.dumps(parameters)
        .replace("{hex}", f"{rng.getrandbits(64):016x}")
        .replace("{n}", str(rng.randrange(300)))
        .replace("{account}", ACCOUNT)
    )
    role = f"app-{rng.randrange(200)}"
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROA{rng.getrandbits(64):016X}:{role}",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/i-{rng.getrandbits(48):012x}",
            "accountId": ACCOUNT,
            "accessKeyId": f"ASIA{rng.getrandbits(64):016X}",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAEXAMPLEEXAMPLE",
                    "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
                    "accountId": ACCOUNT,
                    "userName": role,
                },
                "attributes": {"creationDate": when, "mfaAuthenticated": "false"},
            },
        },
        "eventTime": when,
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": ".".join(str(rng.randrange(256)) for _ in range(4)),
        "userAgent": f"aws-sdk-go-v2/1.{rng.randrange(40)}.0 os/linux lang/go#1.22 md/GOOS#linux md/arm64",
        "requestParameters": filled,
        "responseElements": None,
        "requestID": str(uuid.UUID(int=rng.getrandbits(128))),
        "eventID": str(uuid.UUID(int=rng.getrandbits(128))),
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{service}.{REGION}.amazonaws.com",
        },
    }


def make(folder: Path, files: int, events: int, share: float, seed: int = 1) -> None:
    """A history of so many files. share: of those with reads, one to three each."""
    rng = random.Random(seed)
    folder.mkdir(parents=True)
    begin = 1_772_323_200.0
    for number in range(files):
        at = begin + number * 300
        records = [event(rng, at + rng.randrange(300), rng.choice(CALLS)) for _ in range(events)]
        if rng.random() < share:
            read = ("secretsmanager", "GetSecretValue", {"secretId": "prod/{n}"})
            for place in rng.sample(range(events), rng.randint(1, 3)):
                records[place] = event(rng, at + rng.randrange(300), read)
        stamp = time.strftime("%Y%m%dT%H%MZ", time.gmtime(at + 420))
        name = f"{ACCOUNT}_CloudTrail_{REGION}_{stamp}_{number:016}.json.gz"
        text = json.dumps({"Records": records}, separators=(",", ":")).encode()
        (folder / name).write_bytes(gzip.compress(text, 6))


def whole(folder: Path, workers: int, *, skip: bool = True, every: bool = False) -> int:
    """The whole backtest: matching, de-duplication, alarms, statistics."""
    store = Store()
    tally = scan(items((str(folder),)), store, Setting((SUBJECT,), skip=skip, every=every), workers)
    hits = backtest((SUBJECT,), store, tally, with_bill=every).hits
    store.close()
    return hits


def measure(folder: Path, runs: int) -> None:
    paths = sorted(folder.iterdir())
    decoder = msgspec.json.Decoder(TypedFile)

    def decompressed() -> int:
        return sum(len(isal_zlib.decompress(path.read_bytes(), 31)) for path in paths)

    def decoded(mine: list[Path] = paths) -> int:
        return sum(len(decoder.decode(isal_zlib.decompress(path.read_bytes(), 31)).Records) for path in mine)

    def apart() -> int:
        halves = [paths[::2], paths[1::2]]
        context = multiprocessing.get_context("fork")
        both = [context.Process(target=decoded, args=(half,)) for half in halves]
        for each in both:
            each.start()
        for each in both:
            each.join()
        return len(both)

    ways: dict[str, Callable[[], int]] = {
        "isal alone (the limit with literals)": decompressed,
        "isal + msgspec, typed (the limit)": decoded,
        "the same by 2 processes that share nothing": apart,
        "backtest": lambda: whole(folder, 1),
        "backtest, every file decoded": lambda: whole(folder, 1, skip=False),
        "backtest --bill": lambda: whole(folder, 1, every=True),
        "backtest, 2 processes": lambda: whole(folder, 2),
        "backtest, 2 processes, every file decoded": lambda: whole(folder, 2, skip=False),
    }
    events = decoded()
    size = decompressed()
    took: dict[str, list[float]] = {name: [] for name in ways}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    others_spent: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(runs):
        for name, way in ways.items():
            begin, used, before = time.perf_counter(), time.process_time(), os.times()
            way()
            after = os.times()
            others_spent[name].append(
                after.children_user + after.children_system - before.children_user - before.children_system
            )
            took[name].append(time.perf_counter() - begin)
            spent[name].append(time.process_time() - used)
    middle = {name: statistics.median(each) for name, each in took.items()}
    cpu = {name: statistics.median(each) for name, each in spent.items()}
    literal, typed, *_ = cpu.values()
    print(
        f"\n{folder.name}: {len(paths)} files, {events:,} events, {size / 1e6:,.0f} MB decompressed; "
        f"load {os.getloadavg()[0]:.1f}"
    )
    for name, seconds in middle.items():
        speed = f"{events / seconds:12,.0f} events/s {size / seconds / 1e6:8,.0f} MB/s"
        line = f"  {name:44} {seconds:7.3f} s {speed}"
        if "2 processes" not in name:
            # Of one processor's time, which others on the machine do not change.
            of = f"{typed / cpu[name]:5.0%} of isal + msgspec, {literal / cpu[name]:5.0%} of isal"
            line += f"  CPU {cpu[name]:7.3f} s: {of}"
        print(line)
    _, alone, shared, *_ = middle.values()
    print(f"  two processes that share nothing: {alone / shared:.2f} x here")
    for name in ("backtest", "backtest, every file decoded"):
        two = name.replace("backtest", "backtest, 2 processes")
        # On two processors of one's own: what this process does goes on beside the others, or not.
        half = statistics.median(others_spent[two]) / 2
        least, most = cpu[name] / (cpu[two] + half), cpu[name] / max(cpu[two], half)
        print(f"  {name}, two processes: {middle[name] / middle[two]:.2f} x here, ", end="")
        print(f"{least:.2f} to {most:.2f} x by processor time (this process {cpu[two]:.3f} s)")
    others(folder, events)


def others(folder: Path, events: int) -> None:
    """The same count by other tools, once."""
    files = f"{folder}/*.json.gz"
    wanted = '.eventSource=="secretsmanager.amazonaws.com" and .eventName=="GetSecretValue"'
    if shutil.which("jq"):
        timed(
            "zcat | jq",
            ["sh", "-c", f"zcat {files} | jq -c '.Records[]|select({wanted})|.eventID' | wc -l"],
            events,
        )
    try:
        import duckdb  # type: ignore[import-not-found]
    except ImportError:
        print("  DuckDB is not installed")
        return
    begin = time.perf_counter()
    found = duckdb.sql(
        "SELECT count(DISTINCT r.eventID) FROM (SELECT unnest(Records) r FROM "
        f"read_json('{files}', maximum_object_size=134217728, columns={{Records: 'STRUCT(eventID VARCHAR, "
        "eventName VARCHAR, eventSource VARCHAR)[]'})) WHERE r.eventName = 'GetSecretValue' AND "
        "r.eventSource = 'secretsmanager.amazonaws.com'"
    ).fetchall()[0]
    took = time.perf_counter() - begin
    speed = f"{events / took:12,.0f} events/s"
    print(f"  {'DuckDB, all cores, counting alone':44} {took:7.3f} s {speed}   found {found[0]}")


def timed(name: str, command: list[str], events: int) -> None:
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    took = time.perf_counter() - begin
    print(f"  {name:44} {took:7.3f} s {events / took:12,.0f} events/s   found {done.stdout.strip()}")


def memory(folder: Path, runs: int, files: int, events: int) -> None:
    """The peak of a process of its own, at 1, 10 and 100 times the data: all of which match."""
    print("\nPeak memory, where each event matches and is kept:")
    for times in (1, 10, 100):
        target = folder / f"memory-{times}"
        make(target, max(1, files * times // 100), events, 1.0, seed=times)
        code = (
            "import sys, runpy; sys.argv = ['backtest']; "
            f"m = runpy.run_path({str(Path(__file__).resolve())!r}, run_name='m'); "
            f"m['peak']({str(target)!r})"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        print(f"  {times:3} x  {done.stdout.strip()}")
        shutil.rmtree(target)


def peak(folder: str) -> None:
    every = Filter("f", '{ $.eventSource = "*" }', "n", "m", unit="Count")
    subjects = (Subject("all", (Watch("all", (every,), (Alarm("reads", ALARM, ("t",)),)),)),)
    store = Store()
    tally = scan(items((folder,)), store, Setting(subjects), 1)
    found = backtest(subjects, store, tally)
    size = sum(path.stat().st_size for path in Path(folder).iterdir())
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{tally.files:6} files, {size / 1e6:8,.1f} MB, {found.hits:10,} hits: {rss:6.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--events", type=int, default=600, help="of a file")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--memory", action="store_true", help="also memory; makes 100 times the data")
    parser.add_argument("--only-memory", action="store_true")
    given = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory(prefix="secretwatch-") as scratch:
        # First: Linux counts the peak of whoever started a process as its own.
        if given.memory or given.only_memory:
            memory(Path(scratch), given.runs, given.files, given.events)
        if not given.only_memory:
            for name, share in (("none", 0.0), ("some", 0.05), ("each", 1.0)):
                make(Path(scratch) / name, given.files, given.events, share)
                measure(Path(scratch) / name, given.runs)


if __name__ == "__main__":
    main()
