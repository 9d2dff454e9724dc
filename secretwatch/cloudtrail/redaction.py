"""What CloudTrail leaves out of events, and what it hides.

Secrets never stand in an event. Some services leave a field out, others show a placeholder in its place: the
tables say which, with where it was seen. What no table knows is hidden when the service's model marks it
"sensitive", or when it is named like a secret.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""What most services show in a secret's place (observed: SSM's parameters, rolesanywhere's tags)."""


class Treatment(Enum):
    """What is done with a field of a request or an answer."""

    SHOW = 0
    HIDE = 1
    DROP = 2


# Left out altogether, where the model's "sensitive" mark alone would show a placeholder.
_DROPPED = {
    # Observed: values stand in no event. AWS Secrets Manager User Guide, "CloudTrail entries".
    "secretsmanager.amazonaws.com": {"SecretString", "SecretBinary"},
    # AWS KMS Developer Guide, "Logging AWS KMS API calls": no plaintext, no key material.
    "kms.amazonaws.com": {
        "Plaintext",
        "CiphertextBlob",
        "CiphertextForRecipient",
        "GrantToken",
        "Message",
        "Signature",
    },
    # Observed: AssumeRole, AssumeRoleWithSAML and AssumeRoleWithWebIdentity.
    "sts.amazonaws.com": {"SAMLAssertion", "SecretAccessKey", "WebIdentityToken"},
    # Observed: CreateAccessKey, CreateLoginProfile, UpdateLoginProfile.
    "iam.amazonaws.com": {"NewPassword", "OldPassword", "Password", "SecretAccessKey"},
    # Lambda Developer Guide, "Logging Lambda API calls": no code, no variables. Observed: "environment": {}.
    "lambda.amazonaws.com": {"Variables", "ZipFile"},
    "cloudformation.amazonaws.com": {"ParameterValue", "TemplateBody"},
    # What data events carry: of items and entries only where they go.
    "dynamodb.amazonaws.com": {
        "AttributeUpdates",
        "Expected",
        "ExpressionAttributeValues",
        "Item",
        "Items",
        "Parameters",
        "RequestItems",
        "Responses",
        "Statement",
        "Statements",
        "TransactItems",
        "TransactStatements",
    },
    "events.amazonaws.com": {"Detail"},
    "logs.amazonaws.com": {"logEvents"},
}
# Secrets that the published models do not mark.
_HIDDEN = {
    # Observed: PutResourcePolicy.
    "organizations.amazonaws.com": {"Content"},
    # Observed: PutParameter.
    "ssm.amazonaws.com": {"Value"},
    # A session's token is masked; its key's id is what traces it.
    "sts.amazonaws.com": {"SessionToken", "TokenCode"},
    # Amazon SNS and SQS Developer Guides, "Logging API calls": examples of data events.
    "sns.amazonaws.com": {"Message", "MessageAttributes", "Subject"},
    "sqs.amazonaws.com": {"MessageAttributes", "MessageBody"},
    "states.amazonaws.com": {"input"},
}
# And in any service, what is named like one.
_SECRET_NAME = re.compile(r"(password|authtoken|privatekey|secretkey|userdata|clientsecret)$", re.IGNORECASE)


def treatment(event_source: str, name: str, shape: Any) -> Treatment:
    """How a field called ``name`` in the service's model, of that shape, comes into an event."""
    # A body, a file, a key: never in an event (observed: InvokeModel).
    if name in _DROPPED.get(event_source, ()) or shape.type_name == "blob":
        return Treatment.DROP
    named_like_one = shape.type_name == "string" and _SECRET_NAME.search(name)
    if name in _HIDDEN.get(event_source, ()) or is_sensitive(shape) or named_like_one:
        return Treatment.HIDE
    return Treatment.SHOW


def is_sensitive(shape: Any) -> bool:
    """Whether the service's model marks the shape as a secret."""
    return bool(shape.metadata.get("sensitive"))
