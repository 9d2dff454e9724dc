"""An act: one CloudTrail event, with what an incident asks of it and nothing else.

No request is kept but for names and ids, so that no report can show what was written in one.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from secretwatch import secretid
from secretwatch.cloudtrail import is_read_only

_LONGEST = 2048
_NAMED = 3
_SHOWN = 120
# Members of a request that name something. A member that may hold a value, such as a token, is none of them.
_NAMES = re.compile(r"[A-Za-z]*(?:[nN]ame|[iI]d|ARN|[aA]rn)")
_NO_NAMES = re.compile(r"token|password|nonce|credential|accessKeyId", re.IGNORECASE)
# How older events write when a session began.
_COMPACT = "%Y%m%dT%H%M%SZ"
# Years in which AWS can have written it; others could not be reckoned with.
_OLDEST, _NEWEST = 2000, 9000


@dataclass(frozen=True, slots=True)
class Act:
    """Texts are "" where the event has none. Names are AWS's, but for these:

    key: the access key that signed it. created: when the session began, as the event writes it. issuer: the
    role or user whose session it is. gives: an access key that the answer hands out; gives_key: whether that
    is a permanent one; gives_to: the role or user that it is of. about: what was named in the request.
    asked: ids of secrets; filters: whether a batch was asked for by filters, and so could be of any. console:
    whether the session is one of the console.
    """

    event_id: str
    time: datetime
    region: str
    source: str
    name: str
    error: str
    read_only: bool
    kind: str
    key: str
    principal_id: str
    arn: str
    user_name: str
    account: str
    created: str
    issuer_arn: str
    issuer_name: str
    issuer_kind: str
    invoked_by: str
    source_identity: str
    mfa: str
    console: bool
    address: str
    agent: str
    gives: str
    gives_key: bool
    gives_to: str
    session_name: str
    about: str
    asked: tuple[str, ...]
    filters: bool
    recipient: str
    is_read: bool

    @property
    def session(self) -> tuple[str, str] | None:
        """What all events of one session have in common, whichever key signed them; None outside of one."""
        return (self.principal_id, self.created) if self.principal_id and self.created else None

    @property
    def began(self) -> datetime | None:
        return moment(self.created)

    @property
    def reader(self) -> str:
        """Who it is, alike in each of its sessions: a role, a user, a service; "" where nobody is named."""
        named = self.issuer_arn if self.issuer_kind == "Role" else ""
        return named or self.arn or self.invoked_by or self.principal_id

    @property
    def call(self) -> str:
        """The service and the call, as people name them: `secretsmanager:GetSecretValue`."""
        return f"{self.source.removesuffix('.amazonaws.com')}:{self.name}"


def act_of(event: Mapping[str, Any], is_read: Callable[[Mapping[str, Any]], bool]) -> Act | None:
    """The act of an event; None of what has no id, name or time, which no event of CloudTrail lacks.

    is_read: whether an event is a read that the watch is about.
    """
    time = moment(_text(event, "eventTime"))
    event_id, name = _text(event, "eventID"), _text(event, "eventName")
    if time is None or not event_id or not name:
        return None
    source = _text(event, "eventSource")
    gives, gives_key = _given(event)
    read_only = event.get("readOnly")
    return Act(
        event_id=event_id,
        time=time,
        region=_text(event, "awsRegion"),
        source=source,
        name=name,
        error=_text(event, "errorCode") or ("failed" if event.get("errorMessage") else ""),
        read_only=read_only if isinstance(read_only, bool) else is_read_only(source, name),
        kind=_text(event, "userIdentity", "type"),
        key=_text(event, "userIdentity", "accessKeyId"),
        principal_id=_text(event, "userIdentity", "principalId"),
        arn=_text(event, "userIdentity", "arn"),
        user_name=_text(event, "userIdentity", "userName"),
        account=_text(event, "userIdentity", "accountId"),
        created=_text(event, "userIdentity", "sessionContext", "attributes", "creationDate"),
        issuer_arn=_text(event, "userIdentity", "sessionContext", "sessionIssuer", "arn"),
        issuer_name=_text(event, "userIdentity", "sessionContext", "sessionIssuer", "userName"),
        issuer_kind=_text(event, "userIdentity", "sessionContext", "sessionIssuer", "type"),
        invoked_by=_text(event, "userIdentity", "invokedBy"),
        source_identity=_text(event, "userIdentity", "sessionContext", "sourceIdentity"),
        mfa=_text(event, "userIdentity", "sessionContext", "attributes", "mfaAuthenticated"),
        console=_text(event, "sessionCredentialFromConsole") == "true" or name == "ConsoleLogin",
        address=_text(event, "sourceIPAddress"),
        agent=_text(event, "userAgent"),
        gives=gives,
        gives_key=gives_key,
        gives_to=_text(event, "requestParameters", "roleArn")
        or _text(event, "responseElements", "accessKey", "userName"),
        session_name=_text(event, "requestParameters", "roleSessionName"),
        about=_about(event),
        asked=_asked(event),
        filters=bool(_at(event, "requestParameters", "filters")),
        recipient=_text(event, "recipientAccountId"),
        is_read=is_read(event),
    )


def act_in(text: Any, is_read: Callable[[Mapping[str, Any]], bool]) -> Act | None:
    """The act of an event that is written as JSON; None of anything else."""
    try:
        event = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None
    return act_of(event, is_read) if isinstance(event, dict) else None


def iso(time: datetime) -> str:
    """A time as CloudTrail writes it."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def moment(text: str) -> datetime | None:
    """A time as CloudTrail writes it, in UTC; None where it is none."""
    try:
        found = datetime.fromisoformat(text) if "-" in text else datetime.strptime(text, _COMPACT)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if _OLDEST <= found.year <= _NEWEST else None


def _given(event: Mapping[str, Any]) -> tuple[str, bool]:
    """The access key in an answer: a session's, or a new one of a user."""
    if key := _text(event, "responseElements", "credentials", "accessKeyId"):
        return key, False
    return _text(event, "responseElements", "accessKey", "accessKeyId"), True


def _asked(event: Mapping[str, Any]) -> tuple[str, ...]:
    parameters = _at(event, "requestParameters")
    if _text(event, "eventSource") != secretid.SOURCE or not isinstance(parameters, Mapping):
        return ()
    several = parameters.get("secretIdList")
    given = {**parameters, "secretIdList": several if isinstance(several, list) else []}
    return tuple(each[:_LONGEST] for each in secretid.asked_for({"requestParameters": given}))


def _about(event: Mapping[str, Any]) -> str:
    parameters = _at(event, "requestParameters")
    if not isinstance(parameters, Mapping):
        return ""
    named = [
        value
        for name, value in parameters.items()
        if isinstance(value, str) and value and _NAMES.fullmatch(str(name)) and not _NO_NAMES.search(name)
    ]
    several = parameters.get("secretIdList")
    named += [str(each) for each in several[:_NAMED]] if isinstance(several, list) else []
    shown = [each if len(each) <= _SHOWN else f"{each[: _SHOWN - 1]}…" for each in named[:_NAMED]]
    return ", ".join(shown)


def _at(value: Any, *path: str) -> Any:
    for name in path:
        # A question to the abstract class alone takes longer than all the rest.
        value = value.get(name) if type(value) is dict or isinstance(value, Mapping) else None
    return value


def _text(value: Any, *path: str) -> str:
    found = _at(value, *path)
    return found[:_LONGEST] if isinstance(found, str) else ""
