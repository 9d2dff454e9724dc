"""Who is let in at all: before LocalStack looks at a request, and before a service answers a call.

`Doors` stands in front of everything: pages of others, and what changes LocalStack itself without a header
that no page can send. `Signed` stands in front of the services: calls without a signature.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonErrors.html (MissingAuthenticationToken)

What AWS lets somebody do who has no keys stays: SNS's links, whose token or subscription nobody can guess,
STS's calls that bring another's proof, and what a bucket's policy lets everybody do.
https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

import logging
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext

from secretwatch.localstack.callers.unsigned import is_unsigned, keys_refused
from secretwatch.localstack.gateway.browsers import (
    foreign,
    is_browser,
    is_proven,
    is_signature,
    is_signed_query,
    needs_proof,
)

LOG = logging.getLogger(__name__)

_MISSING = "MissingAuthenticationToken", "Request is missing Authentication Token"
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_UNSUPPORTED = "InvalidArgument", "Unsupported Authorization Type"
_BY_TOKEN = ("ConfirmSubscription", "Unsubscribe")
_TEXT = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
_XML = {"Content-Type": "text/xml"}
_QUEUES_ERROR = (
    '<?xml version="1.0"?><ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error>'
    "<Type>Sender</Type><Code>{}</Code><Message>{}</Message><Detail/></Error></ErrorResponse>"
)


class Doors:
    """The first request handler of all, for websockets too."""

    def __call__(self, chain: Any, context: RequestContext, response: Any) -> None:
        request = context.request
        headers = list(request.headers.items())
        if why := foreign(request.method, headers):
            # No response handler after this one: they add headers that let pages read an answer.
            chain.respond(
                403,
                f"The local cloud answers no web page, and {why}: use a client of AWS or secretwatch, or "
                "open the link from the browser's address bar, at 127.0.0.1 or localhost.\n",
                _TEXT,
            )
            chain.terminate()
            LOG.warning("A request was refused, as it may be a web page's: %s", why)
            return
        wanted = needs_proof(request.method, request.path)
        if wanted is None or is_proven(wanted, headers, request.args):
            return
        if wanted == "json":
            chain.respond(
                403,
                "This changes something, and a web page could have sent it: send it again with the header "
                "Content-Type: application/json.\n",
                _TEXT,
            )
        else:
            chain.respond(403, _QUEUES_ERROR.format(*_MISSING), _XML)
        chain.terminate()


def refuse_nameless(chain: Any, context: RequestContext, response: Any) -> None:
    """Refuses calls without a signature whose service only the signature names, as CloudTrail's.

    A request handler after the one that looks for the service. LocalStack answers such a call with nothing,
    as if all was well.
    """
    headers = context.request.headers
    if context.service or "X-Amz-Target" not in headers or is_signature(headers.get("Authorization", "")):
        return
    code, message = _MISSING
    chain.respond(403, {"__type": code, "message": message}, {"Content-Type": "application/x-amz-json-1.1"})
    chain.terminate()


class Signed:
    """A request handler that refuses calls without a signature, of which there is no event."""

    def __call__(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        assert context.service is not None
        assert context.operation is not None
        service, operation = context.service.service_name, context.operation
        if not is_signature(context.request.headers.get("Authorization", "")):
            keys_refused(context)
            raise _error(*(_UNSUPPORTED if service == "s3" else _MISSING))
        if not is_unsigned(context):
            return
        if is_signed_query(context.request.args) and not is_browser(context.request.headers.items()):
            return
        if service == "s3":
            # What a bucket's policy lets everybody do is looked at with other policies (`access.py`).
            return
        if service == "sns" and operation.name in _BY_TOKEN:
            return
        if operation.auth_type == "none" or operation.auth == ["smithy.api#noAuth"]:
            return
        keys_refused(context)
        raise _error(*_MISSING)


def _error(code: str, message: str) -> CommonServiceException:
    status = 400 if code == _UNSUPPORTED[0] else 403
    return CommonServiceException(code=code, message=message, status_code=status, sender_fault=True)
