"""Who administers CloudTrail for an organization beside its management account: registered, and no longer.

Here: what CloudTrail refuses, in the order in which it is looked at. AWS says for which reasons, but neither
the order nor the words. Not here: what a delegated administrator may do (`cloudtrail_provider`), and where it
is kept (`organizations`).
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
"""

from __future__ import annotations

from localstack.aws.api import CommonServiceException

from secretwatch.localstack.cloudtrail.settings import organization_managed_by, refusal
from secretwatch.localstack.organizations import provider as organizations
from secretwatch.localstack.organizations.provider import Organization

_LIMIT = 3


def register(caller: str, member: str) -> None:
    """Raises what AWS documents of RegisterOrganizationDelegatedAdmin.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RegisterOrganizationDelegatedAdmin.html
    """
    organization = _managed_by(caller)
    if member == caller:
        raise refusal(
            "CannotDelegateManagementAccountException",
            "The management account of an organization cannot be its delegated administrator.",
        )
    if member not in organization.accounts:
        raise _not_found(member)
    if member in organization.delegated_administrators:
        raise refusal(
            "AccountRegisteredException",
            f"Account {member} is registered as a delegated administrator already.",
        )
    if len(organization.delegated_administrators) >= _LIMIT:
        raise refusal(
            "DelegatedAdminAccountLimitExceededException",
            f"The organization has {_LIMIT} delegated administrators already.",
        )
    organizations.register(member, caller)


def deregister(caller: str, member: str) -> None:
    """Raises what AWS documents of DeregisterOrganizationDelegatedAdmin. The trails that it made stay.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeregisterOrganizationDelegatedAdmin.html
    """
    organization = _managed_by(caller)
    if member not in organization.accounts:
        raise _not_found(member)
    if member not in organization.delegated_administrators:
        raise refusal(
            "AccountNotRegisteredException",
            f"Account {member} is not registered as a delegated administrator.",
        )
    organizations.deregister(member, caller)


def _managed_by(caller: str) -> Organization:
    return organization_managed_by(caller, "NotOrganizationManagementAccountException")


def _not_found(member: str) -> CommonServiceException:
    return refusal("AccountNotFoundException", f"Account {member} is not a member of the organization.")
