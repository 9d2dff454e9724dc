"""Write the experiments into docs/verify.md, from the table of experiments in secretwatch/verify.

They stand between two markers; what is around them is written by hand and stays. Called by `scripts/docs`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from secretwatch.verify.page import sections

PAGE = Path(__file__).resolve().parents[1] / "docs/verify.md"
BEGIN = "<!-- From here on by scripts/docs, from secretwatch/verify. -->"
END = "<!-- Up to here by scripts/docs. -->"


class Failed(Exception):
    """One sentence for the person at the terminal."""


def rewritten(page: str) -> str:
    """The page with the experiments as they should be."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Failed(
            f'docs/verify.md lacks the lines "{BEGIN}" and "{END}", between which the experiments go.'
        )
    return f"{before}{BEGIN}\n\n{sections()}\n\n{END}{after}"


def main(arguments: list[str] | None = None, file: Path = PAGE) -> int:
    parser = argparse.ArgumentParser(prog="scripts/docs", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when something would change"
    )
    options = parser.parse_args(arguments)
    try:
        page = file.read_text(encoding="utf-8")
        wanted = rewritten(page)
        if options.check and wanted != page:
            raise Failed("docs/verify.md differs from the table of experiments: run scripts/docs.")
    except Failed as failed:
        print(f"error: {failed}", file=sys.stderr)
        return 1
    if wanted != page:
        file.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
