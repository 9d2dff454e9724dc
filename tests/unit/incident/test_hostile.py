"""Callers' texts are shown, never obeyed: by a terminal, a page, a ticket, a program, a shell."""

from __future__ import annotations

import io
import json
import random
import re
import shlex
import subprocess
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, is_inert, needs_browser
from deep import some
from events_of import BEGIN, READS, assume, event, read, role, user
from hostile import PARTS, hostile
from markdown_it import MarkdownIt
from rich.console import Console

from secretwatch.awscli import command
from secretwatch.cli.console import visible_json
from secretwatch.cli.incident import _show as show
from secretwatch.incident.act import act_of
from secretwatch.incident.report import Report, Subject, report
from secretwatch.pipeline.incident.markdown import _block as block
from secretwatch.pipeline.incident.markdown import markdown
from secretwatch.pipeline.incident.page import page

pytestmark = pytest.mark.deep

COUNT = some(1000)


def crooked(dice: random.Random) -> tuple[Report, list[str]]:
    """A report in which everything that a caller could choose is hostile; and those texts."""
    texts = [hostile(dice) for _ in range(6)]
    name, session, secret, agent, address, error = texts
    key = dice.choice(["AKIA00000000", hostile(dice)])
    root = user(name, key)
    taken = role(name, session, "ASIA00000000", BEGIN)
    more = {"userAgent": agent, "sourceIPAddress": address}
    events = [
        assume(root, name, session, "ASIA00000000", BEGIN, event_id="1", **more),
        read(taken, BEGIN + timedelta(seconds=5), event_id="2", secret=secret, **more),
        read(root, BEGIN + timedelta(seconds=6), event_id="3", secret=secret, errorCode=error, **more),
        event(taken, error or "X", BEGIN, event_id="4", request={"roleName": name}, source=address, **more),
        event(taken, "CreateAccessKey", BEGIN, event_id="5",
              response={"accessKey": {"accessKeyId": hostile(dice), "userName": name}}),
    ]  # fmt: skip
    for each in events:
        each["awsRegion"] = dice.choice(["eu-west-1", address])
    acts = [act for each in events if (act := act_of(each, lambda one: one["eventName"] in READS))]
    made = report(
        acts,
        ["2"],
        subject=Subject("watch", "111122223333", "eu-west-1", "alarm", ("db",)),
        made=BEGIN + timedelta(hours=1),
        begin=BEGIN - timedelta(hours=1),
        end=BEGIN + timedelta(hours=1),
        alarm_time=BEGIN + timedelta(seconds=30),
        earlier=acts,
        since=BEGIN - timedelta(days=9),
    )
    return made, [*texts, key]


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    dice = random.Random(20260301)
    return [crooked(dice)[0] for _ in range(COUNT)]


SGR = re.compile(r"\x1b\[[0-9;]*m")


def test_in_a_terminal(reports: list[Report]) -> None:
    for each in reports[::4]:
        out = io.StringIO()
        show(Console(file=out, force_terminal=True, color_system=None, width=120, emoji=False), each)
        text = SGR.sub("", out.getvalue())
        assert not [char for char in text if not char.isprintable() and char != "\n"]


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", ()))


def test_in_a_page(reports: list[Report]) -> None:
    allowed = {
        *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "section", "div", "svg"),
        *("line", "text", "path", "circle", "ul", "ol", "li", "b", "br", "span", "pre", "table", "tr", "td"),
        *("code", "footer"),
    }
    attributes = {
        *("lang", "charset", "http-equiv", "content", "name", "class", "viewbox", "role", "aria-label"),
        *("x1", "y1", "x2", "y2", "x", "y", "d", "cx", "cy", "r", "text-anchor"),
    }
    for each in reports:
        html = page(each)
        seen = Elements()
        seen.feed(html)
        assert {tag for tag, _ in seen.found} <= allowed
        assert {name for _, names in seen.found for name in names} <= attributes
        assert [tag for tag, _ in seen.found].count("style") == 1
        assert all(char.isprintable() or char == "\n" for char in html)


@needs_browser
def test_in_a_browser(tmp_path: Path, reports: list[Report]) -> None:
    file = tmp_path / "page.html"
    for number, each in enumerate(reports[:3]):
        file.write_text(page(each), encoding="utf-8")
        dom = Browser(tmp_path / f"profile{number}").dom(file)
        assert is_inert(dom)
        assert "<title>Incident: watch</title>" in dom


def test_in_a_ticket(reports: list[Report]) -> None:
    parser = MarkdownIt("gfm-like", {"linkify": False}).enable("table")
    for each in reports:
        text = markdown(each)
        tokens = parser.parse(text)
        assert {token.type for token in tokens} <= {
            *("heading_open", "heading_close", "inline", "fence", "paragraph_open", "paragraph_close")
        }
        said = [token.content for token in tokens if token.type == "inline"]
        fences = [token for token in tokens if token.type == "fence"]
        # Outside of fences stands only what is ours, alike in each ticket.
        assert said == [
            "Incident: a secret was read",
            "First seen",
            "Credentials",
            "Secrets",
            "Is this usual?",
            "From where",
            "Commands that stop it",
            "None of these commands was run. Read each before you run it, from the top down.",
            "What these credentials did",
            "What is not known",
        ]
        assert len(fences) == 9
        assert all(char.isprintable() or char == "\n" for char in text)
        # What a person pastes: comments and commands.
        (steps,) = [token.content for token in fences if token.info == "sh"]
        lines = [line for line in steps.splitlines() if line]
        assert all(line.startswith(("# ", "aws ")) for line in lines)


@pytest.mark.parametrize("line", ["```", "`````", "~~~", "    x", "# x"])
def test_no_line_ends_its_fence(line: str) -> None:
    (fence,) = MarkdownIt("commonmark").parse(block([line, "after"]))
    assert (fence.type, fence.content) == ("fence", f"{line}\nafter\n")


def test_in_json(reports: list[Report]) -> None:
    for each in reports:
        text = visible_json(json.dumps(each.as_dict(), indent=2, ensure_ascii=False))
        assert all(char.isprintable() or char == "\n" for char in text)
        assert json.loads(text) == each.as_dict()


def values(line: str) -> dict[str, Any]:
    """What the AWS CLI gets: parameters by option, or those of its JSON by name."""
    words = shlex.split(line)
    assert words[0] == "aws"
    given, rest = {}, words[3:]
    assert len(rest) % 2 == 0
    for option, value in zip(rest[::2], rest[1::2], strict=True):
        assert re.fullmatch(r"--[a-z-]+", option)
        if option == "--cli-input-json":
            given.update({name.lower(): each for name, each in json.loads(value).items()})
        else:
            assert not value.startswith(("-", "file://", "fileb://", "http://", "https://"))
            given[option.removeprefix("--").replace("-", "")] = value
    return given


def test_in_a_shell(tmp_path: Path) -> None:
    dice = random.Random(20260302)
    lines = []
    for _ in range(COUNT):
        made, (name, _session, secret, *_) = crooked(dice)
        commands = [each.command for each in made.steps if each.command]
        assert commands
        lines += commands
        for each in commands:
            assert each.isprintable()
            given = values(each)
            if "rolename" in given:
                assert given["rolename"] == f"arn:aws:iam::1:role/{name}".rpartition("/")[2]
                assert json.loads(given["policydocument"])["Statement"][0]["Effect"] == "Deny"
            if "secretid" in given:
                assert given["secretid"] == secret
    script = tmp_path / "commands.sh"
    script.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogatepass")
    subprocess.run(["bash", "-n", str(script)], check=True)
    # As bash sees it: a function in the place of the AWS CLI, which tells what it got.
    script.write_text('aws() { printf "%s\\n" "$#"; }\n' + script.read_text(errors="surrogatepass"))
    done = subprocess.run(["bash", str(script)], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert not done.stderr
    assert [int(each) for each in done.stdout.split()] == [len(shlex.split(line)) - 1 for line in lines]
    assert [each.name for each in tmp_path.iterdir()] == ["commands.sh"]


def test_no_policy_holds_what_is_no_principal() -> None:
    """A policy reads ${…} as a variable and * as anybody: neither gets into one."""
    dice = random.Random(20260303)
    for _ in range(200):
        made, _ = crooked(dice)
        for each in made.steps:
            if "put-resource-policy" in each.command:
                document = json.loads(values(each.command)["resourcepolicy"])
                (statement,) = document["Statement"]
                for arn in statement["Condition"]["StringEquals"]["aws:PrincipalArn"]:
                    assert re.fullmatch(r"arn:aws:iam::\d{12}:(user|role)/[\w+=,.@/-]+", arn, re.ASCII)


@pytest.mark.parametrize("value", PARTS)
def test_a_value_reaches_the_command_line_as_it_is(value: str) -> None:
    line = command("iam", "PutRolePolicy", {"RoleName": value, "PolicyName": "x"}, "eu-west-1")
    assert line.isprintable()
    assert values(line) == {"rolename": value, "policyname": "x", "region": "eu-west-1"}
