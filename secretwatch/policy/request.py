"""Who asks for what: the request that policies are evaluated against.

Here: a principal, its ARNs, and the context keys that follow from it. Not here: how a principal is found from
credentials, and which keys a service adds; the caller gives those as `context`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Kind = Literal["service", "root", "user", "role", "assumed-role", "federated-user", "anonymous"]
ContextValue = str | bool | int | float | Sequence[str]


@dataclass(frozen=True)
class Principal:
    """Who makes a request.

    name: the ARN; for kind "service" its name (`cloudtrail.amazonaws.com`); "" for "anonymous".
    account: 12 digits; taken from the ARN when not given; None for services and anonymous callers.
    issuer: for "assumed-role", the role's own ARN. The session's ARN does not carry the role's path, so that
    without it a role is taken to have none in `aws:PrincipalArn`.
    """

    kind: Kind
    name: str = ""
    account: str | None = None
    issuer: str | None = None

    def __post_init__(self) -> None:
        if self.account is None and self.name.startswith("arn:"):
            parts = self.name.split(":")
            object.__setattr__(self, "account", parts[4] if len(parts) > 4 and parts[4] else None)

    @classmethod
    def of(cls, name: str, *, issuer: str | None = None) -> Principal:
        """The principal that a caller's ARN or a service's name stands for. Raises ValueError for neither."""
        if not name.startswith("arn:"):
            if not name.endswith((".amazonaws.com", ".amazonaws.com.cn")):
                raise ValueError(f"{name!r} is neither an ARN nor a service's name such as sns.amazonaws.com")
            return cls("service", name)
        resource = name.split(":", 5)[-1]
        for start, kind in _KINDS:
            if resource == start or (start.endswith("/") and resource.startswith(start)):
                return cls(kind, name, issuer=issuer)
        raise ValueError(f"{name!r} is not the ARN of a root user, user, role or session")

    @property
    def partition(self) -> str:
        return self.name.split(":")[1] if self.name.startswith("arn:") else "aws"

    @property
    def account_root(self) -> str | None:
        """The ARN that stands for the whole account, where there is one."""
        return f"arn:{self.partition}:iam::{self.account}:root" if self.account else None

    @property
    def role_arn(self) -> str | None:
        """The role behind a role or its session."""
        if self.kind == "role":
            return self.name
        if self.kind != "assumed-role":
            return None
        return self.issuer or f"arn:{self.partition}:iam::{self.account}:role/{self.role_name}"

    @property
    def role_name(self) -> str | None:
        parts = self.name.split("/")
        if self.kind == "role":
            return parts[-1]
        return parts[1] if self.kind == "assumed-role" and len(parts) > 1 else None

    def context(self) -> dict[str, str]:
        """The global condition keys that follow from the principal alone."""
        known = {"aws:PrincipalIsAWSService": "true" if self.kind == "service" else "false"}
        if self.kind == "service":
            known["aws:PrincipalServiceName"] = self.name
            return known
        known["aws:PrincipalType"] = _PRINCIPAL_TYPES[self.kind]
        if self.account:
            known["aws:PrincipalAccount"] = self.account
            known["aws:PrincipalArn"] = self.role_arn or self.name
        if self.kind == "user":
            known["aws:username"] = self.name.rsplit("/", 1)[-1]
        return known


_KINDS: tuple[tuple[str, Kind], ...] = (
    ("root", "root"),
    ("user/", "user"),
    ("role/", "role"),
    ("assumed-role/", "assumed-role"),
    ("federated-user/", "federated-user"),
)
_PRINCIPAL_TYPES = {
    "root": "Account",
    "user": "User",
    "role": "AssumedRole",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
    "anonymous": "Anonymous",
}


@dataclass(frozen=True)
class Request:
    """One action on one resource.

    action: `service:Action`. resource: its ARN, `*` for an action that is about none, or "" for one that is
    not known: an Allow is taken to be about it, whatever it names, a Deny only with `*`.
    context: condition keys to a value or a list of values; their
    names are compared without case; keys that follow from the principal and the resource are added.
    resource_account: who owns the resource, where its ARN does not say (S3): None = the principal's account.
    takes_conditions: False where no Allow statement with a Condition lets the request through, whatever the
    condition asks for.
    """

    principal: Principal
    action: str
    resource: str
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    resource_account: str | None = None
    takes_conditions: bool = True

    @property
    def owner(self) -> str | None:
        """The account that owns the resource."""
        parts = self.resource.split(":", 5)
        in_arn = parts[4] if len(parts) > 5 and parts[0] == "arn" else ""
        return self.resource_account or in_arn or self.principal.account

    @cached_property
    def keys(self) -> Mapping[str, tuple[str, ...]]:
        """Every condition key of the request in lower case, with its values; one without values is absent."""
        implied: dict[str, ContextValue] = dict(self.principal.context())
        if self.owner:
            implied["aws:ResourceAccount"] = self.owner
        found: dict[str, tuple[str, ...]] = {}
        for key, value in (*implied.items(), *self.context.items()):
            values = _texts(value)
            if values:
                found[key.lower()] = values
        return found


def _texts(value: ContextValue) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str | int | float):
        return (str(value),)
    return tuple(str(each) for each in value)
