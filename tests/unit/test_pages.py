"""How pages are followed: what is a command, what it has to say, and what is left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pages import Reader, commands, missing, parts, with_source

PAGE = """# A page

<!-- file: alarms.tf -->
```hcl
a = 1
```

<!-- then: everybody confirms -->
<!-- not run: it cannot be had here -->
```console
$ false
```

```console
$ echo one \\
    two
one … two
```

```hcl
b = 2
```
"""


def reader(folder: Path, then: list[str]) -> Reader:
    return Reader(folder, lambda: os.environ, lambda page: page, then.append)


def test_a_page_is_followed_from_top_to_bottom(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(PAGE.replace("one … two", "one two"))
    then: list[str] = []
    assert reader(tmp_path, then).follow(tmp_path / "page.md") == 1
    assert then == ["everybody confirms"]
    assert (tmp_path / "alarms.tf").read_text() == "a = 1\n"
    assert (tmp_path / "main.tf").read_text() == "b = 2\n"


def test_what_is_left_out_is_no_part() -> None:
    assert [(part.kind, part.line) for part in parts(PAGE)] == [
        ("hcl", 4),
        ("then", 8),
        ("console", 14),
        ("hcl", 20),
    ]


def test_a_command_goes_on_after_a_backslash() -> None:
    assert list(commands("$ a \\\n  b\nsaid\n\n$ c\n")) == [("a \\\n  b", ["said"]), ("c", [])]


def test_a_command_of_several_lines_ends_where_it_is_whole() -> None:
    block = "$ a=$(b) && \\\n  c\nd\n"
    assert list(commands(block)) == [("a=$(b) && \\\n  c", ["d"])]


@pytest.mark.parametrize(
    ("wanted", "said", "line"),
    [
        ([], "", None),
        (["a … c"], "x\n  a  b   c\n", None),
        (["a", "b"], "a\nx\nb", None),
        (["a", "b"], "b\na", "b"),
        (["a", "a"], "a", "a"),
        (["a.c"], "abc", "a.c"),
    ],
)
def test_what_has_to_be_said_comes_in_its_order(wanted: list[str], said: str, line: str | None) -> None:
    assert missing(wanted, said) == line


@pytest.mark.parametrize("page", ["```console\n$ false\n```\n", "```console\n$ echo a\nb\n```\n"])
def test_a_command_that_fails_or_says_something_else_fails(tmp_path: Path, page: str) -> None:
    (tmp_path / "page.md").write_text(page)
    with pytest.raises(AssertionError, match=r"page\.md:1: "):
        reader(tmp_path, []).follow(tmp_path / "page.md")


def test_the_module_alone_is_taken_from_the_clone() -> None:
    hcl = 'source = "github.com/your-fork/secretwatch//modules/decoy?ref=v1"\nsource = "./mine"\n'
    assert with_source(hcl, "..") == 'source = "../modules/decoy"\nsource = "./mine"\n'
