"""Commands of the AWS CLI as text: its own names, and values that stay values."""

from __future__ import annotations

import json
import shlex

import botocore.session
import pytest
from botocore import xform_name
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.awscli import command
from secretwatch.newer_operations import extend
from secretwatch.pipeline.doctor.kinds import EFFECTS

SESSION = botocore.session.get_session()


def model(service: str, operation: str) -> botocore.model.OperationModel:
    description = SESSION.get_component("data_loader").load_service_model(service, "service-2")
    if service == "cloudwatch":
        extend(description)
    return botocore.model.ServiceModel(description, service).operation_model(operation)


@pytest.mark.parametrize(("service", "operation"), sorted(EFFECTS))
def test_names_are_those_of_the_cli(service: str, operation: str) -> None:
    """Every operation that a mend may use, with each of its parameters by itself."""
    members = model(service, operation).input_shape.members
    for name in members:
        words = shlex.split(command(service, operation, {name: 1}))
        assert words[2] == xform_name(operation, "-")
        assert words[3] in (f"--{xform_name(name, '-')}", "--notification-endpoint")


@given(st.text() | st.sampled_from(["-x", "--no-sign-request", "file:///etc/passwd", "https://x", "\x1b[2J"]))
def test_whatever_a_value_is_it_is_visible_and_one_argument(value: str) -> None:
    line = command("iam", "PutRolePolicy", {"RoleName": value, "PolicyName": "x"}, "eu-west-1")
    assert line.isprintable()
    words = shlex.split(line)
    given = (
        json.loads(words[4])
        if words[3] == "--cli-input-json"
        else dict(zip(("RoleName", "PolicyName"), words[4:8:2], strict=True))
    )
    assert given == {"RoleName": value, "PolicyName": "x"}
    if words[3] != "--cli-input-json":
        assert not value.startswith(("-", "file://", "fileb://", "http://", "https://"))
    assert words[-2:] == ["--region", "eu-west-1"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, ["--actions-enabled"]),
        (False, ["--no-actions-enabled"]),
        (["a", "b"], ["--actions-enabled", "a", "b"]),
        ([{"A": "\u202e"}], ["--actions-enabled", '[{"A":"\\u202e"}]']),
        (1.0, ["--actions-enabled", "1"]),
        (0.1 + 0.2, ["--actions-enabled", "0.30000000000000004"]),
    ],
)
def test_values_of_other_kinds_are_as_the_cli_takes_them(value: object, said: list[str]) -> None:
    assert shlex.split(command("cloudwatch", "PutMetricAlarm", {"ActionsEnabled": value}))[3:] == said
