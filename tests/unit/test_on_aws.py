"""docs/on-aws.md has a row for each argument of each resource, and names tests and experiments that exist."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2

from secretwatch.verify.table import EXPERIMENTS

REPO = Path(__file__).parents[2]
PAGE = (REPO / "docs/on-aws.md").read_text()
# What Terraform itself reads.
META = {"count", "depends_on", "for_each", "lifecycle", "provider"}


def arguments(body: dict[str, Any], path: str = "") -> Iterator[str]:
    """Of a resource: `name`, or `block.name`."""
    for name, value in body.items():
        if name in META or name.startswith("__"):
            continue
        blocks = value if isinstance(value, list) else []
        if name == "dynamic":
            for block in blocks:
                for kind, inside in block.items():
                    for content in inside["content"]:
                        yield from arguments(content, f"{path}{kind.strip(chr(34))}.")
        elif any(isinstance(block, dict) and "__is_block__" in block for block in blocks):
            for block in blocks:
                yield from arguments(block, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def in_the_module() -> dict[str, set[str]]:
    """Arguments by address; with the module's name where several have the same address."""
    found: list[tuple[str, str, set[str]]] = []
    for file in [REPO / "main.tf", *sorted((REPO / "modules").glob("*/*.tf"))]:
        text = file.read_text()
        if not re.search(r"^(resource|data) ", text, re.MULTILINE):
            continue
        parsed = hcl2.loads(text)
        for kind, before in (("resource", ""), ("data", "data.")):
            for block in parsed.get(kind, []):
                for type_, named in block.items():
                    for name, body in named.items():
                        address = f"{before}{type_}.{name}".replace('"', "")
                        found.append((address, file.parent.name, set(arguments(body)) - {""}))
    times = Counter(address for address, _, _ in found)
    return {
        f"{address} ({module})" if times[address] > 1 else address: names for address, module, names in found
    }


def on_the_page() -> dict[str, list[str]]:
    """What stands in the first column of each section's table."""
    found: dict[str, list[str]] = {}
    for section in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]:
        title, _, text = section.partition("\n")
        rows = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
        for address in title.split(", "):
            found[address] = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    return found


def test_each_argument_has_one_row() -> None:
    page, module = on_the_page(), in_the_module()
    assert page.keys() == module.keys()
    for address, names in page.items():
        assert sorted(names) == sorted(module[address]), address


def test_what_it_names_exists() -> None:
    files = re.findall(r"`(tests/[^`]+)`", PAGE)
    assert files
    assert [each for each in files if not (REPO / each).exists()] == []
    named = {
        name
        for text in re.findall(r"experiments? (`[^|)]*)[|)]", PAGE)
        for name in re.findall(r"`([a-z-]+)`", text)
    }
    assert len(named) >= 10
    assert named <= {each.id for each in EXPERIMENTS}


def test_each_row_says_what_would_fail() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert [row for row in rows if "`tests/" not in row.split(" | ")[-1]] == []
