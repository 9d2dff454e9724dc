"""A number without its option: the command that was meant is said."""

from __future__ import annotations

import pytest
from commands import Runner

from secretwatch.cli import main


@pytest.mark.parametrize(
    ("typed", "write"),
    [
        ("tick 10", "local tick --minutes 10"),
        ("tick 10 20", "local tick --minutes 10"),
        ("tick --minutes 3 10", "local tick --minutes 10"),
        ("tick 0", "local tick --minutes N"),
        ("tick $(reboot)", "local tick --minutes N"),
        ("up 4567", "local up --port 4567"),
        ("up here", "local up --port PORT"),
    ],
)
def test_the_option_is_named(typed: str, write: str) -> None:
    ended = Runner().invoke(main, ["local", *typed.split()], prog_name="secretwatch")
    assert ended.exit_code == 2
    assert f"write `secretwatch {write}`." in ended.stderr


def test_the_usage_does_not_offer_it() -> None:
    usage = Runner().invoke(main, ["local", "tick", "--help"], prog_name="secretwatch").stdout.splitlines()[0]
    assert usage == "Usage: secretwatch local tick [OPTIONS]"
