"""How soon is a change to the watch told of, by each of the two ways?

    python benchmarks/heard.py [--rounds 5] [--json]

Applies an instance on a local cloud of its own. Each round somebody changes the log group's retention:
seconds from the call to the e-mail of the fast self-watch and to that of the alarm, at the local cloud's
quick pace, and seconds from the release where delivery was held. AWS's own minutes are not in it: CloudTrail
delivers to a log group within 455 s in 95 of 100 cases, and to EventBridge within seconds, at best effort.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import tempfile
import time
from pathlib import Path
from statistics import median

import boto3
import psutil
from rich.console import Console
from rich.table import Table

from secretwatch import local
from secretwatch import terraform as tf

REPO = Path(__file__).resolve().parents[1]
WAYS = {"fast": '"WATCH CHANGED"', "slow": 'ALARM: "heard-tampering"'}
PATIENCE = 60.0

ROOT = """
module "secretwatch" {
  source = "../"

  email_addresses             = ["ops@example.com"]
  kms_deletion_window_in_days = 7
  name                        = "heard"
  secrets                     = ["db"]
  trail                       = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
}
"""

out = Console(highlight=False)


def mails(cloud: local.LocalCloud) -> dict[str, int]:
    texts = [f"{each['subject']} {each['body']}" for each in cloud.inbox()]
    return {way: sum(mark in text for text in texts) for way, mark in WAYS.items()}


def one_round(cloud: local.LocalCloud, days: int, held: bool) -> dict[str, float]:
    """Seconds until each way has told of it, from the call, or from the release where it was held."""
    cloud.tick(16)
    before = mails(cloud)
    logs = boto3.client("logs")
    if held:
        cloud.hold()
    begin = time.perf_counter()
    logs.put_retention_policy(logGroupName="/aws/cloudtrail/heard", retentionInDays=days)
    if held:
        begin = time.perf_counter()
        cloud.release()
    found: dict[str, float] = {}
    while len(found) < len(WAYS):
        now = mails(cloud)
        found |= {
            way: time.perf_counter() - begin for way in WAYS if way not in found and now[way] > before[way]
        }
        if time.perf_counter() - begin > PATIENCE:
            raise SystemExit(f"nobody was told within {PATIENCE:.0f} s by {sorted(set(WAYS) - set(found))}")
        time.sleep(0.02)
    return found


def measure(rounds: int) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="secretwatch-") as folder:
        workdir = Path(folder)
        state_dir = workdir / "cloud"
        cloud = local.start(state_dir, tied=True)
        with contextlib.ExitStack() as stack:
            stack.callback(local.stop, state_dir)
            stack.enter_context(cloud.as_aws())
            module = tf.copy_module(REPO, workdir / "module")
            root = module / "heard"
            root.mkdir()
            (root / "main.tf").write_text(ROOT)
            with tf.environment(scratch=workdir) as more:
                env = dict(os.environ) | more | tf.plugin_cache(REPO / ".secretwatch" / "providers")
                tf.run(root, env, "init")
                tf.run(root, env, "apply", "-auto-approve")
            cloud.confirm()
            seen = {
                pace: [one_round(cloud, [30, 60][number % 2], pace == "held") for number in range(rounds)]
                for pace in ("at once", "held")
            }
            return {
                pace: {way: round(median(each[way] for each in found), 2) for way in WAYS}
                for pace, found in seen.items()
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    load = [round(each, 2) for each in os.getloadavg()]
    found = measure(options.rounds)
    if options.json:
        out.print_json(json.dumps({"cores": psutil.cpu_count(), "load_average": load, "seconds": found}))
        return
    table = Table(title="seconds to the e-mail", title_justify="left")
    for column in ("delivery", *WAYS):
        table.add_column(column, justify="right")
    for pace, seconds in found.items():
        table.add_row(pace, *(f"{seconds[way]:.2f}" for way in WAYS))
    out.print(table)
    out.print(f"{psutil.cpu_count()} cores, load average before: {load}")


if __name__ == "__main__":
    main()
