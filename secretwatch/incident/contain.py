"""The commands that contain an incident: made to be read and printed, never run from here.

From the root of a chain down: whoever holds what a role is taken with takes it again.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from secretwatch import secretid
from secretwatch.awscli import command
from secretwatch.incident.act import Act, iso
from secretwatch.incident.chain import Credential
from secretwatch.incident.timeline import SecretRead

# What IAM gives as ARNs. Anything else is no principal, and may hold what a policy would read as a variable.
_PRINCIPAL = re.compile(
    r"arn:[a-z-]+:(?:iam::[0-9]{12}:(?:root|(?:role|user)/[A-Za-z0-9+=,.@_/-]+)"
    r"|sts::[0-9]{12}:federated-user/[A-Za-z0-9+=,.@_-]+)"
)
_REGION = re.compile(r"[a-z][a-z0-9-]{1,31}")
_REVOKED = "AWSRevokeOlderSessions"
"""The name that the console gives the same policy."""


@dataclass(frozen=True)
class Step:
    """title: what it does; note: what it also does, or what to do instead; command: "" where none can."""

    title: str
    note: str = ""
    command: str = ""

    def at(self, endpoint: str) -> Step:
        more = f" --endpoint-url {shlex.quote(endpoint)}" if self.command else ""
        return replace(self, command=self.command + more)


def steps(
    credentials: Sequence[Credential],
    secrets: Sequence[SecretRead],
    now: datetime,
    account: str | None = None,
) -> list[Step]:
    """now: sessions that began before it are revoked. account: where the commands are run, if it is known."""
    found = [*_stop(credentials, now, account), *_deny(secrets), *_rotate(secrets)]
    return list({(each.command or each.title): each for each in reversed(found)}.values())[::-1]


def _stop(credentials: Sequence[Credential], now: datetime, account: str | None) -> Iterator[Step]:
    for each in credentials:
        if each.unsure:
            continue
        where = f"To be run in account {each.account}. " if each.account and each.account != account else ""
        name = each.reader.rpartition("/")[2]
        if each.kind == "user key":
            for key in each.keys:
                note = (
                    f"{where}Everything else that uses this key stops working, too; `--status Active` "
                    "undoes it."
                )
                line = command(
                    "iam",
                    "UpdateAccessKey",
                    {"UserName": name, "AccessKeyId": key, "Status": "Inactive"},
                )
                yield Step(f"Deactivate the access key {key} of user {name}", note, line)
        elif each.kind == "role session":
            yield _revoke_role(each.reader, name, now, where)
        elif each.kind in ("user session", "federated user"):
            yield from _revoke_user(each, now, where)
        else:
            yield _in_words(each)


def _revoke_role(arn: str, name: str, now: datetime, where: str) -> Step:
    title = f"Revoke the sessions of role {name} that began before {iso(now)}"
    if ":role/aws-service-role/" in arn:
        return Step(
            title, "It is a service's own role, whose sessions nobody can revoke: look at the service."
        )
    if name.startswith("AWSReservedSSO_"):
        note = "IAM Identity Center keeps this role and lets nobody change it: end the user's sessions there."
        return Step(title, note)
    note = (
        f"{where}It stops every session of the role, also legitimate ones: these have to "
        "assume the role again."
    )
    document = {"RoleName": name, "PolicyName": _REVOKED, "PolicyDocument": _older(now)}
    return Step(title, note, command("iam", "PutRolePolicy", document))


def _revoke_user(credential: Credential, now: datetime, where: str) -> Iterator[Step]:
    acts = [each for each in credential.acts if each is not credential.given_by]
    issuers = [each.issuer_name for each in acts if each.issuer_kind == "IAMUser"]
    by_key = credential.given_by.arn.rpartition("/")[2] if credential.given_by else ""
    is_user = credential.kind == "user session"
    name = credential.reader.rpartition("/")[2] if is_user else next(iter(issuers), by_key)
    title = f"Revoke the sessions of user {name} that began before {iso(now)}"
    if not name:
        yield Step(
            "Revoke the federated session",
            "The user that asked for the session is not known: find that user first.",
        )
        return
    note = f"{where}It stops only temporary credentials; the user's access keys are another step."
    document = {"UserName": name, "PolicyName": _REVOKED, "PolicyDocument": _older(now)}
    yield Step(title, note, command("iam", "PutUserPolicy", document))
    if any(each.console for each in acts) and is_user:
        note = f"{where}It deletes the password: the user needs a new one."
        line = command("iam", "DeleteLoginProfile", {"UserName": name})
        yield Step(f"Take the console's password from user {name}", note, line)


def _in_words(credential: Credential) -> Step:
    if credential.kind == "root":
        note = "No policy stops root: change its password, delete its access keys, and look at its MFA."
        return Step("Secure the root user", note)
    if credential.kind == "service":
        note = "The service took the role for something that runs there: find that, and isolate it."
        return Step(f"Look at {credential.reader or 'the service'}", note)
    note = "Its credentials are of another account or identity provider: only the owner of that can end them."
    return Step(f"Ask who {credential.reader or 'the caller'} is", note)


def _deny(secrets: Iterable[SecretRead]) -> Iterator[Step]:
    for each in secrets:
        readers = sorted({act.reader for act in each.acts if _PRINCIPAL.fullmatch(act.reader)})
        if not each.name or not readers:
            continue
        target = each.arn or each.ids[0]
        region = _region(target, each.acts)
        look = command("secretsmanager", "GetResourcePolicy", {"SecretId": target}, region)
        yield Step(
            f"Look at the resource policy of {each.name}",
            "The next step replaces it: if there is one, add the statement to it instead.",
            look,
        )
        statement = {
            "Sid": "Incident",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalArn": readers}},
        }
        document = _json({"Version": "2012-10-17", "Statement": [statement]})
        line = command(
            "secretsmanager", "PutResourcePolicy", {"SecretId": target, "ResourcePolicy": document}, region
        )
        note = f"For {', '.join(readers)}; their legitimate reads are denied, too."
        yield Step(f"Deny reads of {each.name} by its own policy", note, line)


def _rotate(secrets: Iterable[SecretRead]) -> Iterator[Step]:
    for each in secrets:
        if not each.got:
            continue
        if not each.name:
            note = "The event does not say which secrets it got: it could be any that the reader may read."
            yield Step(f"Rotate what was read in account {each.account or 'unknown'}", note)
            continue
        target = each.arn or each.ids[0]
        line = command("secretsmanager", "RotateSecret", {"SecretId": target}, _region(target, each.acts))
        note = (
            "The reader keeps the old value: make it useless where it is used, as well. If the "
            "secret has no rotation, AWS refuses this command: change the value there first, then "
            "store the new one."
        )
        yield Step(f"Rotate {each.name}", note, line)


def _region(secret: str, acts: Sequence[Act]) -> str | None:
    """Where the secret lies, as far as it is written as regions are."""
    found = secretid.region(secret) or acts[0].region
    return found if _REGION.fullmatch(found) else None


def _older(now: datetime) -> str:
    condition = {"DateLessThan": {"aws:TokenIssueTime": iso(now)}}
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    return _json({"Version": "2012-10-17", "Statement": [statement]})


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
