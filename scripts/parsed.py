"""Fail when checkov could not parse a file: it then has checked nothing in it, and says so only as a number.

The argument is checkov's report as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(report: Path) -> int:
    told = json.loads(report.read_text())
    if not told.get("summary", {}).get("passed"):
        print("error: checkov has passed nothing: it found no files, or could read none.", file=sys.stderr)
        return 1
    # With --quiet only their number is there.
    unread = told.get("results", {}).get("parsing_errors") or []
    if not unread and (number := told["summary"].get("parsing_errors")):
        unread = [f"{number} files (without --quiet it names them)"]
    for file in unread:
        print(
            f"error: checkov could not parse {file}, and has checked nothing in it. Mostly it is a quotation "
            "mark within a template: put that expression into a local value.",
            file=sys.stderr,
        )
    return 1 if unread else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
