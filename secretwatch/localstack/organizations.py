"""AWS Organizations, as moto has it, and what CloudTrail asks of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.spec import load_service
from localstack.services.moto import call_moto
from moto.organizations.models import organizations_backends


class OrganizationsProvider:
    """LocalStack's provider for the service ``organizations``: every call is moto's."""

    service = "organizations"


def dispatch_table(provider: OrganizationsProvider) -> dict[str, Any]:
    """All operations of the API: LocalStack knows none of them by itself."""

    def call(context: RequestContext, _request: Mapping[str, Any]) -> Any:
        return call_moto(context)

    return dict.fromkeys(load_service(provider.service).operation_names, call)


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
