"""From the state that release 0.1.0 left behind nothing is replaced, neither evidence nor subscriptions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

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


def test_nothing_is_replaced(terraform: Any, aws: dict[str, str]) -> None:
    root = terraform.new_root("upgrade", ROOT)
    shutil.copy(STATE, root / "terraform.tfstate")
    # What the state names exists in no account: it is not asked for.
    terraform.run(root, "plan", "-refresh=false", "-out=upgrade.tfplan")
    shown = terraform.run(root, "show", "-json", "upgrade.tfplan")
    changes = json.loads(shown[shown.index("{") :])["resource_changes"]
    actions = {change["address"]: change["change"]["actions"] for change in changes}
    # Filters were named by number, and are by what they hold now: the old ones go when the new ones count.
    renamed = "aws_cloudwatch_log_metric_filter.this"
    gone = {address for address, done in actions.items() if "delete" in done}
    assert all(renamed in address for address in gone)
    before = {
        f"{resource['type']}.{resource['name']}" for resource in json.loads(STATE.read_text())["resources"]
    } - {renamed}
    kept = [change for change in changes if change["change"]["actions"] in (["no-op"], ["update"])]
    assert {f"{change['type']}.{change['name']}" for change in kept} == before
    # What is new is the watch on the watch itself, and what stops a destroy.
    new = {address for address, done in actions.items() if done == ["create"]}
    assert new
    dealt = "aws_cloudwatch_log_metric_filter.dealt"
    assert all(
        "module.self_watch" in address or dealt in address or "terraform_data.evidence" in address
        for address in new
    )
    assert any(dealt in address for address in new)
