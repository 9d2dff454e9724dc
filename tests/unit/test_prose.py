"""Pages read well: no sentence that is too long, and none of the riddles that were mended before."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from secretwatch.cli import main
from secretwatch.verify.model import COMMON
from secretwatch.verify.table import EXPERIMENTS

REPO = Path(__file__).parents[2]
PLACES = ("*.md", "benchmarks/*.md", "docs/**/*.md", "modules/*/*.md")
LONGEST = 30
# Where a command's texts lie.
PRINTS = {
    "all": ("cli/*.py", "pipeline/*.py"),
    "backtest": ("backtest/*.py", "pipeline/athena/*.py", "pipeline/backtest/*.py"),
    "doctor": ("pipeline/doctor/**/*.py",),
    "drill": ("pipeline/drill/*.py",),
    "incident": ("incident/*.py", "pipeline/incident/*.py"),
    "verify": ("verify/**/*.py",),
}
# They are no sentences, and may begin so.
HEADINGS = ("What these credentials did (UTC)",)
RIDDLES = {
    # "What names no secret counts." Name the thing: "Calls that name no secret count."
    "begins with an unnamed subject": r"^(What|Whatever|Who|Whoever|Whom|Whose)\b(\W+\w+){4,}[^?]*[.;]$",
    # "Where the key is gone, …" It is a condition: "If the key is gone, …".
    "says where for if": r"^Where\b(\W+\w+){4,}[^?]*[.;]$",
    # "A change is told of." Say what happens: "A change sends a message."
    "is told of": r"\b(is|are|was|were) (told|heard) of\b|\b(hear|hears) of\b",
    # "Nothing but reads is counted": "Only reads are counted".
    "says nothing but for only": r"\b(nothing|none|nobody) (else )?but\b",
    "says without a word": r"\bwithout a word\b|\bof no matter\b|\bcan(not)? be had\b",
}


def pages() -> list[str]:
    found = [file for place in PLACES for file in REPO.glob(place)]
    return sorted(str(file.relative_to(REPO)) for file in found)


def sentences(page: str) -> Iterator[str]:
    """Sentences of paragraphs, items and cells; code stands as one word, and links as their text.

    A colon and a semicolon end one, too: a reader breathes there.
    """
    page = re.sub(r"<!-- From here on by.*?<!-- Up to here by.*?-->", "", page, flags=re.DOTALL)
    page = re.sub(r"^```.*?^```$|<!--.*?-->|^    .*?$", "\n", page, flags=re.DOTALL | re.MULTILINE)
    page = re.sub(r"^\|.*\|$", _ended, page, flags=re.MULTILINE)
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.)\s)|^#.*$|\||^\s*---", page, flags=re.MULTILINE):
        text = re.sub(r"`[^`]*`", "code", block)
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
        text = re.sub(r"^\s*(?:[-*]|\d+\.)\s+|\*+", "", text)
        yield from re.split(r"(?<=[.!?:;])[\")]*\s+", " ".join(text.split()))


def _ended(row: re.Match[str]) -> str:
    """A row of a table whose cells, and their parts, begin and end as sentences do."""
    begun = re.sub(r"(?<=[|;] )w(?=h)", "W", row[0])
    return re.sub(r"(?<=[^\s|.!?:;-])\s*\|", ". |", begun)


def faults(page: str) -> Iterator[str]:
    for sentence in sentences(page):
        words = re.findall(r"[\w’'./-]+", sentence)
        if len(words) > LONGEST:
            yield f"has {len(words)} words, {LONGEST} at most: {sentence}"
        for name, form in RIDDLES.items():
            if re.search(form, sentence):
                yield f"{name}: {sentence}"


@pytest.mark.parametrize("page", pages())
def test_every_sentence_can_be_read_once(page: str) -> None:
    found = list(faults((REPO / page).read_text()))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("What names no secret counts for all of them.", "begins with an unnamed subject"),
        ("- Fine. **Whoever reads the secret** rings it.", "begins with an unnamed subject"),
        ("| a | Where the key is gone, nothing is kept. |", "says where for if"),
        ("| `a` | fine; what is no name of anything | b |", "begins with an unnamed subject"),
        ("A change is\ntold of within seconds.", "is told of"),
        ("Nothing but `reads` is counted: nothing but reads.", "says nothing but for only"),
        ("It is dropped without a word.", "says without a word"),
        (" ".join(["word"] * 31) + ".", "has 31 words"),
    ],
)
def test_a_riddle_is_found(page: str, fault: str) -> None:
    assert any(found.startswith(fault) for found in faults(page))


@pytest.mark.parametrize(
    "page",
    [
        "# What is not watched by this\n\nCalls that name no secret count.",
        "What is it, and who made it, and when?",
        "```\nWhat is in code is no prose at all.\n```",
        "What it costs: $4.",
        " ".join(["word"] * 30) + ". " + " ".join(["word"] * 30) + ".",
    ],
)
def test_the_rest_passes(page: str) -> None:
    assert not list(faults(page))


def said_by_terraform(file: str) -> Iterator[str]:
    """What people read of a .tf file: descriptions and refusals, with a word for what is filled in."""
    for text in re.findall(
        r'^ *(?:\w*description|error_message) += "(.*)"$', (REPO / file).read_text(), re.M
    ):
        filled = re.sub(r"\$\{(?:[^{}]|\{[^{}]*\})*\}", "x", text).replace('\\"', '"')
        yield filled.removesuffix(".") + "."


@pytest.mark.parametrize("place", ["*.tf", "modules/*/*.tf"])
def test_every_sentence_of_the_module_can_be_read_once(place: str) -> None:
    # IAM would replace its policy for another description.
    kept = REPO / "modules/chat/main.tf"
    files = [str(file.relative_to(REPO)) for file in sorted(REPO.glob(place)) if file != kept]
    found = [
        f"{file} {fault}" for file in files for text in said_by_terraform(file) for fault in faults(text)
    ]
    assert files
    assert not found, "\n".join(found)


def helps(command: click.Command, parent: click.Context | None = None) -> Iterator[str]:
    """What `--help` says of a command, its options and its subcommands, paragraph by paragraph."""
    context = click.Context(command, parent=parent)
    options = [each.help or "" for each in command.params if isinstance(each, click.Option)]
    yield from (each for text in [command.help or "", *options] for each in text.split("\n\n"))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if inner := command.get_command(context, name):
                yield from helps(inner, context)


def test_every_sentence_of_a_help_can_be_read_once() -> None:
    paragraphs = [" ".join(text.replace("\b", "").split()) for text in helps(main)]
    assert len(paragraphs) > 100
    found = [fault for text in paragraphs for fault in faults(text)]
    assert not found, "\n".join(found)


def test_every_sentence_of_an_experiment_can_be_read_once() -> None:
    texts = [
        text
        for each in EXPERIMENTS
        for text in (each.claim, each.why, each.source, *(seen.sentence for seen in each.outcomes.values()))
    ]
    texts += [seen.sentence for seen in COMMON.values()]
    assert len(texts) > 200
    found = [fault for text in texts for fault in faults(text)]
    assert not found, "\n".join(found)


def said_by_a_program(file: Path) -> Iterator[str]:
    """Texts that a module may print, `x` for what is filled in: no docstrings, no markup of a page."""
    tree = ast.parse(file.read_text())
    nodes = list(ast.walk(tree))
    passed = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            passed |= {id(part) for part in ast.walk(node) if part is not node}
    for node in nodes:
        if id(node) in passed or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts)
        if " " in text and text not in HEADINGS and not re.search(r"[<{]|\n.*\n", text):
            yield text.removesuffix(".") + "."


@pytest.mark.parametrize("command", PRINTS)
def test_every_sentence_that_a_command_prints_can_be_read_once(command: str) -> None:
    files = [file for place in PRINTS[command] for file in REPO.glob(f"secretwatch/{place}")]
    found = [
        f"{file.relative_to(REPO)} {fault}"
        for file in sorted(files)
        for text in said_by_a_program(file)
        for fault in faults(text)
    ]
    assert files
    assert not found, "\n".join(found)
