from __future__ import annotations

import os
import stat
from email.utils import format_datetime
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from fake_cloud import BEGIN, VALUE

from secretwatch.pipeline.aws import Aws
from secretwatch.pipeline.reading import NoAwsCli, Read, ReadFailed, read_secret

REGION = "us-east-1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    return Aws(boto3.Session("key", "secret", region_name=REGION), REGION)


def test_a_read_is_known_by_its_request_and_the_value_is_dropped(aws: Aws, monkeypatch) -> None:
    markers = []
    real = aws.client

    def client(service: str, *, app_id: str | None = None):
        made = real(service, app_id=app_id)
        stubber = Stubber(made)
        stubber.add_response(
            "get_secret_value",
            {
                "SecretString": VALUE,
                "ResponseMetadata": {
                    "RequestId": "request-1",
                    "HTTPHeaders": {"date": format_datetime(BEGIN, usegmt=True)},
                },
            },
            {"SecretId": "TopSecretInfo"},
        )
        stubber.activate()
        markers.append(made.meta.config.user_agent_appid)
        return made

    monkeypatch.setattr(aws, "client", client)
    read = read_secret(aws, "TopSecretInfo", "boto3", 1.0, REGION)
    assert (read.request_id, read.token, read.time) == ("request-1", "request-1", BEGIN)
    assert VALUE not in repr(read)
    # It stands in the user agent, which a trail records.
    assert markers == [read.marker]


def test_an_arn_that_is_taken_for_whole_is_asked_for_by_name(aws: Aws, monkeypatch) -> None:
    client = aws.client("secretsmanager")
    stubber = Stubber(client)
    for _ in range(3):
        stubber.add_client_error("get_secret_value", "ResourceNotFoundException", "no such secret")
    stubber.add_client_error("get_secret_value", "AccessDeniedException", "no")
    stubber.activate()
    monkeypatch.setattr(aws, "client", lambda service, app_id=None: client)
    arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:app"
    said = {}
    for secret in ("app", arn, f"{arn}-secret", f"{arn}-secret"):
        with pytest.raises(ReadFailed) as failed:
            read_secret(aws, secret, "boto3", 1.0, REGION)
        said.setdefault(secret, str(failed.value))
    hint = " If that is its ARN without the suffix, name it with --secret app-secret."
    assert [each.endswith(hint) for each in said.values()] == [False, False, True]
    assert not str(failed.value).endswith(hint)


def test_a_refused_read_says_why(aws: Aws, monkeypatch) -> None:
    client = aws.client("secretsmanager")
    stubber = Stubber(client)
    stubber.add_client_error("get_secret_value", "ResourceNotFoundException", "no such secret")
    stubber.activate()
    monkeypatch.setattr(aws, "client", lambda service, app_id=None: client)
    with pytest.raises(ReadFailed, match=r"ResourceNotFoundException: no such secret\.$"):
        read_secret(aws, "x", "boto3", 1.0, REGION)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `aws` on PATH that notes how it was called, and does what the file beside it says."""
    script = tmp_path / "aws"
    script.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/arguments\n'
        f'echo "$AWS_SDK_UA_APP_ID $AWS_ENDPOINT_URL" > {tmp_path}/environment\n. {tmp_path}/does\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "does").write_text("echo version-1\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def test_the_aws_cli_reads_without_showing(aws: Aws, cli: Path) -> None:
    aws.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
    read = read_secret(aws, "TopSecretInfo", "cli", 1.0, REGION)
    arguments = (cli / "arguments").read_text().split()
    assert arguments[:4] == ["secretsmanager", "get-secret-value", "--secret-id", "TopSecretInfo"]
    assert arguments[arguments.index("--query") + 1] == "VersionId"
    assert (cli / "environment").read_text().split() == [read.marker, "http://127.0.0.1:1"]
    assert (read.request_id, read.token, read.at) == (None, read.marker, 1.0)


def test_the_aws_cli_fails(aws: Aws, cli: Path) -> None:
    (cli / "does").write_text("echo; echo 'An error occurred (AccessDenied): not you' >&2; exit 254\n")
    with pytest.raises(ReadFailed, match=r"^The AWS CLI cannot read the secret: .* not you\.$"):
        read_secret(aws, "x", "cli", 1.0, REGION)


def test_there_is_no_aws_cli(aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(NoAwsCli, match="is not on PATH"):
        read_secret(aws, "x", "cli", 1.0, REGION)


def test_markers_differ(aws: Aws, cli: Path) -> None:
    markers = {read_secret(aws, "x", "cli", 1.0, REGION).marker for _ in range(3)}
    assert len(markers) == 3


@pytest.mark.parametrize(
    ("event", "made"),
    [
        ({"eventName": "GetSecretValue", "requestID": "r"}, True),
        ({"eventName": "GetSecretValue", "userAgent": "Boto3 app/mark more"}, True),
        ({"eventName": "GetSecretValue", "requestID": "x", "userAgent": "Boto3"}, False),
        ({"eventName": "DescribeSecret", "requestID": "r"}, False),
        ({}, False),
    ],
)
def test_the_event_of_a_read(event: dict, made: bool) -> None:
    assert Read("s", "boto3", "mark", "r", 1.0).made(event) is made


def test_without_a_request_id_an_event_without_one_is_another() -> None:
    assert not Read("s", "cli", "mark", None, 1.0).made({"eventName": "GetSecretValue"})
