"""What is wrong with a policy document, for each place where one is put."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secretwatch.policy.grammar import Kind, Place, fault, is_public

BUCKET = "arn:aws:s3:::mine"
RIGHT: dict[Place, dict[str, Any]] = {
    "identity": {"Action": "logs:*", "Resource": "*"},
    "trust": {"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"},
    "key": {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"},
    "bucket": {"Principal": "*", "Action": ["s3:Get*"], "Resource": [BUCKET, f"{BUCKET}/*"]},
    "secret": {"Principal": {"AWS": "123456789012"}, "Action": "secretsmanager:*", "Resource": "*"},
    "topic": {"Principal": {"AWS": ["*"]}, "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:1:t"},
    "queue": {"NotPrincipal": {"AWS": "123456789012"}, "NotAction": "sqs:*", "NotResource": "*"},
}


def document(place: Place, **changes: Any) -> str:
    statement = {"Effect": "Allow", **RIGHT[place], **changes}
    return json.dumps({"Statement": {name: value for name, value in statement.items() if value is not None}})


def kind(place: Place, **changes: Any) -> Kind | None:
    found = fault(document(place, **changes), place, of=BUCKET if place == "bucket" else None)
    return found.kind if found else None


@pytest.mark.parametrize("place", RIGHT)
def test_what_is_right(place: Place) -> None:
    assert kind(place) is None


@pytest.mark.parametrize("place", RIGHT)
def test_a_policy_that_is_none(place: Place) -> None:
    for text in ("", "{", "[]", '{"Statement": []}', '{"Statement": {"Effect": "Perhaps"}}'):
        found = fault(text, place)
        assert found is not None
        assert found.kind == "syntax"


@pytest.mark.parametrize(
    ("place", "changes", "expected"),
    [
        ("identity", {"Principal": "*"}, "a-principal"),
        ("identity", {"Action": None}, "no-action"),
        ("identity", {"Action": "putLogs"}, "action"),
        ("identity", {"Resource": None}, "no-resource"),
        ("identity", {"Resource": "bucket"}, "resource"),
        ("trust", {"Principal": None}, "no-principal"),
        ("trust", {"Resource": "*"}, "a-resource"),
        ("trust", {"Action": "s3:GetObject"}, "action"),
        ("trust", {"Action": ["sts:AssumeRole", "sts:TagSession"]}, None),
        ("trust", {"Principal": {"Service": "nonsense"}}, "principal"),
        ("trust", {"Principal": {"AWS": "arn:aws:iam::1:root"}}, "principal"),
        ("trust", {"Principal": {"Nobody": "x"}}, "principal"),
        ("trust", {"Principal": {"Federated": "cognito-identity.amazonaws.com"}}, None),
        ("key", {"Principal": None}, "no-principal"),
        ("key", {"Action": "s3:*"}, "action"),
        ("key", {"Resource": None}, "no-resource"),
        ("bucket", {"Resource": "arn:aws:s3:::other/*"}, "resource"),
        ("bucket", {"Resource": f"{BUCKET}-2/*"}, "resource"),
        ("bucket", {"Resource": f"{BUCKET}/AWSLogs/*"}, None),
        ("bucket", {"Action": "sns:Publish"}, "action"),
    ],
)
def test_a_statement(place: Place, changes: dict[str, Any], expected: Kind | None) -> None:
    assert kind(place, **changes) == expected


def test_users_and_roles_have_to_be_there() -> None:
    arn = "arn:aws:iam::123456789012:role/path/x"
    text = document("key", Principal={"AWS": ["*", arn, "arn:aws:iam::123456789012:root"]})
    assert fault(text, "key", exists=lambda asked: asked == arn) is None
    found = fault(text, "key", exists=lambda _: False)
    assert found is not None
    assert (found.kind, found.detail) == ("principal", f'"AWS":"{arn}"')


@pytest.mark.parametrize(
    ("changes", "public"),
    [
        ({}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Effect": "Deny"}, False),
        ({"Principal": {"AWS": "123456789012"}}, False),
        ({"Principal": {"Service": "cloudtrail.amazonaws.com"}}, False),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": "123456789012"}}}, False),
        ({"Condition": {"StringNotEquals": {"aws:SourceAccount": "123456789012"}}}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
    ],
)
def test_what_is_public(changes: dict[str, Any], public: bool) -> None:
    assert is_public(document("bucket", **changes)) is public
