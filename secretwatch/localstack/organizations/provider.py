"""AWS Organizations, as moto has it, and what CloudTrail asks of it.

A delegated administrator is one whether it was registered with Organizations or with CloudTrail: moto's
list of them is the only one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.connect import connect_to
from localstack.aws.spec import load_service
from localstack.services.moto import call_moto
from moto.organizations.models import FakeDelegatedAdministrator, organizations_backends

from secretwatch.policy.services import CLOUDTRAIL

# moto knows a few of the services that take a delegated administrator.
if CLOUDTRAIL not in FakeDelegatedAdministrator.SUPPORTED_SERVICES:
    FakeDelegatedAdministrator.SUPPORTED_SERVICES.append(CLOUDTRAIL)


class OrganizationsProvider:
    """LocalStack's provider for the service ``organizations``: every call is moto's."""

    service = "organizations"


def dispatch_table(provider: OrganizationsProvider) -> dict[str, Any]:
    """All operations of the API: LocalStack knows none of them by itself."""

    def call(context: RequestContext, request: Mapping[str, Any]) -> Any:
        answer = call_moto(context)
        if context.operation and context.operation.name == "CreateAccount":
            _let_management_in(context, request, answer["CreateAccountStatus"]["AccountId"])
        return answer

    return dict.fromkeys(load_service(provider.service).operation_names, call)


def _let_management_in(context: RequestContext, request: Mapping[str, Any], account_id: str) -> None:
    """A new account has a role that its management account may assume, with all rights in it.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access-cross-account-role.html
    """
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam = connect_to(aws_access_key_id=account_id, region_name=context.region).iam
    # moto makes the role. AWS attaches its managed policy of that name, of which there is none here.
    iam.put_role_policy(
        RoleName=request.get("RoleName") or "OrganizationAccountAccessRole",
        PolicyName="AdministratorAccess",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )


@dataclass(frozen=True)
class Organization:
    """An organization as an account in it sees it.

    accounts: of all members, the management account among them; delegated_administrators: of those that
    administer CloudTrail.
    """

    id: str
    management_account_id: str
    feature_set: str
    trusted_services: frozenset[str]
    accounts: frozenset[str]
    delegated_administrators: frozenset[str]


def organization(account_id: str) -> Organization | None:
    """The organization that the account manages or is a member of."""
    backend = _backend(account_id)
    if backend is None:
        return None
    return Organization(
        id=backend.org.id,
        management_account_id=backend.org.master_account_id,
        feature_set=backend.org.feature_set,
        trusted_services=frozenset(each["ServicePrincipal"] for each in backend.services),
        accounts=frozenset(each.id for each in backend.accounts),
        delegated_administrators=frozenset(
            each.account.id for each in backend.admins if CLOUDTRAIL in each.services
        ),
    )


def organization_of(account_id: str) -> str | None:
    """The id of the account's organization."""
    backend = _backend(account_id)
    return backend.org.id if backend else None


def is_delegated(account_id: str, by: str) -> bool:
    """Whether the account administers CloudTrail for the organization that the other one manages."""
    found = organization(account_id)
    return (
        found is not None
        and found.management_account_id == by
        and account_id in found.delegated_administrators
    )


def register(account_id: str, management: str) -> None:
    """Make a member a delegated administrator of CloudTrail."""
    _backend(management).register_delegated_administrator(AccountId=account_id, ServicePrincipal=CLOUDTRAIL)


def deregister(account_id: str, management: str) -> None:
    """Make a delegated administrator of CloudTrail a mere member."""
    _backend(management).deregister_delegated_administrator(AccountId=account_id, ServicePrincipal=CLOUDTRAIL)


def _backend(account_id: str) -> Any:
    """moto's store of the organization that the account manages or is a member of; None without one."""
    management, _ = organizations_backends.master_accounts.get(account_id, (account_id, ""))
    # Not by [], which would make what is not there.
    backends = list((organizations_backends.get(management) or {}).values())
    return next((each for each in backends if each.org), None)
