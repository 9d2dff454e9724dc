"""A CloudTrail event in the shape of version 1.11.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from secretwatch.cloudtrail.classify import event_category, is_read_only, shows_answer
from secretwatch.cloudtrail.limits import limited

EVENT_VERSION = "1.11"

Event = dict[str, Any]
"""One event as it stands in a log file: JSON types only, AWS's field names."""


def make_event(
    *,
    event_id: str,
    event_time: str,
    event_source: str,
    event_name: str,
    aws_region: str,
    account_id: str,
    user_identity: dict[str, Any],
    source_ip_address: str,
    user_agent: str | None,
    request_id: str,
    request_parameters: dict[str, Any] | None,
    response_elements: dict[str, Any] | None,
    error_code: str | None = None,
    error_message: str | None = None,
    resources: list[dict[str, str]] | None = None,
    additional_event_data: dict[str, Any] | None = None,
    tls_details: dict[str, str] | None = None,
) -> Event:
    """An ``AwsApiCall`` event.

    ``event_name`` is the name in events (``names``), not the API's. ``event_time`` is ISO 8601 in UTC, to
    the second, with ``Z``. ``account_id`` is the account that owns what was called
    (``recipientAccountId``). A failed call has no response elements, and neither has a read-only one but
    for those that hand out a session, whatever is passed. ``tls_details`` has what is known of
    ``tlsVersion``, ``cipherSuite`` and ``clientProvidedHostHeader``. What is too large is cut or
    left out (``limits``).
    """
    read_only, category, may_answer = _kind(event_source, event_name)
    event: Event = {
        "eventVersion": EVENT_VERSION,
        "userIdentity": user_identity,
        "eventTime": event_time,
        "eventSource": event_source,
        "eventName": event_name,
        "awsRegion": aws_region,
        "sourceIPAddress": source_ip_address,
        "userAgent": user_agent,
    }
    if error_code is not None:
        event["errorCode"] = error_code
        if error_message:
            event["errorMessage"] = error_message
    event["requestParameters"] = request_parameters or None
    answered = error_code is None and may_answer
    event["responseElements"] = (response_elements or None) if answered else None
    if additional_event_data:
        event["additionalEventData"] = additional_event_data
    event["requestID"] = request_id
    event["eventID"] = event_id
    event["readOnly"] = read_only
    if resources:
        event["resources"] = resources
    event["eventType"] = "AwsApiCall"
    event["managementEvent"] = category == "Management"
    event["recipientAccountId"] = account_id
    event["eventCategory"] = category
    if tls_details:
        event["tlsDetails"] = tls_details
    return limited(event)


# Asked once for each name of a call: this is for every one.
@lru_cache(maxsize=4096)
def _kind(event_source: str, event_name: str) -> tuple[bool, str, bool]:
    """(readOnly, eventCategory, whether a successful call carries its answer)."""
    return (
        is_read_only(event_source, event_name),
        event_category(event_source, event_name)[0],
        shows_answer(event_source, event_name),
    )


def root_identity(account_id: str, partition: str, access_key_id: str) -> dict[str, Any]:
    """The account's root user."""
    return {
        "type": "Root",
        "principalId": account_id,
        "arn": f"arn:{partition}:iam::{account_id}:root",
        "accountId": account_id,
        "accessKeyId": access_key_id,
    }


def iam_user_identity(arn: str, user_id: str, user_name: str, access_key_id: str) -> dict[str, Any]:
    """An IAM user with a long-term access key; ``user_id`` is the unique id (``AIDA…``)."""
    return {
        "type": "IAMUser",
        "principalId": user_id,
        "arn": arn,
        "accountId": arn.split(":")[4],
        "accessKeyId": access_key_id,
        "userName": user_name,
    }


def in_session(
    identity: dict[str, Any], *, access_key_id: str, creation_date: str, mfa: bool
) -> dict[str, Any]:
    """The identity of root or a user with the temporary keys of GetSessionToken."""
    attributes = _attributes(creation_date, mfa)
    return identity | {"accessKeyId": access_key_id, "sessionContext": {"attributes": attributes}}


def federated_user_identity(
    issuer: dict[str, Any], *, partition: str, name: str, access_key_id: str, creation_date: str
) -> dict[str, Any]:
    """A session of GetFederationToken.

    ``issuer`` is the identity of the user, or root, that asked for it; such a session never has MFA.
    """
    account_id = issuer["accountId"]
    of_issuer = ("type", "principalId", "arn", "accountId", "userName")
    return {
        "type": "FederatedUser",
        "principalId": f"{account_id}:{name}",
        "arn": f"arn:{partition}:sts::{account_id}:federated-user/{name}",
        "accountId": account_id,
        "accessKeyId": access_key_id,
        "sessionContext": {
            "sessionIssuer": {key: issuer[key] for key in of_issuer if key in issuer},
            "webIdFederationData": {},
            "attributes": _attributes(creation_date, False),
        },
    }


def _attributes(creation_date: str, mfa: bool) -> dict[str, str]:
    return {"creationDate": creation_date, "mfaAuthenticated": "true" if mfa else "false"}


def assumed_role_identity(
    *,
    arn: str,
    assumed_role_id: str,
    role_arn: str,
    access_key_id: str,
    creation_date: str,
    mfa: bool = False,
    invoked_by: str | None = None,
) -> dict[str, Any]:
    """A session of a role.

    ``arn`` is the session's (``arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION``), ``assumed_role_id`` is
    ``AROA…:SESSION``, ``role_arn`` the role's own, which carries its path; ``mfa`` says whether the caller of
    AssumeRole gave a code of its MFA device; ``invoked_by`` is the service that has assumed the role, if one
    has (``states.amazonaws.com``).
    """
    identity = {
        "type": "AssumedRole",
        "principalId": assumed_role_id,
        "arn": arn,
        "accountId": arn.split(":")[4],
        "accessKeyId": access_key_id,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": assumed_role_id.partition(":")[0],
                "arn": role_arn,
                "accountId": role_arn.split(":")[4],
                "userName": role_arn.rpartition("/")[2],
            },
            "attributes": _attributes(creation_date, mfa),
        },
    }
    return identity | ({"invokedBy": invoked_by} if invoked_by else {})
