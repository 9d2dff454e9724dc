"""Write the tables of inputs and outputs in docs/module.md, from variables.tf and outputs.tf.

They stand between two markers; what is around them is written by hand and stays. Called by `scripts/docs`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import hcl2

ROOT = Path(__file__).resolve().parents[1]
PAGE = "docs/module.md"
BEGIN = "<!-- From here on by scripts/docs, from variables.tf and outputs.tf. -->"
END = "<!-- Up to here by scripts/docs. -->"


class Failed(Exception):
    """One sentence for the person at the terminal."""


def blocks(file: Path, kind: str) -> dict[str, dict[str, Any]]:
    """Bodies of the top-level blocks of a kind, by name, in the order of their names."""
    with open(file, encoding="utf-8") as text:
        found = hcl2.load(text).get(kind, [])
    return dict(sorted((json.loads(name), body) for block in found for name, body in block.items()))


def expression(value: Any) -> str:
    """A value of python-hcl2 as HCL: it keeps strings in their quotes, and wraps in ${} what it does not
    evaluate."""
    if isinstance(value, str):
        return value.removeprefix("${").removesuffix("}") if value.startswith("${") else value
    return json.dumps(value)


def code(text: str) -> str:
    return f"`{text}`"


def row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def table(*rows: Iterable[str]) -> str:
    head, *others = map(tuple, rows)
    return "\n".join(map(row, [head, ["---"] * len(head), *others]))


def description(body: dict[str, Any]) -> str:
    text = json.loads(body["description"])
    flags = [flag for flag in ("ephemeral", "sensitive") if body.get(flag)]
    return f"{text} ({', '.join(flags)})" if flags else text


def tables(root: Path) -> str:
    inputs = blocks(root / "variables.tf", "variable")
    outputs = blocks(root / "outputs.tf", "output")
    return "\n\n".join(
        [
            "## Inputs",
            table(
                ("name", "type", "default", "description"),
                *(
                    (
                        code(name),
                        code(expression(body["type"])),
                        code(expression(body["default"])) if "default" in body else "required",
                        description(body),
                    )
                    for name, body in inputs.items()
                ),
            ),
            "## Outputs",
            table(
                ("name", "description"), *((code(name), description(body)) for name, body in outputs.items())
            ),
        ]
    )


def rewritten(page: str, root: Path) -> str:
    """The page with the tables as they should be."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Failed(f'{PAGE} lacks the lines "{BEGIN}" and "{END}", between which the tables go.')
    return f"{before}{BEGIN}\n\n{tables(root)}\n\n{END}{after}"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(prog="scripts/docs", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when something would change"
    )
    options = parser.parse_args(arguments)
    file = root / PAGE
    try:
        page = file.read_text(encoding="utf-8")
        wanted = rewritten(page, root)
        if options.check and wanted != page:
            raise Failed(f"{PAGE} differs from variables.tf and outputs.tf: run scripts/docs.")
    except Failed as failed:
        print(f"error: {failed}", file=sys.stderr)
        return 1
    if wanted != page:
        file.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
