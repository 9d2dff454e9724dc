"""The console's sign-in, which somebody makes by hand: who they are, from IAM, and the event of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.iam.models import iam_backends

from secretwatch.cloudtrail import (
    Event,
    assumed_role_identity,
    iam_user_identity,
    root_identity,
    sign_in,
)
from secretwatch.forms import ACCOUNT_ID

PARTITION = "aws"


class SignInRefused(ValueError):
    """A sign-in that cannot be made; the text says why."""


def sign_in_event(request: Mapping[str, Any]) -> tuple[str, Event]:
    """The account, and the event of the sign-in that is asked for.

    ``request`` has ``account_id``, one of ``user``, ``role`` or neither (root), and as it likes ``session``,
    ``mfa``, ``failed``, ``region``, ``source_ip_address``, ``user_agent``. Raises SignInRefused.
    """
    account_id = str(request.get("account_id") or "")
    if not ACCOUNT_ID.fullmatch(account_id):
        raise SignInRefused(f"An account has an id of 12 digits, not {account_id!r}.")
    user, role = request.get("user"), request.get("role")
    if user and role:
        raise SignInRefused("Either a user signs in, or a role.")
    failed, mfa = bool(request.get("failed")), bool(request.get("mfa"))
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    device = f"arn:{PARTITION}:iam::{account_id}:mfa/{user or 'root-account-mfa-device'}" if mfa else None
    if user:
        identity = _user(account_id, str(user), failed)
    elif role:
        if failed or mfa:
            raise SignInRefused(
                "A role's session signs in with credentials: it cannot fail at a password, and CloudTrail "
                "does not know whether its holder used MFA."
            )
        identity = _role(account_id, str(role), str(request.get("session") or "console"), now)
    else:
        identity = sign_in.user_signing_in(root_identity(account_id, PARTITION, ""))
    event = sign_in.console_login(
        event_id=str(uuid.uuid4()),
        event_time=now,
        account_id=account_id,
        user_identity=identity,
        succeeded=not failed,
        mfa_device=device,
        region=request.get("region"),
        source_ip_address=str(request.get("source_ip_address") or "127.0.0.1"),
        user_agent=request.get("user_agent"),
    )
    return account_id, event


def _user(account_id: str, name: str, failed: bool) -> dict[str, Any]:
    users = iam_backends[account_id][PARTITION].users
    found = users.get(name)
    if found is None:
        if failed:
            return sign_in.unknown_user(account_id)
        raise SignInRefused(
            f"The account {account_id} has no user {name}: only a failed sign-in can name it."
        )
    identity = sign_in.user_signing_in(iam_user_identity(found.arn, found.id, found.name, ""))
    return sign_in.user_who_failed(identity) if failed else identity


def _role(account_id: str, name: str, session: str, now: str) -> dict[str, Any]:
    roles = {role.name: role for role in iam_backends[account_id][PARTITION].roles.values()}
    if name not in roles:
        raise SignInRefused(f"The account {account_id} has no role {name}.")
    role = roles[name]
    return sign_in.role_signing_in(
        assumed_role_identity(
            arn=f"arn:{PARTITION}:sts::{account_id}:assumed-role/{name}/{session}",
            assumed_role_id=f"{role.id}:{session}",
            role_arn=role.arn,
            access_key_id="",
            creation_date=now,
        )
    )
