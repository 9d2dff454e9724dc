"""S3's events: what is asked and answered stands in them as it went over the wire.

Not the API's names, but those of the HTTP request: its host, its query (``lifecycle`` without a value names
what is asked for), its ``x-amz-`` headers, and its XML body turned into an object. A repeated element is a
list, a single one is not. Observed in published records of PutBucketLifecycle, PutBucketPublicAccessBlock,
PutBucketPolicy, PutBucketTagging, PutBucketNotification, PutBucketAcl and ListObjects.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from secretwatch.cloudtrail.redaction import Treatment
from secretwatch.cloudtrail.writer import Writer

# Of a presigned URL: what would let somebody use it.
_SECRET_ARGUMENTS = {
    "awsaccesskeyid",
    "signature",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-signature",
}
# Headers about the body's transport, not about what is asked. AWS does not say which headers are recorded.
_TRANSPORT = ("x-amz-checksum-", "x-amz-content-sha256", "x-amz-sdk-", "x-amz-security-token")


# Calls whose body does not stand in their event. Amazon S3 User Guide, "CloudTrail log file examples": of
# DeleteObjects only `delete` in its query.
_NO_BODY = {"DeleteObjects"}


class S3Writer(Writer):
    """Writes S3's requests: path, headers and body. Query and host come with ``s3_wire``."""

    def __call__(
        self, operation: str, shape: Any, values: Mapping[str, Any], _request_id: str
    ) -> dict[str, Any] | None:
        if shape is None:
            return None
        written: dict[str, Any] = {}
        payload = shape.serialization.get("payload")
        for name, value in values.items():
            member = shape.members.get(name)
            if member is None or value is None or self.treatment(name, member) is not Treatment.SHOW:
                continue
            location = member.serialization.get("location")
            if location == "uri":
                written["bucketName" if name == "Bucket" else super().key(name, member)] = value
            elif location == "header":
                header = member.serialization["name"]
                if header.startswith("x-amz-") and not header.startswith(_TRANSPORT):
                    written[header] = self.value(member, value)
            elif name == "Policy" and member.type_name == "string":
                written["bucketPolicy"] = _parsed(value)
            elif name == payload and operation in _NO_BODY:
                continue
            elif name == payload and value == {} and name not in shape.required_members:
                # What has no body is parsed as an empty one; where a body is a must, an empty one was sent.
                continue
            elif name == payload or (payload is None and location is None):
                written[self.key(name, member)] = self.value(member, value)
        return written or None

    def key(self, name: str, member: Any) -> str:
        return str(member.serialization.get("name", name))

    def structure(self, shape: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        written = super().structure(shape, values)
        if namespace := shape.serialization.get("xmlNamespace"):
            prefix = namespace.get("prefix")
            written = {f"xmlns:{prefix}" if prefix else "xmlns": namespace["uri"], **written}
        return written

    def list_of(self, shape: Any, written: list[Any]) -> Any:
        items = written[0] if len(written) == 1 else written
        if shape.serialization.get("flattened"):
            return items
        return {shape.member.serialization.get("name", "member"): items} if written else ""


class S3Answers(Writer):
    """S3's answers: only few stand in events, and those of LocalStack's calls do not (observed: null)."""

    def __call__(
        self, _operation: str, _shape: Any, _values: Mapping[str, Any], _request_id: str
    ) -> dict[str, Any] | None:
        return None


def s3_wire(host: str | None, arguments: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What of the HTTP request itself stands in ``requestParameters``: its host and its query."""
    wire = {name: value for name, value in arguments if name.lower() not in _SECRET_ARGUMENTS}
    return wire if host is None else {**wire, "Host": host}


def s3_additional_event_data(
    *, authorization: str | None, arguments: Iterable[str], bytes_in: int, bytes_out: int, id_2: str | None
) -> dict[str, Any]:
    """``additionalEventData``: how the request was signed, and how much was moved.

    ``authorization`` is the header, ``arguments`` the names in the query, ``id_2`` the answer's
    ``x-amz-id-2``. On AWS the cipher stands there as well; here is none.
    """
    known: dict[str, Any] = {}
    names = {name.lower() for name in arguments}
    # The query first: LocalStack makes a header of it.
    if "x-amz-signature" in names or "signature" in names:
        version = "SigV4" if "x-amz-signature" in names else "SigV2"
        known = {"SignatureVersion": version, "AuthenticationMethod": "QueryString"}
    elif authorization:
        known = {"SignatureVersion": _version(authorization), "AuthenticationMethod": "AuthHeader"}
    known |= {"bytesTransferredIn": bytes_in, "bytesTransferredOut": bytes_out}
    return known if id_2 is None else {**known, "x-amz-id-2": id_2}


def anonymous_identity() -> dict[str, Any]:
    """Who calls S3 without credentials (observed: ListObjects of a public bucket)."""
    return {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}


def _version(authorization: str) -> str:
    return "SigV4" if authorization.startswith("AWS4-") else "SigV2"


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
