"""KMS keys: as DescribeKey and GetKeyPolicy answer them.

https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Effect, Step
from secretwatch.pipeline.doctor.kinds.kind import META, Harmless, Kind, Looking, Of, Resource, document
from secretwatch.pipeline.doctor.policy_differences import Place, completed


def look(looking: Looking, ids: list[str]) -> None:
    """Keys by their ARNs, or by what a service calls them: an id, an alias."""
    for id in ids:
        looking.ask.ahead("kms", "DescribeKey", f"key {id}", _region(looking, id), KeyId=id)
    for id in ids:
        region = _region(looking, id)
        asked = looking.ask("kms", "DescribeKey", f"key {id}", region, KeyId=id)
        found = dict(asked.answer["KeyMetadata"]) if asked.ok else None
        if found and found.get("KeyManager") != "AWS":
            policy = looking.ask(
                "kms", "GetKeyPolicy", f"key {id}", region, KeyId=found["Arn"], PolicyName="default"
            )
            if policy.unknown:
                looking.account.unknown[Ref("key policy", id)] = policy
            elif policy.ok:
                found["Policy"] = policy.answer["Policy"]
        looking.note("key", id, asked, found)


def _region(looking: Looking, id: str) -> str:
    return id.split(":")[3] if id.startswith("arn:") else looking.account.region


def put_policy(arn: str, policy: str) -> Call:
    return Call("kms", "PutKeyPolicy", {"KeyId": arn, "PolicyName": "default", "Policy": policy})


def enable(key: Thing) -> list[Step]:
    """From whatever state it is in: one that is to be deleted is disabled when that is cancelled."""
    arn = key.get("Arn") or key["KeyId"]
    steps: list[Step] = []
    if key.get("KeyState") in ("PendingDeletion", "PendingReplicaDeletion"):
        steps.append(Call("kms", "CancelKeyDeletion", {"KeyId": arn}))
    if key.get("KeyState", "Enabled") != "Enabled":
        steps.append(Call("kms", "EnableKey", {"KeyId": arn}))
    return steps


def restore(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    if live is None:
        return []  # a key that is gone does not come back
    steps = enable(live)
    if wanted.get("Policy") and document(wanted["Policy"]) != document(live.get("Policy")):
        policy = completed(live.get("Policy"), wanted["Policy"], Place(account, "kms"))
        steps.append(put_policy(live.get("Arn") or id, policy))
    return steps


KIND = Kind(
    "key",
    "key",
    look,
    {"KeyState": lambda value: value or "Enabled", "Policy": document},
    restore,
    label=lambda id: id.rsplit("/", 1)[-1],
    resources={
        "aws_kms_key": Resource(
            "key",
            lambda values: str(values["arn"]),
            {
                **META,
                "bypass_policy_lockout_safety_check": Harmless("Terraform's own"),
                "custom_key_store_id": Harmless("cannot be changed"),
                "customer_master_key_spec": Harmless("cannot be changed"),
                "deletion_window_in_days": Harmless("Terraform's own"),
                "description": Harmless("a text"),
                "enable_key_rotation": Harmless("what a key was made of does not stop what uses it"),
                "is_enabled": Of("KeyState", lambda value: "Enabled" if value is not False else "Disabled"),
                "key_id": Harmless("is in its ARN"),
                "key_usage": Harmless("cannot be changed"),
                "multi_region": Harmless("cannot be changed"),
                "policy": Of("Policy"),
                "rotation_period_in_days": Harmless("what a key was made of does not stop what uses it"),
                "xks_key_id": Harmless("cannot be changed"),
            },
        )
    },
)


def _state(state: str) -> Effect:
    def effect(account: Account, params: Mapping[str, Any]) -> None:
        for id in _ids(account, params["KeyId"]):
            account.change("key", id, KeyState=state)

    return effect


def _ids(account: Account, key: str) -> list[str]:
    """A key stands under each name that something calls it by."""
    return [id for id, found in account.all("key") if key in (id, found.get("Arn"), found.get("KeyId"))]


def _policy(account: Account, params: Mapping[str, Any]) -> None:
    for id in _ids(account, params["KeyId"]):
        account.change("key", id, Policy=params["Policy"])


EFFECTS: dict[tuple[str, str], Effect] = {
    ("kms", "CancelKeyDeletion"): _state("Disabled"),
    ("kms", "EnableKey"): _state("Enabled"),
    ("kms", "PutKeyPolicy"): _policy,
}
