"""The Principal element: whom a resource policy speaks of.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html and
.../reference_policies_elements_notprincipal.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from secretwatch.forms import ACCOUNT_ID
from secretwatch.policy.request import Principal
from secretwatch.policy.verdict import Verdict, no, unknown, yes

_ROOT = re.compile(r"arn:[^:]+:iam::([0-9]{12}):root")
_ARN = re.compile(r"arn:[^:*?]+:(?:iam|sts)::[0-9]{12}:[^*?]+")
# What a deleted user or role leaves behind in a policy: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_UNIQUE_ID = re.compile(r"A[A-Z0-9]{15,}")


@dataclass(frozen=True)
class Named:
    """Whether the element names a caller; `through_account` where only by naming its whole account.

    An account in an Allow delegates: the account's own policies must allow as well, save for its root user.
    `itself`: it names the user or the session, rather than everybody or the session's role.
    """

    verdict: Verdict
    through_account: bool = False
    itself: bool = False


def names(element: Any, principal: Principal) -> Named:
    """Whether a Principal element names the caller."""
    if element == "*":
        return Named(yes())
    if not isinstance(element, Mapping) or not element:
        return Named(unknown(f'its Principal {element!r} is neither "*" nor an object'))
    found = [
        _names(str(kind), value, principal) for kind, values in element.items() for value in _list(values)
    ]
    for wanted in (False, True):
        for each in found:
            if each.verdict.holds and each.through_account is wanted:
                return replace(each, itself=any(one.verdict.holds and one.itself for one in found))
    doubt = next((each for each in found if each.verdict.holds is None), None)
    return doubt or Named(no(f"its Principal is not {principal.name or 'an anonymous caller'}"))


def spares(element: Any, principal: Principal, effect: str) -> Verdict:
    """Whether a NotPrincipal element leaves the caller outside of its list: the statement is about it then.

    To exempt somebody from a Deny, AWS wants all their ARNs listed: the account's, and the user's, or the
    role's and the session's. In an Allow, one that is listed is enough to be left out. No wildcards.
    """
    if not isinstance(element, Mapping) or not element or set(element) - {"AWS", "Service", "Federated"}:
        return unknown(f"its NotPrincipal {element!r} is not understood")
    values = [value for kind in element.values() for value in _list(kind)]
    if any(not isinstance(value, str) or "*" in value for value in values):
        return unknown(f"its NotPrincipal {element!r} is not understood")
    listed = {f"arn:{principal.partition}:iam::{v}:root" if ACCOUNT_ID.fullmatch(v) else v for v in values}
    identities = {principal.name, principal.role_arn, principal.account_root} - {"", None}
    spared = identities <= listed if effect == "Deny" else identities & listed
    return no(f"its NotPrincipal names {principal.name}") if spared and identities else yes()


def _names(kind: str, value: Any, principal: Principal) -> Named:
    if not isinstance(value, str):
        return Named(unknown(f"its Principal has {value!r}, which is not a string"))
    if kind == "Service":
        if "*" in value:
            return Named(unknown(f"its Principal has the Service {value!r}, and services have no wildcards"))
        return Named(_is(principal.kind == "service" and principal.name == value))
    if kind == "Federated":
        return Named(_is(principal.kind == "federated-user" and principal.name == value))
    if kind == "AWS":
        return _names_aws(value, principal)
    return Named(unknown(f"its Principal has {kind}, which is not understood"))


def _names_aws(value: str, principal: Principal) -> Named:
    if value == "*":
        return Named(yes())
    account = value if ACCOUNT_ID.fullmatch(value) else None
    root = _ROOT.fullmatch(value)
    if root:
        account = root[1]
    if account:
        same = principal.kind != "service" and principal.account == account
        return Named(_is(same), through_account=principal.kind != "root")
    if _UNIQUE_ID.fullmatch(value):
        return Named(_is(False))
    if not _ARN.fullmatch(value):
        return Named(unknown(f"its Principal has {value!r}, which is not an account, a full ARN or *"))
    if principal.kind == "service":
        return Named(_is(False))
    return Named(
        _is(value == principal.name or _is_role_of(value, principal)), itself=value == principal.name
    )


def _is_role_of(arn: str, principal: Principal) -> bool:
    """Whether the ARN is that of the caller's role. Role names are unique in an account, whatever path."""
    if principal.role_name is None:
        return False
    if principal.issuer:
        return arn == principal.issuer
    start = f"arn:{principal.partition}:iam::{principal.account}:role/"
    return arn.startswith(start) and arn.rsplit("/", 1)[-1] == principal.role_name


def _is(same: bool) -> Verdict:
    return yes() if same else no("its Principal names others")


def _list(values: Any) -> list[Any]:
    return list(values) if isinstance(values, list | tuple) else [values]
