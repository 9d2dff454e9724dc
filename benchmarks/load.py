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
import json
import os
import threading
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

import psutil
from load_account import NAME, Account, Load, cloud
from load_found import compare, compare_running, evidence_holds
from rich.console import Console
from rich.table import Table

from secretwatch import local

ROUNDS = 12

out = Console(highlight=False)


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
