"""Asking AWS: every question once, in threads where they can be asked ahead, and none that changes anything.

A question that may not be asked is an answer too: `Asked` says which permission is missing.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.cloudtrail import is_read_only
from secretwatch.pipeline.answers import is_unreadable
from secretwatch.pipeline.aws import (
    Aws,
    is_about_credentials,
    is_absent,
    is_denied,
    is_passing,
    is_silence,
    one_line,
)

APP_ID = "secretwatch-doctor"
"""Stands in the user agent of every call."""

_ABSENT = {
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchEntity",
    "NotFound",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NotFoundException",
    "OwnershipControlsNotFoundError",
    "QueueDoesNotExist",
    "ResourceNotFound",
    "ResourceNotFoundException",
    "ServerSideEncryptionConfigurationNotFoundError",
    "StateMachineDoesNotExist",
    "TrailNotFoundException",
}
# Where IAM's action has another name than the API's operation.
_ACTIONS = {
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjectsV2": "s3:ListBucket",
    "stepfunctions:DescribeExecution": "states:DescribeExecution",
    "stepfunctions:DescribeStateMachine": "states:DescribeStateMachine",
    "stepfunctions:ListExecutions": "states:ListExecutions",
}
_PAGES = 500
# LookupEvents takes two calls a second of an account.
_ATTEMPTS, _PAUSE = 3, 0.7

_ITS_OWN = "explicit deny in a resource-based policy"
Problem = Literal["", "absent", "denied", "failed", "silent"]


class NotReadOnly(AssertionError):
    """A call that is not read-only: a mistake in this program, and never sent."""


@dataclass(frozen=True)
class Asked:
    """What came of a question. answer: AWS's, None where there is a problem; why: the problem's sentence."""

    action: str
    resource: str
    at: datetime
    answer: Any = None
    problem: Problem = ""
    why: str = ""
    about_credentials: bool = False
    """Whether the problem is about who asks, not about what is asked."""

    @property
    def ok(self) -> bool:
        return not self.problem

    @property
    def absent(self) -> bool:
        return self.problem == "absent"

    @property
    def unknown(self) -> bool:
        return self.problem in ("denied", "failed", "silent")

    @property
    def missing(self) -> str:
        """The permission that is missing, or what failed, for a sentence."""
        if self.problem != "denied":
            return self.why.rstrip(".")
        its_own = ", which the resource's own policy denies" if _ITS_OWN in self.why else ""
        return f"{self.action} on {self.resource}{its_own}"


class Asking:
    """Questions of one run. aws_of: clients of a region. app_id: stands in the user agent of every call."""

    def __init__(self, aws_of: Callable[[str], Aws], region: str, app_id: str = APP_ID) -> None:
        self._aws_of, self._app_id = aws_of, app_id
        self.region = region
        self._lock = threading.Lock()
        self._clients = threading.Lock()
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="doctor")
        self._asked: dict[str, Future[Asked]] = {}

    def __call__(self, *question: str, **request: Any) -> Asked:
        """Ask, and wait for the answer; see `ahead`."""
        return self.ahead(*question, **request).result()

    def ahead(
        self,
        service: str,
        operation: str,
        resource: str = "*",
        region: str | None = None,
        items: str | None = None,
        **request: Any,
    ) -> Future[Asked]:
        """Begin to ask. items: the member of the answer that is a list, of which all pages are wanted."""
        if not is_read_only(f"{service}.amazonaws.com", operation):
            raise NotReadOnly(f"{service}:{operation}")
        where = region or self.region
        key = json.dumps([service, operation, where, items, request], sort_keys=True, default=str)
        with self._lock:
            if key not in self._asked:
                self._asked[key] = self._threads.submit(
                    self._ask, service, operation, resource, where, items, request
                )
            return self._asked[key]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def denied(self) -> list[str]:
        """The permissions that were missing, each once."""
        found = [each.result() for each in self._asked.values() if each.done() and not each.cancelled()]
        return sorted({each.missing for each in found if each.problem == "denied"})

    def _ask(
        self,
        service: str,
        operation: str,
        resource: str,
        region: str,
        items: str | None,
        request: Mapping[str, Any],
    ) -> Asked:
        called = f"{service}:{operation}"
        action, at = _ACTIONS.get(called, called), datetime.now(UTC)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._clients:
                    # Making a client is not safe in several threads.
                    client = self._aws_of(region).client(service, app_id=self._app_id)
                if not hasattr(client, xform_name(operation)):
                    why = f"This boto3 does not know {action}."
                    return Asked(action, resource, at, None, "absent", why)
                return Asked(action, resource, at, _answer(client, xform_name(operation), items, request))
            except Exception as error:
                if is_unreadable(error):
                    why = f"what answered {operation} was not AWS, or its answer was cut off."
                    return Asked(action, resource, at, None, "failed", why)
                if not isinstance(error, (ClientError, BotoCoreError)):
                    raise
                again = is_passing(error) and not is_absent(error) and not is_silence(error)
                if attempt < _ATTEMPTS and again:
                    time.sleep(_PAUSE * attempt)
                    continue
                of_caller = is_about_credentials(error)
                return Asked(action, resource, at, None, _problem(error), one_line(error), of_caller)
        raise AssertionError("the last attempt returns")


def _answer(client: Any, method: str, items: str | None, request: Mapping[str, Any]) -> Any:
    if items is None:
        answer = getattr(client, method)(**request)
        if hasattr(answer.get("Body"), "read"):
            # It comes later than the rest, and once only; what fails of it fails as a call does.
            answer["Body"] = answer["Body"].read()
        return answer
    if not client.can_paginate(method):
        return getattr(client, method)(**request).get(items) or []
    found: list[Any] = []
    for number, page in enumerate(client.get_paginator(method).paginate(**request), 1):
        found += page.get(items) or []
        if number == _PAGES:
            break
    return found


def _problem(error: Exception) -> Problem:
    if is_denied(error) and not is_about_credentials(error):
        return "denied"
    if is_silence(error):
        return "silent"
    code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
    return "absent" if code in _ABSENT and not is_absent(error) else "failed"
