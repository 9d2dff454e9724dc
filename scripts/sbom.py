"""Say whether a bill of materials is whole: a release must not leave out what it is made of.

The argument is the bill as JSON. It is held against requirements/all.txt.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from locked import locked, normal

REPO = Path(__file__).resolve().parents[1]


def missing(bill: str, requirements: str) -> list[str]:
    told = json.loads(bill)
    if told.get("bomFormat") != "CycloneDX":
        return ["the format CycloneDX"]
    has = {(normal(each["name"]), each.get("version")) for each in told.get("components", [])}
    return [f"{name} {version}" for name, version in sorted(locked(requirements) - has)]


def main(bill: Path, requirements: Path = REPO / "requirements/all.txt") -> int:
    lacks = missing(bill.read_text(), requirements.read_text())
    for each in lacks:
        print(f"error: {bill} lacks {each}, which is locked: do not release with it.", file=sys.stderr)
    if not lacks:
        print(f"{bill}: all {len(locked(requirements.read_text()))} packages that are locked.")
    return 1 if lacks else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
