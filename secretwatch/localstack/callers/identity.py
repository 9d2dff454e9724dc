"""Who made a request: from its access key to CloudTrail's ``userIdentity``."""

from __future__ import annotations

from datetime import UTC
from functools import lru_cache
from typing import Any, NamedTuple

from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from secretwatch.cloudtrail import (
    assumed_role_identity,
    federated_user_identity,
    iam_user_identity,
    in_session,
    root_identity,
)
from secretwatch.localstack.sts.given_keys import GIVEN
from secretwatch.localstack.sts.sessions import SESSIONS, Session

_KEPT = "secretwatch_caller"


class Caller(NamedTuple):
    """A resolved caller.

    ``kind`` is ``root``, ``user``, ``assumed-role``, ``federated-user``, or ``nobody`` for keys that are
    deleted or inactive; ``arn`` is the caller's own, ``role_arn`` the role behind a session;
    ``user_identity`` is what CloudTrail writes; ``issuer`` is who asked for a federated user's session, and
    ``session_policy`` what that one may do at most.
    """

    kind: str
    account_id: str
    arn: str
    name: str
    role_arn: str | None
    user_identity: dict[str, Any]
    issuer: Caller | None = None
    session_policy: str | None = None


def caller_of(headers: Any, account_id: str, partition: str) -> Caller:
    """The caller that a request's credentials stand for; keys never given are the account's root user's."""
    access_key_id = extract_access_key_id_from_auth_header(headers) or ""
    if access_key_id not in GIVEN:
        # Of no session and no user: all keys that were ever made are in there.
        return _root(account_id, partition, access_key_id)
    if session := _session(access_key_id, account_id, partition):
        created = session.access_key.create_date.replace(tzinfo=UTC)
        return Caller(
            kind="assumed-role",
            account_id=account_id,
            arn=session.arn,
            name=session.session_name,
            role_arn=session.role_arn,
            user_identity=assumed_role_identity(
                arn=session.arn,
                assumed_role_id=session.user_id,
                role_arn=session.role_arn,
                access_key_id=access_key_id,
                creation_date=f"{created:%Y-%m-%dT%H:%M:%SZ}",
                mfa=SESSIONS.has_mfa(access_key_id),
                invoked_by=SESSIONS.service_of(access_key_id),
            ),
        )
    if temporary := SESSIONS.get(access_key_id):
        return _with_temporary_keys(temporary, access_key_id, partition)
    # Not by index, which makes a backend where there is none, under a lock: this is for every call.
    iam = iam_backends.get(account_id, {}).get(partition)
    user = iam.get_user_from_access_key_id(access_key_id) if iam else None
    if user and user.get_access_key_by_id(access_key_id).status == "Active":
        return Caller(
            kind="user",
            account_id=account_id,
            arn=user.arn,
            name=user.name,
            role_arn=None,
            user_identity=iam_user_identity(user.arn, user.id, user.name, access_key_id),
        )
    return Caller("nobody", account_id, "", "", None, {})


@lru_cache(maxsize=4096)
def _root(account_id: str, partition: str, access_key_id: str) -> Caller:
    """One for all calls with the same keys: nobody changes an identity, and events may share it."""
    identity = root_identity(account_id, partition, access_key_id)
    return Caller("root", account_id, identity["arn"], "root", None, identity)


def _with_temporary_keys(session: Session, access_key_id: str, partition: str) -> Caller:
    issuer: Caller = session.issuer
    if session.federated_name is None:
        identity = in_session(
            issuer.user_identity,
            access_key_id=access_key_id,
            creation_date=session.creation_date,
            mfa=session.mfa,
        )
        return issuer._replace(user_identity=identity)
    identity = federated_user_identity(
        issuer.user_identity,
        partition=partition,
        name=session.federated_name,
        access_key_id=access_key_id,
        creation_date=session.creation_date,
    )
    return Caller(
        kind="federated-user",
        account_id=issuer.account_id,
        arn=identity["arn"],
        name=session.federated_name,
        role_arn=None,
        user_identity=identity,
        issuer=issuer,
        session_policy=session.policy,
    )


def caller_of_request(context: Any) -> Caller:
    """The caller of LocalStack's ``RequestContext``, looked up once for a request."""
    # Not by getattr, which is slow where there is nothing: this is for every call.
    caller: Caller | None = context.__dict__.get(_KEPT)
    if caller is None:
        caller = caller_of(context.request.headers, context.account_id, context.partition)
        setattr(context, _KEPT, caller)
    return caller


def _session(access_key_id: str, account_id: str, partition: str) -> Any:
    # moto keeps sessions by region in some versions and by partition in others
    for backend in list(sts_backends.get(account_id, {}).values()):
        if session := backend.get_assumed_role_from_access_key(access_key_id):
            return session
    return None
