"""Instances of the module, and what a policy of their operators lets through."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from secretwatch.policy import Principal, Request, evaluate
from secretwatch.policy.operators import ALL, Instance

ACCOUNT, REGION = "111122223333", "eu-west-1"
APPLIER = Principal.of(f"arn:aws:iam::{ACCOUNT}:role/applier")
BARE = Instance("payments", ACCOUNT, REGION, has=frozenset())
WHOLE = replace(BARE, has=ALL, secret="db")

Triple = tuple[str, str, str]


def triples(document: dict[str, Any]) -> set[Triple]:
    """What a policy allows: action, resource and condition."""
    return {
        (action, resource, json.dumps(each.get("Condition")))
        for each in document["Statement"]
        for action in each["Action"]
        for resource in ([each["Resource"]] if isinstance(each["Resource"], str) else each["Resource"])
    }


def actions(document: dict[str, Any]) -> set[str]:
    return {action for action, _, _ in triples(document)}


def allows(document: dict[str, Any], action: str, resource: str, **context: str) -> bool:
    return evaluate(document, Request(APPLIER, action, resource, context), "identity").allowed
