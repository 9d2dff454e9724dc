"""From the state that release 0.1.0 left behind nothing is replaced, neither evidence nor subscriptions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

STATE = Path(__file__).with_name("state-0.1.0.json")

ROOT = """
module "secretwatch" {
  source = "../"

  email_addresses = ["ops@example.com"]
  name            = "before"
  secret          = { name = "TopSecretInfo" }
  secret_value    = "x"
  secrets         = ["db"]
}
"""


# Account and region are then read in the apply: a plan knows no name that they are part of.
LATE = 'resource "terraform_data" "before" {}\n' + ROOT.replace(
    'secretwatch" {', 'secretwatch" {\n  depends_on = [terraform_data.before]\n'
)

# Filters were named by number, and are by what they hold now.
RENAMED = "aws_cloudwatch_log_metric_filter.this"


def changes_of(terraform: Any, name: str, text: str) -> list[dict[str, Any]]:
    """What a plan changes, from that state."""
    root = terraform.new_root(name, text)
    shutil.copy(STATE, root / "terraform.tfstate")
    # What the state names exists in no account: it is not asked for.
    terraform.run(root, "plan", "-refresh=false", "-out=upgrade.tfplan")
    shown = terraform.run(root, "show", "-json", "upgrade.tfplan")
    changes: list[dict[str, Any]] = json.loads(shown[shown.index("{") :])["resource_changes"]
    return changes


@pytest.mark.parametrize(
    ("name", "text"), [("upgrade", ROOT), pytest.param("upgrade-late", LATE, marks=pytest.mark.later)]
)
def test_nothing_is_replaced(terraform: Any, aws: dict[str, str], name: str, text: str) -> None:
    changes = changes_of(terraform, name, text)
    actions = {change["address"]: change["change"]["actions"] for change in changes}
    gone = {address for address, done in actions.items() if "delete" in done}
    assert all(RENAMED in address for address in gone)
    before = {
        f"{resource['type']}.{resource['name']}" for resource in json.loads(STATE.read_text())["resources"]
    } - {RENAMED}
    kept = [change for change in changes if change["change"]["actions"] in (["no-op"], ["update"])]
    assert {f"{change['type']}.{change['name']}" for change in kept} == before
    # What is new is the watch on the watch itself, alarms that do not end, and what stops a destroy.
    new = {address for address, done in actions.items() if done == ["create"]} - {"terraform_data.before"}
    assert new
    dealt = "aws_cloudwatch_log_metric_filter.dealt"
    own = (
        "module.self_watch",
        "module.fast_self_watch",
        "module.fast_topic",
        "terraform_data.",
        "aws_cloudwatch_metric_alarm.stuck",
        dealt,
    )
    assert [address for address in new if not any(part in address for part in own)] == []
    assert any(dealt in address for address in new)
