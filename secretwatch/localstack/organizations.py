"""AWS Organizations, as moto has it, and what CloudTrail asks of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.connect import connect_to
from localstack.aws.spec import load_service
from localstack.services.moto import call_moto
from moto.organizations.models import organizations_backends


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
    """An organization as an account in it sees it."""

    id: str
    management_account_id: str
    feature_set: str
    trusted_services: frozenset[str]


def organization(account_id: str) -> Organization | None:
    """The organization that the account manages or is a member of."""
    management, _ = organizations_backends.master_accounts.get(account_id, (account_id, ""))
    # Not by [], which would make what is not there.
    for backend in list((organizations_backends.get(management) or {}).values()):
        if backend.org:
            return Organization(
                id=backend.org.id,
                management_account_id=backend.org.master_account_id,
                feature_set=backend.org.feature_set,
                trusted_services=frozenset(each["ServicePrincipal"] for each in backend.services),
            )
    return None


def organization_of(account_id: str) -> str | None:
    """The id of the account's organization."""
    found = organization(account_id)
    return found.id if found else None
