"""An error that repeats a secret of the request does not carry it into the event."""

from __future__ import annotations

from typing import Any

import pytest
from apis import model

from secretwatch.cloudtrail import event_source, without_echoes
from secretwatch.cloudtrail.redaction import HIDDEN


def message(service: str, operation: str, words: str, **parameters: Any) -> str:
    called = model(service).operation_model(operation)
    return without_echoes(event_source(model(service).signing_name), called.input_shape, parameters, words)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "secret"),
    [
        ("kms", "ImportKeyMaterial", {"KeyId": "k", "ImportToken": b"3 coffees"}, "3 coffees"),
        ("kms", "ImportKeyMaterial", {"KeyId": "k", "ImportToken": b"\xff\xfe\xfd"}, "//79"),
        ("kms", "ImportKeyMaterial", {"KeyId": "k", "ImportToken": b"\xff\xfe\xfd"}, r"\xff\xfe\xfd"),
        ("secretsmanager", "PutSecretValue", {"SecretId": "s", "SecretString": "3 coffees"}, "3 coffees"),
        ("ssm", "PutParameter", {"Name": "p", "Value": "3\n coffees"}, "3\n coffees"),
        ("ssm", "PutParameter", {"Name": "p", "Value": "3\n coffees"}, r"3\n coffees"),
        ("sns", "Subscribe", {"TopicArn": "t", "Endpoint": "https://a:3coffees@b"}, "3coffees"),
        ("sns", "SetPlatformApplicationAttributes", {"Attributes": {"PlatformCredential": "cred"}}, "cred"),
        ("sqs", "SendMessageBatch", {"Entries": [{"Id": "1", "MessageBody": "3 coffees"}]}, "3 coffees"),
        ("lambda", "CreateFunction", {"Environment": {"Variables": {"A": "3 coffees"}}}, "3 coffees"),
    ],
)
def test_a_repeated_secret_is_hidden(
    service: str, operation: str, parameters: dict[str, Any], secret: str
) -> None:
    found = message(service, operation, f"Value '{secret}' at 'x' is invalid", **parameters)
    assert found == f"Value '{HIDDEN}' at 'x' is invalid"


def test_of_two_secrets_the_longer_one_is_hidden_whole() -> None:
    attributes = {"PlatformCredential": "coffee", "PlatformPrincipal": "coffees"}
    words = "coffees or coffee"
    found = message("sns", "SetPlatformApplicationAttributes", words, Attributes=attributes)
    assert found == f"{HIDDEN} or {HIDDEN}"


def test_what_is_shown_and_what_is_short_stays() -> None:
    words = "The parameter p of type String has no value abc"
    assert message("ssm", "PutParameter", words, Name="p", Type="String", Value="abc") == words
    assert without_echoes("ssm.amazonaws.com", None, {}, words) == words
