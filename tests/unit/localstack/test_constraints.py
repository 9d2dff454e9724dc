"""What a service's model forbids, in AWS's words."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from secretwatch.localstack.gateway.constraints import validation_message, violations

SESSION = botocore.session.get_session()


def found(service: str, operation: str, request: dict[str, Any]) -> list[str]:
    shape = SESSION.get_service_model(service).operation_model(operation).input_shape
    return list(violations(shape, request))


def test_members_are_named_as_aws_names_them() -> None:
    broken = found("iam", "CreateRole", {"RoleName": "a b", "AssumeRolePolicyDocument": "{}"})
    assert validation_message(broken) == (
        "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must "
        r"satisfy regular expression pattern: [\w+=,.@-]+"
    )


def test_a_sensitive_value_is_not_shown() -> None:
    (broken,) = found("secretsmanager", "CreateSecret", {"Name": "x", "SecretString": "hidden" * 20_000})
    assert broken.startswith("Value at 'secretString' failed to satisfy constraint: Member must have length")
    assert "hidden" not in broken


@pytest.mark.parametrize(
    ("value", "taken"), [("Zoë 漢字 1_.:/=+-@", True), ("a b", True), ("a\tb", False), ("a,b", False)]
)
def test_javas_classes_of_characters(value: str, taken: bool) -> None:
    request = {"RoleName": "x", "Tags": [{"Key": "k", "Value": value}]}
    assert bool(found("iam", "TagRole", request)) is not taken


@pytest.mark.parametrize("service", ["iam", "kms", "secretsmanager", "sts"])
def test_no_pattern_of_a_model_stops_the_check(service: str) -> None:
    """Python has to read every pattern, or it takes what AWS refuses."""
    from secretwatch.localstack.gateway.constraints import _compiled

    model = SESSION.get_service_model(service)
    for name in model.shape_names:
        if pattern := model.shape_for(name).metadata.get("pattern"):
            assert _compiled(pattern).pattern != "(?s:.*)", (name, pattern)
