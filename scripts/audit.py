"""Fail for a known advisory of what is locked, unless requirements/advisories.toml says why it is accepted.

The argument is pip-audit, which asks the package index's JSON for each version. Not every index has that, and
not every network lets it through. What was not audited is said, and is no failure: CI must not hang on it.
What is accepted is looked at without a network: an entry for a version that is not locked any more fails.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from locked import locked, normal

REPO = Path(__file__).resolve().parents[1]
LISTS = ("all", "build", "scan", "supply")
# How pip-audit, and requests within it, end where the index cannot be asked.
_UNREACHABLE = re.compile(
    r"blocking this service|Could not connect|ServiceError|ConnectionError|ConnectTimeout|ReadTimeout"
    r"|HTTPError|ProxyError|SSLError|JSONDecodeError|RetryError"
)


@dataclass
class Found:
    """How many were audited, how many not, and which advisories there are: (package, version, all ids)."""

    audited: int = 0
    unanswered: int = 0
    advisories: set[tuple[str, str, frozenset[str]]] = field(default_factory=set)


def read(report: str, found: Found) -> None:
    """pip-audit's JSON, which says "no known vulnerabilities" also where the index knew no package at all."""
    for each in json.loads(report)["dependencies"]:
        if "skip_reason" in each:
            found.unanswered += 1
            continue
        found.audited += 1
        for told in each["vulns"]:
            ids = frozenset([told["id"], *told.get("aliases", [])])
            found.advisories.add((normal(each["name"]), each["version"], ids))


def judge(found: Found, accepted: Iterable[Mapping[str, Any]], has: set[tuple[str, str]]) -> list[str]:
    """What is wrong, a sentence each."""
    wrong, known = [], set()
    for entry in accepted:
        package, version = normal(entry["package"]), entry["version"]
        known.add((package, version, entry["id"]))
        if (package, version) not in has:
            wrong.append(
                f"{package} {version} is not locked any more: delete {entry['id']} from advisories.toml."
            )
    for package, version, ids in sorted(
        found.advisories, key=lambda each: (each[0], each[1], sorted(each[2]))
    ):
        if not any((package, version, each) in known for each in ids):
            wrong.append(
                f"{package} {version} has the advisory {', '.join(sorted(ids))}: lock a newer version "
                "(scripts/lock), or write into requirements/advisories.toml why it does not matter here."
            )
    return wrong


def ask(pip_audit: str, requirements: Path, found: Found) -> str | None:
    """None where the index answered, else what became of it. RuntimeError where pip-audit is at fault."""
    command = [pip_audit, "-r", str(requirements), "--disable-pip", "--require-hashes", "-s", "pypi"]
    command += ["-f", "json", "--progress-spinner", "off", "--timeout", "15"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    except subprocess.TimeoutExpired:
        return "the index did not answer within five minutes"
    if done.stdout.lstrip().startswith("{"):
        read(done.stdout, found)
        return None
    if _UNREACHABLE.search(done.stderr):
        return "the index could not be asked"
    raise RuntimeError(f"pip-audit failed on {requirements.name}: {done.stderr.strip()[-500:]}")


def main(pip_audit: str) -> int:
    found, has = Found(), set()
    for name in LISTS:
        requirements = REPO / f"requirements/{name}.txt"
        has |= locked(requirements.read_text())
        if refused := ask(pip_audit, requirements, found):
            print(f"{requirements.name} was not audited: {refused}.")
    accepted = tomllib.loads((REPO / "requirements/advisories.toml").read_text())["accepted"]
    wrong = judge(found, accepted, has)
    for each in wrong:
        print(f"error: {each}", file=sys.stderr)
    if found.unanswered:
        print(f"Of {found.unanswered} packages the index says nothing: they were not audited.")
    print(f"{found.audited} packages audited, {len(accepted)} advisories accepted, {len(wrong)} errors.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
