"""Write what can silence a watch into docs/self-watch.md, from secretwatch/silencing.

Each part stands between two markers; what is around is written by hand and stays. Called by `scripts/docs`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from secretwatch.silencing import page as silencing

PAGE = Path(__file__).resolve().parents[1] / "docs/self-watch.md"
PARTS = {"counts": silencing.counts, "pairs": silencing.pairs, "table": silencing.table}
END = "<!-- Up to here by scripts/docs. -->"


class Failed(Exception):
    """One sentence for the person at the terminal."""


def rewritten(page: str) -> str:
    """The page with these parts as they should be."""
    for name, text in PARTS.items():
        begin = f"<!-- From here on by scripts/docs, from secretwatch/silencing: {name}. -->"
        before, found, rest = page.partition(begin)
        _, end, after = rest.partition(END)
        if not found or not end:
            raise Failed(
                f'docs/self-watch.md lacks the lines "{begin}" and "{END}", between which {name} go.'
            )
        page = f"{before}{begin}\n\n{text()}\n\n{END}{after}"
    return page


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
            raise Failed("docs/self-watch.md differs from secretwatch/silencing: run scripts/docs.")
    except Failed as failed:
        print(f"error: {failed}", file=sys.stderr)
        return 1
    if wanted != page:
        file.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
