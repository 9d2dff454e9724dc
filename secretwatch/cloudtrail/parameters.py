"""``requestParameters`` and ``responseElements``: what CloudTrail keeps of a call.

Which writer writes a service's requests and answers stands here; those not named follow ``Writer``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from secretwatch.cloudtrail.answers import IamWriter, KmsRequests, SecretsManagerAnswers
from secretwatch.cloudtrail.ec2 import Ec2Requests
from secretwatch.cloudtrail.redaction import HIDDEN
from secretwatch.cloudtrail.s3_shapes import S3Answers, S3Writer
from secretwatch.cloudtrail.writer import Writer

__all__ = ["HIDDEN", "request_parameters", "response_elements"]

# event source → the writer's class, called with the event source.
_REQUESTS: dict[str, type[Writer]] = {
    "ec2.amazonaws.com": Ec2Requests,
    "kms.amazonaws.com": KmsRequests,
    "s3.amazonaws.com": S3Writer,
}
_ANSWERS: dict[str, type[Writer]] = {
    "iam.amazonaws.com": IamWriter,
    "s3.amazonaws.com": S3Answers,
    "secretsmanager.amazonaws.com": SecretsManagerAnswers,
}


def request_parameters(
    event_source: str, shape: Any, parameters: Mapping[str, Any], operation: str = "", request_id: str = ""
) -> dict[str, Any] | None:
    """The request as CloudTrail shows it, or None when nothing was sent.

    ``shape`` is the operation's input in the service's model, ``operation`` the API's name of the call.
    """
    return _request_writer(event_source)(operation, shape, parameters, request_id)


def response_elements(
    event_source: str, shape: Any, response: Mapping[str, Any], operation: str = "", request_id: str = ""
) -> dict[str, Any] | None:
    """The response of a write as CloudTrail shows it, or None when it is empty.

    ``request_id`` is the call's: some services' answers carry it.
    """
    return _answer_writer(event_source)(operation, shape, response, request_id)


@cache
def _request_writer(event_source: str) -> Writer:
    return _REQUESTS.get(event_source, Writer)(event_source)


@cache
def _answer_writer(event_source: str) -> Writer:
    return _ANSWERS.get(event_source, Writer)(event_source)
