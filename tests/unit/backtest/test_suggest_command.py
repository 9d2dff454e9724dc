"""`secretwatch suggest`: from log files to HCL, and its exit codes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hcl2
import pytest
from click.testing import Result
from commands import Runner
from history import ACCOUNT, PATTERN, other, read, write
from planning import alarm, filter_, plan

from secretwatch.cli import main

APP, OPS = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("app", "ops"))
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ALARM = ("--alarm", "threshold=1", "--alarm", "period=300")


def by(role: str, number: int, at: datetime, **more: Any) -> dict[str, Any]:
    session = {"sessionIssuer": {"type": "Role", "arn": role, "userName": role.rpartition("/")[2]}}
    who = {"type": "AssumedRole", "arn": f"{role}/session", "sessionContext": session}
    id = f"00000000-0000-0000-0000-{number:012}"
    return read(id, f"{at:%Y-%m-%dT%H:%M:%SZ}", userIdentity=who, **more)


def deliver(folder: Path, *events: dict[str, Any]) -> None:
    """Each in a file of its own, five minutes after the call."""
    for event in events:
        at = datetime.fromisoformat(event["eventTime"]) + timedelta(minutes=5)
        write(folder, f"{at:%Y-%m-%dT%H:%M}", [event], event["eventID"].replace("-", "")[-16:])


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Forty days: app reads twice a day, ops now and then from everywhere."""
    for day in range(40):
        at = BEGIN + timedelta(days=day)
        deliver(tmp_path, by(APP, 2 * day, at), by(APP, 2 * day + 1, at + timedelta(hours=12)))
        if day % 7 == 0:
            ops = by(OPS, 1000 + day, at + timedelta(hours=7), sourceIPAddress=f"203.0.113.{day}")
            deliver(tmp_path, ops)
    return tmp_path


def run(logs: Path, limit: str, *more: str) -> Result:
    return Runner().invoke(
        main, ["suggest", "--pattern", PATTERN, *ALARM, "--logs", str(logs), "--max-alarms", limit, *more]
    )


def test_what_is_suggested_can_be_pasted(logs: Path) -> None:
    done = run(logs, "2/week")
    assert done.exit_code == 0, done.output
    assert hcl2.loads(done.stdout)["except"] in ([APP], [f'"{APP}"'])
    assert "# 64 reads on 32 days, 1 address, 1 agent, 1 secret." in done.stdout
    assert "16 reads, all as before." in done.stdout
    assert f"# {OPS}: 5 reads; stays, because it reads rarely" in done.stdout


def test_a_later_read_of_a_new_kind_is_shown_as_the_price(logs: Path) -> None:
    deliver(logs, by(APP, 5000, BEGIN + timedelta(days=39), userAgent="curl\x1b[31m\n}"))
    done = run(logs, "2/week")
    assert done.exit_code == 0, done.output
    assert "17 reads, 1 of them with an address, agent or secret not seen before:" in done.stdout
    assert f"{APP} from 192.0.2.7 with curl" in done.stdout
    assert "\x1b" not in done.stdout
    # A name cannot end its comment.
    assert hcl2.loads(done.stdout)["except"]


def test_one_odd_read_before_and_nothing_is_suggested(logs: Path) -> None:
    deliver(logs, by(APP, 5000, BEGIN + timedelta(days=9), userAgent="curl"))
    done = run(logs, "2/week")
    assert done.exit_code == 1, done.output
    assert "no safe exceptions change that" in done.stdout
    assert f"# {APP}: 65 reads; stays, because an agent is seen on few days" in done.stdout
    assert "except" not in hcl2.loads(done.stdout)


def test_where_there_is_nothing_to_do_it_says_so(logs: Path) -> None:
    done = run(logs, "100/week", "--json", "-")
    assert done.exit_code == 0, done.output
    (each,) = json.loads(done.stdout)
    assert (each["suggestion"]["needed"], each["suggestion"]["chosen"]) == (False, [])
    assert "Nothing to do." in done.stderr


@pytest.mark.parametrize("arguments", [("--max-alarms", "3"), ("--max-alarms", "x/week"), ()])
def test_wrong_usage_is_a_sentence(logs: Path, arguments: tuple[str, ...]) -> None:
    done = Runner().invoke(main, ["suggest", "--pattern", PATTERN, "--logs", str(logs), *arguments])
    assert done.exit_code == 2
    assert Runner().invoke(main, ["suggest", "--logs", str(logs), "--max-alarms", "3/week"]).exit_code == 2


def test_a_limit_that_is_broken_in_the_end_alone_does_not_hold(tmp_path: Path) -> None:
    """Whatever `backtest --check` says of the same history."""
    quiet = [by(OPS, day, BEGIN + timedelta(days=day)) for day in (0, 30)]
    deliver(tmp_path, *quiet, *(by(APP, 100 + n, BEGIN + timedelta(days=38, hours=n)) for n in range(20)))
    done = run(tmp_path, "3/week")
    assert done.exit_code == 1, done.output
    assert "more in the part that was held out, with 20 alarms" in done.output
    assert "Nothing to do" not in done.output
    gate = ["backtest", "--pattern", PATTERN, *ALARM, "--logs", str(tmp_path), "--max-alarms", "3/week"]
    assert Runner().invoke(main, [*gate, "--check"]).exit_code == 1


def test_who_reads_no_more_is_seen_by_the_files_that_came_later(logs: Path) -> None:
    gone = BEGIN + timedelta(days=80)
    deliver(logs, other("0" * 32, f"{gone:%Y-%m-%dT%H:%M:%SZ}"))
    done = run(logs, "2/week")
    assert done.exit_code == 1, done.output
    assert f"{APP}: 80 reads; stays, because it does not read any more" in done.output


def test_nothing_read_or_not_all_tested_is_told(logs: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "x.json").write_text('{"Records":[]}')
    done = run(tmp_path / "none", "3/week")
    assert (done.exit_code, "the history holds no event" in done.output) == (3, True)
    shown = tmp_path / "plan.json"
    shown.write_text(json.dumps(plan(filter_("f"), filter_("g", pattern=...), alarm("a"))))
    (tmp_path / "none" / "x.json").unlink()
    done = Runner().invoke(main, ["suggest", str(shown), "--logs", str(logs), "--max-alarms", "900/week"])
    assert done.exit_code == 3, done.output
    assert "# not tested: The pattern of aws_cloudwatch_log_metric_filter.g" in done.output
