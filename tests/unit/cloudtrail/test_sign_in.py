"""Sign-ins to the console, in the shapes of AWS's page."""

from __future__ import annotations

from typing import Any

import pytest

from secretwatch.cloudtrail import assumed_role_identity, iam_user_identity, root_identity, sign_in

ACCOUNT = "111122223333"
DEVICE = f"arn:aws:iam::{ACCOUNT}:mfa/anaya"
USER = sign_in.user_signing_in(iam_user_identity(f"arn:aws:iam::{ACCOUNT}:user/anaya", "AIDA1", "anaya", "k"))
ROOT = sign_in.user_signing_in(root_identity(ACCOUNT, "aws", "k"))
ROLE = sign_in.role_signing_in(
    assumed_role_identity(
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/anaya",
        assumed_role_id="AROA1:anaya",
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/admin",
        access_key_id="k",
        creation_date="2026-11-26T14:00:00Z",
    )
)


def login(identity: dict[str, Any], **more: Any) -> dict[str, Any]:
    return sign_in.console_login(
        event_id="e", event_time="2026-11-26T14:00:00Z", account_id=ACCOUNT, user_identity=identity, **more
    )


def test_a_user_without_mfa() -> None:
    event = login(USER)
    assert event["userIdentity"] == {
        "type": "IAMUser",
        "principalId": "AIDA1",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/anaya",
        "accountId": ACCOUNT,
        "userName": "anaya",
    }
    assert (event["eventSource"], event["eventName"]) == ("signin.amazonaws.com", "ConsoleLogin")
    assert (event["eventType"], event["eventCategory"]) == ("AwsConsoleSignIn", "Management")
    assert event["readOnly"] is False
    assert event["managementEvent"] is True
    assert event["requestParameters"] is None
    assert event["responseElements"] == {"ConsoleLogin": "Success"}
    assert event["additionalEventData"]["MFAUsed"] == "No"
    assert event["additionalEventData"]["MobileVersion"] == "No"
    assert "requestID" not in event
    assert "errorMessage" not in event


def test_a_user_with_mfa() -> None:
    data = login(USER, mfa_device=DEVICE)["additionalEventData"]
    assert (data["MFAUsed"], data["MFAIdentifier"]) == ("Yes", DEVICE)


def test_a_wrong_password() -> None:
    event = login(sign_in.user_who_failed(USER), succeeded=False)
    assert event["errorMessage"] == "Failed authentication"
    assert event["responseElements"] == {"ConsoleLogin": "Failure"}
    assert event["userIdentity"]["userName"] == "anaya"
    assert "errorCode" not in event


def test_a_name_that_is_nobodys_is_hidden() -> None:
    event = login(sign_in.unknown_user(ACCOUNT), succeeded=False)
    assert event["errorMessage"] == "No username found in supplied account"
    assert event["userIdentity"] == {
        "type": "IAMUser",
        "accountId": ACCOUNT,
        "accessKeyId": "",
        "userName": "HIDDEN_DUE_TO_SECURITY_REASONS",
    }


def test_root() -> None:
    identity = login(ROOT, succeeded=False)["userIdentity"]
    assert identity["type"] == "Root"
    assert (identity["arn"], identity["accessKeyId"]) == (f"arn:aws:iam::{ACCOUNT}:root", "")


def test_a_role_never_has_mfa() -> None:
    event = login(ROLE, mfa_device=DEVICE)
    assert event["additionalEventData"]["MFAUsed"] == "No"
    assert event["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"
    assert "accessKeyId" not in event["userIdentity"]


@pytest.mark.parametrize(
    ("identity", "region", "recorded"),
    [
        (USER, None, "us-east-1"),
        (USER, "eu-west-1", "eu-west-1"),
        (ROLE, "eu-west-1", "eu-west-1"),
        (ROOT, None, "us-east-1"),
        (ROOT, "eu-west-1", "us-east-1"),
    ],
)
def test_where_it_is_recorded(identity: dict[str, Any], region: str | None, recorded: str) -> None:
    assert login(identity, region=region)["awsRegion"] == recorded
