"""``errorCode``: what CloudTrail calls an error that a service answered.

Services answer with the code of their protocol; CloudTrail writes the exception's name.
"""

from __future__ import annotations

from collections.abc import Mapping

# Errors common to all services of the query protocol, which no model lists. Query services answer the left,
# records say the right (observed: CloudFormation and CloudWatch). IAM API Reference, "Common Errors".
_COMMON = {
    "InvalidParameterCombination": "InvalidParameterCombinationException",
    "InvalidParameterValue": "InvalidParameterValueException",
    "MissingParameter": "MissingParameterException",
    "Throttling": "ThrottlingException",
    "ValidationError": "ValidationException",
}
# Words of errors that LocalStack answers without any, or with its own. A refused Decrypt has words in events
# (observed); AWS does not say which for a ciphertext that is no good: these follow the API Reference.
_MESSAGES = {
    # AWS KMS Developer Guide, "Decrypt" (log entries).
    ("kms.amazonaws.com", "IncorrectKeyException"): (
        "The key ID in the request does not identify a CMK that can perform this operation."
    ),
    ("kms.amazonaws.com", "InvalidCiphertextException"): (
        "The ciphertext or the encryption context is corrupted, missing, or otherwise invalid."
    ),
}


def error_code(protocol: str, code: str, status: int, exceptions: Mapping[str, str]) -> str:
    """The error's name in events.

    ``protocol`` is the service model's (``query``, ``ec2``, ``json``, …), ``code`` what was answered,
    ``status`` the answer's HTTP status, ``exceptions`` the codes of the model's errors and the names of
    their shapes. EC2 has ``Client.`` before errors that are the caller's, ``Server.`` before its own (EC2
    API Reference, "Error codes"; observed). Elsewhere a refused permission is ``AccessDenied``, also SNS's
    ``AuthorizationError`` (observed).
    """
    if protocol == "ec2":
        if code.startswith(("Client.", "Server.")):
            return code
        return f"{'Server' if status >= 500 else 'Client'}.{code}"
    if code in ("AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"):
        return "AccessDenied"
    name = exceptions.get(code)
    if name is None and protocol == "query":
        name = _COMMON.get(code)
    return name or code


def error_message(event_source: str, code: str, message: str | None) -> str | None:
    """The error's words: AWS's where they are known, else those that were answered, or None."""
    return _MESSAGES.get((event_source, code)) or message or None
