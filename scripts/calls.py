"""Write scripts/calls.json: the calls of AWS's APIs that an apply, a plan and a destroy of the module make.

Applies three examples on a local cloud of their own and reads its log. `scripts/docs` lists the errors of
these calls. Takes about four minutes; --check writes nothing and fails when a call is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from secretwatch import local
from secretwatch import terraform as tf

ROOT = Path(__file__).resolve().parents[1]
FILE = "scripts/calls.json"
EXAMPLES = ("quickstart", "realtime", "severities")
# What no example that is applied here calls: the checks of an adopted trail and topic (data sources of
# modules/existing-*), the expiration of log files, which all of them turn off, and secrets given by name.
ALSO = {
    "cloudcontrol": {"GetResource"},
    "s3": {"DeleteBucketLifecycle", "PutBucketLifecycleConfiguration"},
    "secretsmanager": {"ListSecrets"},
}
_LINE = re.compile(r" AWS ([a-z0-9-]+)\.([A-Za-z0-9]+) => \d+")


def calls_in(log: Iterable[str]) -> dict[str, set[str]]:
    """Operations by service, as botocore names them, from lines of LocalStack's log."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in log:
        if match := _LINE.search(line):
            found[match[1]].add(match[2])
    return dict(found)


def known(root: Path = ROOT) -> dict[str, set[str]]:
    """The calls that are written down."""
    written = json.loads((root / FILE).read_text(encoding="utf-8"))
    return {service: set(operations) for service, operations in written.items()}


def made() -> dict[str, set[str]]:
    """Apply, plan and destroy the examples."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cloud = local.start(folder / "cloud", tied=True)
        try:
            environ = cloud.environment()
            module = tf.copy_module(ROOT, folder / "module")
            with tf.environment(scratch=folder) as env:
                for example in EXAMPLES:
                    for command in ("init", "apply -auto-approve", "plan", "destroy -auto-approve"):
                        directory = module / "examples" / example
                        tf.run(directory, {**os.environ, **environ, **env}, *command.split())
            (log,) = (folder / "cloud").rglob("local.log")
            with open(log, encoding="utf-8", errors="replace") as lines:
                return calls_in(lines)
        finally:
            local.stop(folder / "cloud")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a call is missing")
    parser.add_argument("--log", type=Path, help="read this log of a local cloud; apply nothing")
    options = parser.parse_args(arguments)
    found = calls_in(options.log.read_text(errors="replace").splitlines()) if options.log else made()
    for service, operations in ALSO.items():
        found.setdefault(service, set()).update(operations)
    if options.check:
        missing = sorted(f"{s}.{o}" for s, os_ in found.items() for o in os_ - known().get(s, set()))
        if missing:
            print(f"error: {FILE} lacks {', '.join(missing)}: run scripts/calls.py.", file=sys.stderr)
        return bool(missing)
    text = json.dumps({service: sorted(found[service]) for service in sorted(found)}, indent=2)
    (ROOT / FILE).write_text(f"{text}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
