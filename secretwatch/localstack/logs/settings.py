"""What CloudWatch Logs keeps of a log group and of an account that moto does not know.

It hangs on moto's own objects: what is deleted or reset takes it along.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from localstack.services.logs.models import get_moto_logs_backend

from secretwatch.dataprotection import DataProtectionPolicy, Masker
from secretwatch.filterpattern import FilterPattern

STANDARD, INFREQUENT_ACCESS = "STANDARD", "INFREQUENT_ACCESS"
_KEPT = "secretwatch"


@dataclass
class KeptPolicy:
    """A policy document as it was put; ``last_updated_time`` in ms."""

    document: str
    last_updated_time: int
    name: str = ""
    scope: str = "ALL"
    selection_criteria: str | None = None
    protection: DataProtectionPolicy | None = None
    """For a data protection policy: what it says."""
    subscription: AccountSubscription | None = None
    """For a subscription filter policy: what it says."""


@dataclass(frozen=True)
class AccountSubscription:
    """A subscription filter over all log groups of an account but those left out."""

    destination_arn: str
    role_arn: str | None
    pattern: FilterPattern
    distribution: str
    without: frozenset[str]
    """Names of log groups."""


@dataclass
class GroupSettings:
    log_group_class: str = STANDARD
    deletion_protection_enabled: bool = False
    data_protection: KeptPolicy | None = None
    data_protection_status: str | None = None
    """ACTIVATED with a policy; DELETED once there was one."""


@dataclass
class AccountSettings:
    """Of one account in one region: its account policies, by type and name."""

    policies: dict[str, dict[str, KeptPolicy]] = field(default_factory=dict)

    def protection(self) -> KeptPolicy | None:
        return next(iter(self.policies.get("DATA_PROTECTION_POLICY", {}).values()), None)

    def subscription(self) -> KeptPolicy | None:
        return next(iter(self.policies.get("SUBSCRIPTION_FILTER_POLICY", {}).values()), None)


def group_settings(group: Any) -> GroupSettings:
    """The settings of moto's log group."""
    kept: GroupSettings | None = getattr(group, _KEPT, None)
    if kept is None:
        kept = GroupSettings()
        setattr(group, _KEPT, kept)
    return kept


def account_settings(backend: Any) -> AccountSettings:
    """The settings of moto's CloudWatch Logs of an account and region."""
    kept: AccountSettings | None = getattr(backend, _KEPT, None)
    if kept is None:
        kept = AccountSettings()
        setattr(backend, _KEPT, kept)
    return kept


def masker_of(group: Any) -> Masker:
    """What is masked in events that come into the log group now: by its own policy and the account's."""
    account = account_settings(get_moto_logs_backend(group.account_id, group.region)).protection()
    own = group_settings(group).data_protection
    masker = Masker()
    for policy in (account, own):
        if policy and policy.protection:
            masker = masker | policy.protection.masker
    return masker
