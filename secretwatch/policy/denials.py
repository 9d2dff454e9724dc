"""How a service refuses a call that IAM does not allow: code, HTTP status and words.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html has the words that services
share; what differs between them stands in tables here. Whether a call is refused is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from secretwatch.policy.actions import ANY, Need
from secretwatch.policy.evaluation import Decision, denied_message


@dataclass(frozen=True)
class Denial:
    """A refusal. code and status: as the service answers; message: with the words that it uses."""

    code: str
    status: int
    message: str


# By protocol, as botocore names them: the query protocols' common errors
# (https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html), and those of the JSON protocols
# (https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html).
_BY_PROTOCOL = {
    "ec2": ("UnauthorizedOperation", 403),
    "json": ("AccessDeniedException", 400),
    "query": ("AccessDenied", 403),
    "rest-json": ("AccessDeniedException", 403),
    "rest-xml": ("AccessDenied", 403),
}
# Services that have moved to another protocol keep the codes of the old one.
_BY_SERVICE = {
    "cloudwatch": ("AccessDenied", 403),
    # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    "sns": ("AuthorizationError", 403),
    "sqs": ("AccessDenied", 403),
}
# How a service writes its actions in the message (observed).
_WRITTEN = {"sns": lambda action: action.replace("sns:", "SNS:", 1), "sqs": lambda action: action.lower()}
# Those that name the resource of an action that has none (observed); the others leave it out.
_NAME_NONE = ("kms", "lambda", "organizations")


# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_KEYS_OF_NOBODY = {
    "ec2": Denial("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
    "s3": Denial(
        "InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."
    ),
}


def unknown_keys(service: str, protocol: str) -> Denial:
    """The refusal of keys that were deleted, or are inactive. service, protocol: botocore's names.

    https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
    """
    if known := _KEYS_OF_NOBODY.get(service):
        return known
    code, status = "InvalidClientTokenId", 403
    if "json" in protocol and service not in _BY_SERVICE:
        code, status = "UnrecognizedClientException", 403 if protocol == "rest-json" else 400
    return Denial(code, status, "The security token included in the request is invalid.")


def denial(
    service: str, protocol: str, caller_arn: str, need: Need, decision: Decision, *, own: bool
) -> Denial:
    """The refusal of a call for a permission that it lacks.

    service, protocol: botocore's names; own: the resource belongs to the caller's account.
    """
    code, status = _BY_SERVICE.get(service) or _BY_PROTOCOL.get(protocol, ("AccessDenied", 403))
    return Denial(code, status, _message(service, caller_arn, need, decision, own))


def _message(service: str, caller_arn: str, need: Need, decision: Decision, own: bool) -> str:
    because = decision.because
    if service == "s3" and not own:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html: the reason is
        # told for requests within an account.
        return "Access Denied"
    if need.action == "sts:AssumeRole" and decision.effect == "ImplicitDeny":
        # Observed: it does not tell whether the role's policy or the caller's lacks it.
        because = ""
    if service == "kms" and not own and decision.effect == "ImplicitDeny":
        # https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
        because = (
            "because the resource does not exist in this Region, no resource-based policies allow access, or"
            " a resource-based policy explicitly denies access"
        )
    action = need.action
    if write := _WRITTEN.get(service):
        action, because = write(action), because.replace(need.action, write(action))
    resource = need.shown or need.resource
    if resource == ANY or (resource == "*" and service not in _NAME_NONE):
        resource = "*" if service in _NAME_NONE else ""
    if service == "s3" and resource:
        resource = f'"{resource}"'
    message = denied_message(caller_arn, action, resource, because)
    return f"You are not authorized to perform this operation. {message}" if service == "ec2" else message
