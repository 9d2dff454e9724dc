"""The bucket that keeps the evidence: its policy, and what protects what lies in it.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Effect, Step
from secretwatch.pipeline.doctor.kinds.bucket_lifecycle import has_rules, keeps_more, lifecycle, with_others
from secretwatch.pipeline.doctor.kinds.bucket_parts import PARTS, public
from secretwatch.pipeline.doctor.kinds.kind import (
    META,
    Harmless,
    Kind,
    Looking,
    Of,
    Resource,
    document,
    same_key,
)
from secretwatch.pipeline.doctor.policy_differences import Place, completed


def look(looking: Looking, ids: list[str]) -> None:
    aws = looking.account.arn("s3", "").split(":")[1]

    def question(name: str) -> dict[str, Any]:
        # A name is free for anybody once its bucket is deleted: whoever has it then shows what he likes.
        own = Ref("bucket", name) in looking.wanted
        return {"Bucket": name} | ({"ExpectedBucketOwner": looking.account.account_id} if own else {})

    for name in ids:
        for part in PARTS.values():
            looking.ask.ahead("s3", part.get, f"arn:{aws}:s3:::{name}", **question(name))
    for name in ids:
        found: Thing = {"Name": name}
        missing = False
        for member, part in PARTS.items():
            asked = looking.ask("s3", part.get, f"arn:{aws}:s3:::{name}", **question(name))
            if asked.absent and "NoSuchBucket:" in asked.why:
                missing = True
            elif asked.unknown:
                looking.account.unknown[Ref(f"bucket {member}", name)] = asked
            else:
                found[member] = part.value(asked.answer) if asked.ok else None
        if missing:
            looking.account.put("bucket", name, None)
        elif len(found) > 1:
            looking.account.put("bucket", name, found)
        elif Ref("bucket", name) in looking.wanted and _is_anothers(looking, name):
            looking.account.put("bucket", name, None)
            looking.account.put(OF_ANOTHER, name, {})
            for member in PARTS:
                looking.account.unknown.pop(Ref(f"bucket {member}", name), None)
        else:
            looking.account.unknown[Ref("bucket", name)] = asked


OF_ANOTHER = "bucket of another account"


def _is_anothers(looking: Looking, name: str) -> bool:
    """Whether nothing may be seen of it since it is another account's: it is not among this one's."""
    asked = looking.ask("s3", "ListBuckets", items="Buckets")
    return bool(asked.ok) and name not in [each["Name"] for each in asked.answer]


def put_policy(name: str, policy: str) -> Call:
    return Call("s3", "PutBucketPolicy", {"Bucket": name, "Policy": policy})


def restore(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    steps: list[Step] = []
    if live is None:
        params: dict[str, Any] = {"Bucket": id}
        if account.region != "us-east-1":
            params["CreateBucketConfiguration"] = {"LocationConstraint": account.region}
        steps.append(Call("s3", "CreateBucket", params))
        live = {}
    for member, make in _PUT.items():
        same = KIND.decisive[member]
        # A bucket that was applied without lifecycle rules has none.
        known = (member in wanted or member == "Lifecycle") and (member in live or not live)
        value = wanted.get(member)
        if member == "Lifecycle" and member in live and keeps_more(value, live[member]):
            continue  # going back would delete what is older
        if member == "Lifecycle":
            value = with_others(value, live.get("Lifecycle"))
        if member == "Policy":
            value = completed(live.get("Policy"), value, Place(account, "s3"))
        if known and same(wanted.get(member)) != same(live.get(member)) and (step := make(id, value)):
            steps.append(step)
    return steps


def _put_versioning(name: str, value: Any) -> Call:
    return Call("s3", "PutBucketVersioning", {"Bucket": name, "VersioningConfiguration": {"Status": value}})


def _put_public(name: str, value: Any) -> Call:
    return Call("s3", "PutPublicAccessBlock", {"Bucket": name, "PublicAccessBlockConfiguration": value})


def _put_ownership(name: str, value: Any) -> Call:
    rules = {"Rules": [{"ObjectOwnership": value}]}
    return Call("s3", "PutBucketOwnershipControls", {"Bucket": name, "OwnershipControls": rules})


def _put_encryption(name: str, value: Any) -> Call | None:
    if not value:
        return Call("s3", "DeleteBucketEncryption", {"Bucket": name})
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": value}]}
    return Call("s3", "PutBucketEncryption", {"Bucket": name, "ServerSideEncryptionConfiguration": rules})


def _put_lifecycle(name: str, value: Any) -> Call | None:
    if not value:
        return Call("s3", "DeleteBucketLifecycle", {"Bucket": name})
    return Call(
        "s3", "PutBucketLifecycleConfiguration", {"Bucket": name, "LifecycleConfiguration": {"Rules": value}}
    )


_PUT: dict[str, Callable[[str, Any], Call | None]] = {
    "Ownership": _put_ownership,
    "PublicAccessBlock": _put_public,
    "Versioning": _put_versioning,
    "Encryption": _put_encryption,
    "Lifecycle": _put_lifecycle,
    "Policy": put_policy,
}

_BUCKET = Harmless("the bucket's own name")
_OLD = Harmless("read-only: another resource of Terraform's has it")


def _first(value: Any) -> Mapping[str, Any]:
    return value[0] if value else {}


def _rules(value: Any) -> list[dict[str, Any]]:
    """As S3 takes them: what the module gives its rules."""
    found = []
    for rule in value or ():
        scope = _first(rule.get("filter"))
        made: dict[str, Any] = {
            "ID": rule["id"],
            "Status": rule.get("status"),
            "Filter": {"Prefix": scope.get("prefix") or rule.get("prefix") or ""},
        }
        for name, member, block in (
            ("days", "Days", "expiration"),
            ("noncurrent_days", "NoncurrentDays", "noncurrent_version_expiration"),
            ("days_after_initiation", "DaysAfterInitiation", "abort_incomplete_multipart_upload"),
        ):
            if days := _first(rule.get(block)).get(name):
                made["".join(part.capitalize() for part in block.split("_"))] = {member: days}
        found.append(made)
    return found


def _default_encryption(value: Any) -> Any:
    found = _first(_first(value).get("apply_server_side_encryption_by_default"))
    if found.get("sse_algorithm") in (None, "", "AES256"):
        return None
    made = {"SSEAlgorithm": found["sse_algorithm"]}
    if found.get("kms_master_key_id"):
        made["KMSMasterKeyID"] = found["kms_master_key_id"]
    return made


def _block(thing: Thing, values: Mapping[str, Any]) -> None:
    thing["PublicAccessBlock"] = {
        "BlockPublicAcls": bool(values["block_public_acls"]),
        "BlockPublicPolicy": bool(values["block_public_policy"]),
        "IgnorePublicAcls": bool(values["ignore_public_acls"]),
        "RestrictPublicBuckets": bool(values["restrict_public_buckets"]),
    }


def _bucket(values: Mapping[str, Any]) -> str:
    return str(values["bucket"])


_OWNER = {"expected_bucket_owner": Harmless("who calls, not what is")}

KIND = Kind(
    "bucket",
    "bucket",
    look,
    {
        "Encryption": lambda value: value or None,
        "Lifecycle": lambda value: json.dumps(lifecycle(value), sort_keys=True),
        "Ownership": lambda value: value,
        "Policy": document,
        "PublicAccessBlock": lambda value: json.dumps(
            public({"PublicAccessBlockConfiguration": value}), sort_keys=True
        ),
        "Versioning": lambda value: value or None,
    },
    restore,
    enough={"Encryption": same_key("Encryption", "KMSMasterKeyID"), "Lifecycle": has_rules},
    resources={
        "aws_s3_bucket": Resource(
            "bucket",
            _bucket,
            {
                **META,
                "acceleration_status": _OLD,
                "acl": _OLD,
                "bucket": Of("Name"),
                "bucket_domain_name": Harmless("AWS's own"),
                "bucket_prefix": Harmless("Terraform's own"),
                "bucket_region": Harmless("cannot be changed"),
                "bucket_regional_domain_name": Harmless("AWS's own"),
                "cors_rule": _OLD,
                "force_destroy": Harmless("Terraform's own"),
                "grant": _OLD,
                "hosted_zone_id": Harmless("AWS's own"),
                "lifecycle_rule": _OLD,
                "logging": _OLD,
                "object_lock_configuration": _OLD,
                "object_lock_enabled": Harmless("cannot be taken away"),
                "policy": _OLD,
                "replication_configuration": _OLD,
                "request_payer": _OLD,
                "server_side_encryption_configuration": _OLD,
                "versioning": _OLD,
                "website": _OLD,
                "website_domain": _OLD,
                "website_endpoint": _OLD,
            },
        ),
        "aws_s3_bucket_lifecycle_configuration": Resource(
            "bucket",
            _bucket,
            {
                **META,
                **_OWNER,
                "bucket": _BUCKET,
                "rule": Of("Lifecycle", _rules),
                "transition_default_minimum_object_size": Harmless("of transitions, of which there are none"),
            },
            whole=False,
        ),
        "aws_s3_bucket_ownership_controls": Resource(
            "bucket",
            _bucket,
            {
                **META,
                "bucket": _BUCKET,
                "rule": Of("Ownership", lambda value: _first(value).get("object_ownership")),
            },
            whole=False,
        ),
        "aws_s3_bucket_policy": Resource(
            "bucket", _bucket, {**META, "bucket": _BUCKET, "policy": Of("Policy")}, whole=False
        ),
        "aws_s3_bucket_public_access_block": Resource(
            "bucket",
            _bucket,
            {
                **META,
                "block_public_acls": Of("PublicAccessBlock"),
                "block_public_policy": Of("PublicAccessBlock"),
                "bucket": _BUCKET,
                "ignore_public_acls": Of("PublicAccessBlock"),
                "restrict_public_buckets": Of("PublicAccessBlock"),
                "skip_destroy": Harmless("Terraform's own"),
            },
            whole=False,
            merge=_block,
        ),
        "aws_s3_bucket_server_side_encryption_configuration": Resource(
            "bucket",
            _bucket,
            {**META, **_OWNER, "bucket": _BUCKET, "rule": Of("Encryption", _default_encryption)},
            whole=False,
        ),
        "aws_s3_bucket_versioning": Resource(
            "bucket",
            _bucket,
            {
                **META,
                **_OWNER,
                "bucket": _BUCKET,
                "mfa": Harmless("who calls, not what is"),
                "versioning_configuration": Of("Versioning", lambda value: _first(value).get("status")),
            },
            whole=False,
        ),
    },
)


def _create(account: Account, params: Mapping[str, Any]) -> None:
    account.put("bucket", params["Bucket"], {"Name": params["Bucket"]})


def _set(member: str) -> Effect:
    part = PARTS[member]

    def effect(account: Account, params: Mapping[str, Any]) -> None:
        value = params[part.param]
        answer = (
            {part.param: value}
            if member in ("PublicAccessBlock", "Ownership", "Encryption", "Policy")
            else value
        )
        account.change("bucket", params["Bucket"], **{member: part.value(answer)})

    return effect


def _unset(member: str) -> Effect:
    return lambda account, params: account.change("bucket", params["Bucket"], **{member: None})


EFFECTS: dict[tuple[str, str], Effect] = {
    ("s3", "CreateBucket"): _create,
    ("s3", "DeleteBucketEncryption"): _unset("Encryption"),
    ("s3", "DeleteBucketLifecycle"): _unset("Lifecycle"),
    **{("s3", part.put): _set(member) for member, part in PARTS.items()},
}
