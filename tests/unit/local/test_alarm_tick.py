"""`--alarm-tick` takes seconds or the word minute, and says so of anything else."""

from __future__ import annotations

import pytest
from commands import Runner

from secretwatch.cli.local import local as command


@pytest.mark.parametrize("given", ["Minute", "hour", "1m", "-1"])
def test_what_is_neither_is_told_what_to_write(given: str) -> None:
    result = Runner().invoke(command, ["up", "--alarm-tick", given])
    assert result.exit_code == 2
    said = " ".join(result.output.split())
    assert f"{given!r} is neither a number of seconds nor the word minute: write minute or 1." in said
