"""What CloudTrail leaves out of events, and what it hides.

Secrets never stand in an event. Some services leave a field out, others show a placeholder in its place: the
tables say which, with where it was seen. What no table knows is hidden when the service's model marks it
"sensitive", or when it is named like a secret.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import Any

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""What most services show in a secret's place (observed: SSM's parameters, rolesanywhere's tags)."""


class Treatment(Enum):
    """What is done with a field of a request or an answer."""

    SHOW = 0
    HIDE = 1
    DROP = 2


# Left out altogether, where the model's "sensitive" mark alone would show a placeholder. A member whose name
# is that of harmless ones, too, has its structure's before it.
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
    # Observed: CreateAccessKey, CreateLoginProfile, UpdateLoginProfile. IAM User Guide, "Logging IAM and AWS
    # STS API calls": EnableMFADevice has a name and a serial number alone.
    "iam.amazonaws.com": {
        "AuthenticationCode1",
        "AuthenticationCode2",
        "NewPassword",
        "OldPassword",
        "Password",
        "SecretAccessKey",
    },
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
    "logs.amazonaws.com": {"logEventMessages", "logEvents"},
}
# Secrets that the published models do not mark.
_HIDDEN = {
    # AWS does not say what stands there for a key that the caller chose.
    "apigateway.amazonaws.com": {"ApiKey.value", "CreateApiKeyRequest.value"},
    # Observed: PutResourcePolicy.
    "organizations.amazonaws.com": {"Content"},
    # AWS does not say: what a schedule sends is hidden as what an execution is started with.
    "scheduler.amazonaws.com": {"Input"},
    # AWS does not say: texts of mails are hidden as those of SNS's messages.
    "ses.amazonaws.com": {"Data", "DefaultTemplateData", "ReplacementTemplateData", "TemplateData"},
    # Observed: PutParameter. AWS does not say for a document's content.
    "ssm.amazonaws.com": {"Content", "Value"},
    # A session's token is masked; its key's id is what traces it.
    "sts.amazonaws.com": {"SessionToken", "TokenCode"},
    # Amazon SNS and SQS Developer Guides, "Logging API calls": examples of data events.
    # A platform's principal is a certificate, or the client's half of a secret.
    "sns.amazonaws.com": {"Message", "MessageAttributes", "PlatformPrincipal", "Subject"},
    "sqs.amazonaws.com": {"MessageAttributes", "MessageBody"},
    "states.amazonaws.com": {"input"},
}
# And in any service, what is named like one.
_SECRET_NAME = re.compile(
    r"(apikey(value)?|authkey|credential|passphrase|passwd|passwords?|personalpin|presharedkey\d?|privatekey"
    r"|secrets?|secret(access)?key|secret(string|value)|tokens?|userdata|\botp"
    r"|(accept|activation|auth|authentication|authorization|challenge|confirmation|device|invite|token|unlock"
    r"|user|verification)code\d?)$",
    re.IGNORECASE,
)
# But for tokens that open nothing: of pages, of versions, of requests that may be repeated; a mode
# (HttpTokens); records of DNS (Tokens, DkimTokens); whom a token was for.
_NOT_SECRET = re.compile(
    r"(change|checkpoint|client|conditional|continuation|copyproduct|creation|dkim|eventsource|execute|feedback"
    r"|http|idempotency|lifecycleaction|lock|loganomaly|next.*|page|pagination|portfolioshare|preview|profile"
    r"|provision|purchase|request|result|retrieval|sequence|starting|subjectfromwebidentity|term|terminate"
    r"|updated?|version|workflow|workunit)tokens?$|^tokens$",
    re.IGNORECASE,
)
# And for names of things that are called by their secret: an API key's id, a secret's ARN.
_NAMES_ONE = {
    "apigateway.amazonaws.com": {"apiKey"},
    "fsx.amazonaws.com": {"DomainJoinServiceAccountSecret"},
    "mediapackage.amazonaws.com": {"CdnIdentifierSecret"},
    # What is to be published in DNS.
    "ses.amazonaws.com": {"VerificationToken"},
}
_PASSWORD_IN_URL = re.compile(r"(://[^/\s:@]*:)[^/\s]+(?=@)")


def treatment(event_source: str, name: str, shape: Any, structure: str = "") -> Treatment:
    """How a field called ``name`` in the service's model, of that shape, comes into an event.

    ``structure`` is the name of the shape that it is a member of.
    """
    names = {name, f"{structure}.{name}"}
    # A body, a file, a key: never in an event (observed: InvokeModel).
    if not names.isdisjoint(_DROPPED.get(event_source, ())) or shape.type_name == "blob":
        return Treatment.DROP
    if not names.isdisjoint(_HIDDEN.get(event_source, ())) or is_sensitive(shape):
        return Treatment.HIDE
    if _is_text(shape) and name not in _NAMES_ONE.get(event_source, ()) and is_named_like_a_secret(name):
        return Treatment.HIDE
    return Treatment.SHOW


def hides_entry(event_source: str, key: str) -> bool:
    """Whether an entry of a map of texts is hidden, as a field of that name would be."""
    return key in _HIDDEN.get(event_source, ()) or is_named_like_a_secret(key)


def without_password(text: str) -> str:
    """The text, with the passwords of the URLs in it hidden."""
    return _PASSWORD_IN_URL.sub(rf"\1{HIDDEN}", text) if "://" in text and "@" in text else text


def passwords_of(text: str) -> list[str]:
    """The passwords of the URLs in a text."""
    return [match.group().removeprefix(match.group(1)) for match in _PASSWORD_IN_URL.finditer(text)]


@lru_cache(maxsize=4096)
def is_named_like_a_secret(name: str) -> bool:
    """Whether a text of that name is held to be a secret, whatever its service."""
    return bool(_SECRET_NAME.search(name)) and not _NOT_SECRET.search(name)


def is_sensitive(shape: Any) -> bool:
    """Whether the service's model marks the shape as a secret."""
    return bool(shape.metadata.get("sensitive"))


def _is_text(shape: Any) -> bool:
    inner = shape.member if shape.type_name == "list" else shape
    return bool(inner.type_name == "string")
