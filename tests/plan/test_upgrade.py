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
    assert not {address for address, done in actions.items() if "delete" in done}
    before = {
        f"{resource['type']}.{resource['name']}" for resource in json.loads(STATE.read_text())["resources"]
    }
    kept = [change for change in changes if change["change"]["actions"] in (["no-op"], ["update"])]
    assert {f"{change['type']}.{change['name']}" for change in kept} == before
    # What is new is the watch on the watch itself.
    new = {address for address, done in actions.items() if done == ["create"]}
    assert new
    assert all("module.self_watch" in address for address in new)
