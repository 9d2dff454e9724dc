"""Policies, and the parts of statements that experiments write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass


def document(*statements: dict[str, Any]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def service(name: str, **condition: Any) -> dict[str, Any]:
    """The part of a statement that names a service, and on what condition."""
    statement: dict[str, Any] = {"Principal": {"Service": f"{name}.amazonaws.com"}}
    return statement | ({"Condition": condition} if condition else {})
