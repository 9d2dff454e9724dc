"""Thousands of commands in crooked surroundings: how many end otherwise than in a sentence?

    python benchmarks/fuzz.py [--runs 10000] [--seed N] [--jobs 2]

What is crooked, and what counts as a fault, stands in tests/unit/cli/surroundings.py. Prints the faults with
their seeds, how many different endings were seen, and seconds. Exit code 1 with a fault.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import random
import sys
import time
from pathlib import Path

for folder in ("cli", "pipeline"):
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests/unit" / folder))

BATCH = 50


def batch(seeds: list[int]) -> list[tuple[int, list[str], str, str, str, float]]:
    import surroundings

    found = []
    for seed in seeds:
        ending = surroundings.run(random.Random(seed))
        found.append((seed, ending.arguments, ending.fault, ending.kind, ending.err[-300:], ending.seconds))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    seeds = [given.seed + n for n in range(given.runs)]
    begin = time.monotonic()
    kinds: collections.Counter[str] = collections.Counter()
    faults: dict[str, list[tuple[int, list[str], str]]] = collections.defaultdict(list)
    slowest, done = 0.0, 0
    with multiprocessing.get_context("spawn").Pool(given.jobs, maxtasksperchild=10) as pool:
        for found in pool.imap_unordered(batch, [seeds[n : n + BATCH] for n in range(0, len(seeds), BATCH)]):
            for seed, arguments, fault, kind, err, seconds in found:
                kinds[kind] += 1
                slowest = max(slowest, seconds)
                if fault:
                    faults[f"{fault}: {kind}"].append((seed, arguments, err))
            done += len(found)
            print(
                f"\r{done} of {given.runs}, {sum(map(len, faults.values()))} faults", end="", file=sys.stderr
            )
    print(file=sys.stderr)
    for fault, those in sorted(faults.items(), key=lambda each: -len(each[1])):
        seed, arguments, err = those[0]
        print(f"{len(those):5}  {fault}", f"seed {seed}: {' '.join(arguments)[:200]!r}", sep="\n       ")
        print(f"       {err.strip()!r}")
    codes = collections.Counter(kind.split()[0] for kind in kinds.elements())
    print(
        f"seed {given.seed}: {given.runs} runs, {sum(map(len, faults.values()))} faults, {len(kinds)} "
        "different "
        f"endings, exit codes {dict(codes)}, slowest {slowest:.1f} s, {time.monotonic() - begin:.0f} s in all"
    )
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
