"""Sign-ins to the console as CloudTrail records them, which no call of an API makes.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
and recorded events.
"""

from __future__ import annotations

from typing import Any

from secretwatch.cloudtrail.event import EVENT_VERSION, Event
from secretwatch.cloudtrail.parameters import HIDDEN

EVENT_SOURCE = "signin.amazonaws.com"
DETAIL_TYPE = "AWS Console Sign In via CloudTrail"
"""What EventBridge calls these events; those of API calls are `AWS API Call via CloudTrail`."""

GLOBAL_REGION = "us-east-1"
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def user_signing_in(identity: dict[str, Any]) -> dict[str, Any]:
    """The identity of an IAM user or of root at the sign-in: no access key stands for it."""
    kept = {key: value for key, value in identity.items() if key not in ("accessKeyId", "sessionContext")}
    return kept | {"accessKeyId": ""} if identity["type"] == "Root" else kept


def user_who_failed(identity: dict[str, Any]) -> dict[str, Any]:
    """The identity of an IAM user whose password was wrong: AWS's example has no ARN."""
    return {key: value for key, value in identity.items() if key != "arn"} | {"accessKeyId": ""}


def role_signing_in(identity: dict[str, Any]) -> dict[str, Any]:
    """The identity of a role's session; CloudTrail never knows of MFA at a federated sign-in."""
    return {key: value for key, value in identity.items() if key != "accessKeyId"}


def unknown_user(account_id: str) -> dict[str, Any]:
    """The identity where the name that was typed is no user's: it could be a password, and is hidden."""
    return {"type": "IAMUser", "accountId": account_id, "accessKeyId": "", "userName": HIDDEN}


def console_login(
    *,
    event_id: str,
    event_time: str,
    account_id: str,
    user_identity: dict[str, Any],
    succeeded: bool = True,
    mfa_device: str | None = None,
    region: str | None = None,
    source_ip_address: str = "127.0.0.1",
    user_agent: str | None = None,
) -> Event:
    """A ``ConsoleLogin``.

    ``region`` is that of the regional endpoint by which an IAM user or a role signed in, None for the global
    one: that is us-east-1, and root always signs in there. (The global endpoint takes users whose browser
    remembers the account's alias to one of three other regions, by latency.) ``mfa_device`` is the ARN of the
    device whose code was given.
    """
    kind = user_identity["type"]
    where = region if region and kind != "Root" else GLOBAL_REGION
    host = f"{where}.signin.aws.amazon.com" if region and kind != "Root" else "signin.aws.amazon.com"
    has_mfa = mfa_device is not None and kind in ("IAMUser", "Root")
    event: Event = {
        "eventVersion": EVENT_VERSION,
        "userIdentity": user_identity,
        "eventTime": event_time,
        "eventSource": EVENT_SOURCE,
        "eventName": "ConsoleLogin",
        "awsRegion": where,
        "sourceIPAddress": source_ip_address,
        "userAgent": user_agent or _BROWSER,
    }
    if not succeeded:
        is_unknown = user_identity.get("userName") == HIDDEN
        event["errorMessage"] = (
            "No username found in supplied account" if is_unknown else "Failed authentication"
        )
    event["requestParameters"] = None
    event["responseElements"] = {"ConsoleLogin": "Success" if succeeded else "Failure"}
    event["additionalEventData"] = {
        "LoginTo": f"https://console.aws.amazon.com/console/home?region={where}",
        "MobileVersion": "No",
        **({"MFAIdentifier": mfa_device} if has_mfa else {}),
        "MFAUsed": "Yes" if has_mfa else "No",
    }
    event["eventID"] = event_id
    event["readOnly"] = False
    event["eventType"] = "AwsConsoleSignIn"
    event["managementEvent"] = True
    event["recipientAccountId"] = account_id
    event["eventCategory"] = "Management"
    event["tlsDetails"] = {
        "tlsVersion": "TLSv1.3",
        "cipherSuite": "TLS_AES_128_GCM_SHA256",
        "clientProvidedHostHeader": host,
    }
    return event
