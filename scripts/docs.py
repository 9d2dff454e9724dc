"""Write what the documentation takes from the code.

That is: the tables of inputs and outputs in docs/module.md and in the README of each module that is called by
itself, from variables.tf and outputs.tf; the list of errors in docs/local-cloud.md, from scripts/refusals.py
and what it names; and the policies in docs/permissions.md.

They stand between two markers; what is around them is written by hand and stays. Called by `scripts/docs`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import hcl2

ROOT = Path(__file__).resolve().parents[1]
PAGE = "docs/module.md"
BEGIN = "<!-- From here on by scripts/docs, from variables.tf and outputs.tf. -->"
END = "<!-- Up to here by scripts/docs. -->"
ERRORS_PAGE = "docs/local-cloud.md"
ERRORS_BEGIN = "<!-- From here on by scripts/docs, from scripts/refusals.py. -->"
PERMISSIONS_PAGE = "docs/permissions.md"
PERMISSIONS_BEGIN = "<!-- From here on by scripts/docs, from secretwatch/policy/operators. -->"
ERRORS_FROM = "scripts/refusals.py, scripts/calls.json and tests/e2e/refused"


class Failed(Exception):
    """One sentence for the person at the terminal."""


@cache
def parsed(text: str) -> dict[str, Any]:
    """HCL as python-hcl2 has it, which takes half a second for the module's variables."""
    return dict(hcl2.loads(text))


def blocks(file: Path, kind: str) -> dict[str, dict[str, Any]]:
    """Bodies of the top-level blocks of a kind, by name, in the order of their names."""
    found = parsed(file.read_text(encoding="utf-8")).get(kind, [])
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


def _tables_of(module: str, root: Path) -> str:
    return tables(root / module)


def errors(root: Path) -> str:
    """Which errors of the services are refused by the local cloud."""
    spec = importlib.util.spec_from_file_location("scripts_refusals", root / "scripts/refusals.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["scripts_refusals"] = module
    spec.loader.exec_module(module)
    return str(module.section(root))


def permissions(_root: Path) -> str:
    """The policies of whoever plans and whoever applies, for all that an instance can have."""
    from secretwatch.policy.operators import FEATURES, Instance, policy

    whole = Instance("NAME", "ACCOUNT", "REGION", secret="SECRET")
    plan, apply = (policy(whole, changes=changes) for changes in (False, True))
    parts = [
        "For an instance with everything. What brings a statement, or more actions to one:",
        table(("what the instance has", "statements"), *_brought(FEATURES)),
    ]
    for command, document in (("plan", plan), ("apply", apply)):
        shown = json.dumps(document, indent=2)
        parts += [
            f"<details><summary><code>secretwatch policy {command}</code></summary>",
            f"```json\n{shown}\n```",
            "</details>",
        ]
    return "\n\n".join(parts)


def _brought(features: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Each feature in words, and the statements of whoever applies that it alone would bring or lengthen."""
    from secretwatch.policy.operators import Instance, policy

    def statements(*has: str) -> dict[str, Any]:
        instance = Instance("NAME", "ACCOUNT", "REGION", has=frozenset(has), secret="SECRET")
        return {each["Sid"]: each for each in policy(instance, changes=True)["Statement"]}

    bare = statements()
    yield "every instance", ", ".join(map(code, bare))
    for feature, words in features.items():
        others = {"organization": {"trail"}, "tags": features.keys() - {"tags"}}.get(feature, set())
        before, found = statements(*others), statements(*others, feature)
        yield words, ", ".join(code(sid) for sid, each in found.items() if before.get(sid) != each)


CALLED_BY_THEMSELVES = ("modules/decoy", "modules/global-events")
"""The registry takes modules without a README to be parts that nobody calls."""

PAGES: list[tuple[str, str, str, Callable[[Path], str]]] = [
    (PAGE, BEGIN, "variables.tf and outputs.tf", tables),
    *(
        (f"{each}/README.md", BEGIN, "its variables.tf and outputs.tf", partial(_tables_of, each))
        for each in CALLED_BY_THEMSELVES
    ),
    (ERRORS_PAGE, ERRORS_BEGIN, ERRORS_FROM, errors),
    (PERMISSIONS_PAGE, PERMISSIONS_BEGIN, "secretwatch/policy/operators", permissions),
]
"""Page, the line before what is written, what it is made of, and how."""


def rewritten(page: str, root: Path, name: str, first: str, write: Callable[[Path], str]) -> str:
    """The page with the tables as they should be."""
    before, begin, rest = page.partition(first)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Failed(f'{name} lacks the lines "{first}" and "{END}", between which the tables go.')
    return f"{before}{first}\n\n{write(root)}\n\n{END}{after}"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(prog="scripts/docs", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when something would change"
    )
    options = parser.parse_args(arguments)
    code = 0
    for name, first, made_of, write in PAGES:
        file = root / name
        if not file.exists():
            continue  # a part of the repository
        page = file.read_text(encoding="utf-8")
        try:
            wanted = rewritten(page, root, name, first, write)
            if options.check and wanted != page:
                raise Failed(f"{name} differs from {made_of}: run scripts/docs.")
        except Failed as failed:
            print(f"error: {failed}", file=sys.stderr)
            code = 1
            continue
        if wanted != page:
            file.write_text(wanted, encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
