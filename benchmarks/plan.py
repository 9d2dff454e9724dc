"""How long does a plan of the module take, and what does it plan, by the number of watched secrets?

    python benchmarks/plan.py [--secrets 1,30,300] [--rounds 3] [--realtime] [--json]

Plans one watch of so many secrets, given as whole ARNs, on a local cloud of its own; nothing is applied. The
numbers take turns in one run, in a new order each round, and the median counts. A plan that is not measured
comes first, so that no number pays for a cold disk.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from secretwatch import local
from secretwatch import terraform as tf

REPO = Path(__file__).resolve().parents[1]

ROOT = """
module "secretwatch" {
  source = "../"

  email_addresses = ["ops@example.com"]
  name            = "plan"

  watches = {
    apps = {
      realtime = %s
      secrets  = %s
    }
  }
}
"""

KINDS = {
    "filters": "aws_cloudwatch_log_metric_filter",
    "alarms": "aws_cloudwatch_metric_alarm",
    "rules": "aws_cloudwatch_event_rule",
}

out = Console(highlight=False)


def arns(count: int) -> list[str]:
    """Whole ARNs of secrets with names of 18 characters."""
    prefix = f"arn:aws:secretsmanager:{local.REGION}:{local.ACCOUNT_ID}:secret"
    return [f"{prefix}:production/app-{number:03}-Ab{number:03}z" for number in range(count)]


def plan_seconds(directory: Path, env: dict[str, str]) -> float:
    begin = time.perf_counter()
    tf.run(directory, env, "plan", "-out=planned")
    return time.perf_counter() - begin


def planned(directory: Path, env: dict[str, str]) -> dict[str, int]:
    changes = json.loads(tf.run(directory, env, "show", "-json", "planned"))["resource_changes"]
    kinds = Counter(change["type"] for change in changes if "create" in change["change"]["actions"])
    return {"resources": kinds.total()} | {name: kinds[kind] for name, kind in KINDS.items()}


def measure(counts: list[int], rounds: int, realtime: bool) -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="secretwatch-") as folder:
        workdir = Path(folder)
        state_dir = workdir / "cloud"
        cloud = local.start(state_dir, tied=True)
        try:
            module = tf.copy_module(REPO, workdir / "module")
            with tf.environment(scratch=workdir) as more:
                env = cloud.environment() | more | tf.plugin_cache(REPO / ".secretwatch" / "providers")
                roots = {count: module / f"secrets-{count}" for count in counts}
                for count, root in roots.items():
                    root.mkdir()
                    (root / "main.tf").write_text(ROOT % (json.dumps(realtime), json.dumps(arns(count))))
                    tf.run(root, env, "init")
                plan_seconds(roots[counts[0]], env)
                seconds: dict[int, list[float]] = {count: [] for count in counts}
                for number in range(rounds):
                    for place in range(len(counts)):
                        count = counts[(place + number) % len(counts)]
                        seconds[count].append(plan_seconds(roots[count], env))
                return {
                    str(count): {
                        "seconds": round(median(seconds[count]), 2),
                        "all": [round(s, 2) for s in seconds[count]],
                    }
                    | planned(roots[count], env)
                    for count in counts
                }
        finally:
            local.stop(state_dir)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--secrets", default="1,30,300", help="numbers, the first is what others compare with"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--realtime", action="store_true", help="with the fast path")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    counts = [int(count) for count in options.secrets.split(",")]
    load = [round(each, 2) for each in os.getloadavg()]
    found = measure(counts, options.rounds, options.realtime)
    if options.json:
        facts = {"cores": psutil.cpu_count(), "load_average": load, "realtime": options.realtime}
        out.print_json(json.dumps(facts | {"secrets": found}))
        return
    first = found[str(counts[0])]["seconds"]
    table = Table(title="alarm and realtime" if options.realtime else "alarm only", title_justify="left")
    for column in ("secrets", "plan, s", f"to {counts[0]}", "resources", *KINDS):
        table.add_column(column, justify="right")
    for count, row in found.items():
        table.add_row(
            count,
            f"{row['seconds']:.1f}",
            f"{row['seconds'] / first:.2f}",
            *(str(row[kind]) for kind in ("resources", *KINDS)),
        )
    out.print(table)
    out.print(f"{psutil.cpu_count()} cores, load average before: {load}")


if __name__ == "__main__":
    main()
