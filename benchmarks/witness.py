"""LocalStack as the local cloud runs it, with a witness: what it held at the end outlives it.

    python witness.py recorded STATE_DIR     with secretwatch's plugin; at the end of an orderly stop, after
                                             the last delivery, STATE_DIR/witness/ gets the objects of all
                                             buckets (s3/BUCKET/KEY) and the messages of all log groups
                                             (logs.json) and the sum of every metric (metrics.json)
    python witness.py checked STATE_DIR      the same, but no call becomes an event
    python witness.py plain STATE_DIR        without anything of the plugin but the bound port

Started through `secretwatch.local` by whoever puts this in the place of its child process.
"""

from __future__ import annotations

import json
import runpy
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from plux.runtime.filter import global_plugin_filter


def write_down(folder: Path) -> None:
    from localstack.aws.connect import connect_to

    clients = connect_to(aws_access_key_id="000000000000", region_name="us-east-1")
    folder.mkdir()
    for bucket in clients.s3.list_buckets()["Buckets"]:
        for page in clients.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            for item in page.get("Contents", []):
                file = folder / "s3" / bucket["Name"] / item["Key"]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(clients.s3.get_object(Bucket=bucket["Name"], Key=item["Key"])["Body"].read())
    groups = [each["logGroupName"] for each in clients.logs.describe_log_groups()["logGroups"]]
    messages = {
        group: [
            event["message"]
            for page in clients.logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            for event in page["events"]
        ]
        for group in groups
    }
    (folder / "logs.json").write_text(json.dumps(messages))
    now = datetime.now(UTC)
    sums = {}
    for metric in clients.cloudwatch.list_metrics()["Metrics"]:
        points = clients.cloudwatch.get_metric_statistics(
            Namespace=metric["Namespace"],
            MetricName=metric["MetricName"],
            Dimensions=metric.get("Dimensions", []),
            StartTime=now - timedelta(hours=6),
            EndTime=now + timedelta(minutes=2),
            Period=300,
            Statistics=["Sum"],
        )["Datapoints"]
        sums[f"{metric['Namespace']} {metric['MetricName']}"] = sum(point["Sum"] for point in points)
    (folder / "metrics.json").write_text(json.dumps(sums))


def main() -> None:
    mode, state_dir = sys.argv[1], Path(sys.argv[2])
    if mode == "plain":
        global_plugin_filter.add_exclusion(namespace="localstack.hooks.*", name="secretwatch")
    else:
        from localstack.runtime.shutdown import SHUTDOWN_HANDLERS

        SHUTDOWN_HANDLERS.register(lambda: write_down(state_dir / "witness"))
    if mode == "checked":
        from secretwatch.localstack.cloudtrail.recorder import Recorder

        Recorder.__call__ = lambda *_: None  # type: ignore[method-assign]
    runpy.run_module("localstack.runtime.main", run_name="__main__")


if __name__ == "__main__":
    main()
