"""`terraform_data.applied` changes with whatever is configured, and is written last."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any


def block(repo: Path) -> str:
    text = (repo / "main.tf").read_text()
    found = re.search(r'^resource "terraform_data" "applied" \{\n.*?^\}\n', text, re.M | re.S)
    assert found
    return found[0]


def test_it_has_every_input_but_the_secrets_value(repo: Path) -> None:
    variables = set(re.findall(r'^variable "(\w+)"', (repo / "variables.tf").read_text(), re.M))
    assert set(re.findall(r"\bvar\.(\w+)", block(repo))) == variables - {"secret_value"}


def test_it_is_applied_after_every_module(repo: Path) -> None:
    modules = set(re.findall(r'^module "(\w+)"', (repo / "main.tf").read_text(), re.M))
    after = block(repo).partition("depends_on")[2]
    assert set(re.findall(r"module\.(\w+)", after)) == modules


def test_its_value_is_known_in_a_plan_and_says_nothing_of_the_inputs(quickstart: Any) -> None:
    applied = quickstart.of("secretwatch")["terraform_data.applied"]
    assert re.fullmatch("[0-9a-f]{64}", applied["input"])
