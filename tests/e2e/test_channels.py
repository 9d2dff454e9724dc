"""`compare`, and the smoke test's queues, on an account where all channels are on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from channels import VALUE, Channels
from deployment import wait_for

pytestmark = pytest.mark.later

COMMAND = Path(sys.executable).with_name("secretwatch")

# A root that has nothing but the output that the commands read.
ROOT = """
variable "watch" {
  type = any
}

output "watch" {
  value = var.watch
}
"""


@pytest.fixture
def account(aws: dict[str, str]) -> Iterator[Channels]:
    made = Channels()
    yield made
    made.remove()


@pytest.fixture
def start(account: Channels, terraform: Any, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts a command on the account, with changes of what is said to be deployed."""

    def start(command: str, *options: str, **changes: Any) -> subprocess.Popen[str]:
        root = terraform.new_root(f"channels-{account.id}", ROOT)
        (root / "facts.auto.tfvars.json").write_text(json.dumps({"watch": account.facts | changes}))
        terraform.run(root, "apply", "-auto-approve")
        return subprocess.Popen(
            [COMMAND, command, str(root), *options],
            env=os.environ
            | terraform.env
            | {"AWS_ACCESS_KEY_ID": account.id, "XDG_STATE_HOME": str(tmp_path / "state")},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return start


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=150)
    assert VALUE not in out + err
    return process.returncode, out, err


def test_all_channels_are_compared(start, account: Channels, tmp_path: Path) -> None:
    options = ["--reads", "2", "--noise", "3", "--minutes", "0.05", "--json"]
    files = ["--markdown", str(tmp_path / "table.md"), "--picture", str(tmp_path / "picture.svg")]
    code, out, err = ended(start("compare", *options, *files))
    assert code == 0, out + err
    found = json.loads(out)
    assert (found["result"], found["reads"], found["noise"]) == ("pass", 2, 3)
    alarm, trail, realtime = found["channels"]
    assert all(each["complete"] and each["bytes"] > 0 for each in found["channels"])
    assert alarm["messages"] == 1
    assert trail["messages"] >= 1
    assert realtime["messages"] == 2
    assert alarm["names"] == trail["names"] == {"secret": 0, "reader": 0, "address": 0, "time": 0}
    assert realtime["names"] == {"secret": 2, "reader": 2, "address": 2, "time": 2}
    assert found["left_behind"] == []
    assert account.leftovers() == []
    assert "| realtime rule |" in (tmp_path / "table.md").read_text()
    assert ET.parse(tmp_path / "picture.svg").getroot().tag.endswith("svg")
    assert VALUE not in (tmp_path / "table.md").read_text() + (tmp_path / "picture.svg").read_text()


def test_what_is_not_deployed_is_left_out(start, account: Channels) -> None:
    account.cloudtrail.update_trail(Name="payments", SnsTopicName="")
    changes = {"notifications_topic_arn": None}
    code, out, err = ended(
        start("compare", "--reads", "1", "--noise", "0", "--minutes", "0", "--json", **changes)
    )
    assert code == 0, out + err
    assert [each["deployed"] for each in json.loads(out)["channels"]] == [True, False, True]
    assert account.leftovers() == []


def test_a_rule_that_sees_no_reads_is_found_out(start, account: Channels) -> None:
    account.events.disable_rule(Name="reads")
    options = ["--reads", "1", "--noise", "0", "--minutes", "0", "--timeout", "8", "--json"]
    code, out, err = ended(start("compare", *options))
    assert code == 3, out + err
    found = json.loads(out)
    assert [each["complete"] for each in found["channels"]] == [True, True, False]
    assert found["reason"] == "After 8 s this was not complete: realtime rule."
    assert account.leftovers() == []


def test_a_read_that_is_refused_leaves_no_queue(start, account: Channels) -> None:
    code, out, _ = ended(start("compare", "--minutes", "0", secrets=["no-such-secret"]))
    assert code == 1
    assert "ResourceNotFoundException" in out
    assert account.leftovers() == []


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("compare", ["--minutes", "10"]),
        ("smoke", ["--path", "both", "--prove-delivery", "--timeout", "120"]),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_queue(
    start, account: Channels, command: str, options: list[str], number: signal.Signals
) -> None:
    account.events.disable_rule(Name="reads")
    process = start(command, *options)
    wait_for("a queue with its subscription", lambda: account.sns.list_subscriptions()["Subscriptions"])
    process.send_signal(number)
    code, out, _ = ended(process)
    assert code == 130, out
    assert "interrupted" in out
    assert account.leftovers() == []


def test_smoke_proves_both_paths(start, account: Channels, tmp_path: Path) -> None:
    options = ["--path", "both", "--prove-delivery", "--count", "3", "--json"]
    code, out, err = ended(start("smoke", *options))
    assert code == 0, out + err
    found = json.loads(out)
    assert [hop["status"] for hop in found["hops"]] == ["ok"] * 9
    assert len({read["event_id"] for read in found["reads"]}) == 3
    assert account.leftovers() == []
    (kept,) = (tmp_path / "state/secretwatch/smoke.jsonl").read_text().splitlines()
    assert json.loads(kept)["count"] == 3


def test_the_local_inbox_serves_for_the_realtime_message(start, account: Channels, local_cloud: Any) -> None:
    account.sns.subscribe(TopicArn=account.alerts, Protocol="email", Endpoint="ops@example.com")
    local_cloud.confirm()
    code, out, err = ended(start("smoke", "--path", "realtime", "--count", "2"))
    assert code == 0, out + err
    assert "2 messages in the inbox" in out
    assert account.leftovers() == ["ops@example.com"]
