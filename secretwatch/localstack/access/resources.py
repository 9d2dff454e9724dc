"""What the stores of LocalStack know of the resource that a call is about: its ARN, owner, policy and tags.

Here: one function a service, for the resources that have a policy of their own, or whose ARN does not follow
from what callers call them. Not here: what the policy means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from moto.iam.models import iam_backends

from secretwatch.localstack.access.services.keys import KeyNotFound, key_of
from secretwatch.localstack.access.services.stored import document_of

Tags = Mapping[str, str]


class Resource(NamedTuple):
    """A resource as policies see it.

    arn: its full ARN; account: its owner's id; policy: the text of its own, if it has one; exists: False for
    one that is only named by the call; tags; keys: more condition keys that follow from it.
    """

    arn: str
    account: str
    policy: str | None = None
    exists: bool = False
    tags: Tags = MappingProxyType({})
    keys: Mapping[str, Any] = MappingProxyType({})


def resource_of(arn: str, parameters: Mapping[str, Any], account_id: str, region: str) -> Resource:
    """The resource that an ARN of a call means; account_id, region: the caller's, where the ARN has none."""
    named, finder, region = _named(arn, account_id, region)
    return (finder(named, region, parameters) if finder else None) or named


@lru_cache(maxsize=4096)
def _named(arn: str, account_id: str, region: str) -> tuple[Resource, Finder | None, str]:
    """What an ARN says by itself, who looks it up, and in which region."""
    if not _ARN.fullmatch(arn):
        return Resource(arn, account_id), None, region
    parts = arn.split(":", 5)
    return Resource(arn, parts[4] or account_id), _FINDERS.get(parts[2]), parts[3] or region


def secret_in(secrets: Any, name: str) -> Any | None:
    """What moto's store has by a name, where it is kept: the store itself looks through all secrets first."""
    found = dict.get(secrets, name)
    return found if found is not None and found.name == name else secrets.get(name)


def _secret(named: Resource, region: str, _parameters: Mapping[str, Any]) -> Resource | None:
    from moto.secretsmanager.models import secretsmanager_backends

    # Not by index, which makes a backend where there is none, under a lock: this is for every read.
    backend = secretsmanager_backends.get(named.account, {}).get(region)
    if backend is None:
        return None
    name = named.arn.split(":", 6)[6]
    # A whole ARN ends in a suffix, and another secret may be called as this one with its suffix.
    whole = backend.secrets.get(named.arn) if name[-7:-6] == "-" else None
    secret = whole or secret_in(backend.secrets, name) or backend.secrets.get(named.arn)
    if secret is None:
        return None
    tags = _pairs(secret.tags) if secret.tags else {}
    keys = {"secretsmanager:SecretId": secret.arn}
    for key, value in tags.items():
        keys[f"secretsmanager:ResourceTag/{key}"] = value
    return Resource(secret.arn, named.account, secret.policy, True, tags, keys)


def _bucket(named: Resource, region: str, _parameters: Mapping[str, Any]) -> Resource | None:
    from localstack.services.s3.models import s3_stores

    name = named.arn.split(":", 5)[5].partition("/")[0]
    owner = s3_stores[named.account][region].global_bucket_map.get(name)
    bucket = s3_stores[owner][region].buckets.get(name) if owner else None
    if bucket is None:
        return None
    owner = bucket.bucket_account_id
    return Resource(named.arn, owner, bucket.policy, True, keys={"s3:ResourceAccount": owner})


def _topic(named: Resource, region: str, _parameters: Mapping[str, Any]) -> Resource | None:
    from moto.sns.models import sns_backends

    topic = sns_backends[named.account][region].topics.get(named.arn)
    if topic is None:
        return None
    return Resource(named.arn, named.account, topic.policy, True, dict(topic._tags))


def _queue(named: Resource, region: str, _parameters: Mapping[str, Any]) -> Resource | None:
    from localstack.services.sqs.models import sqs_stores

    queue = sqs_stores[named.account][region].queues.get(named.arn.rsplit(":", 1)[1])
    if queue is None:
        return None
    return Resource(named.arn, named.account, queue.attributes.get("Policy"), True, dict(queue.tags or {}))


def _key(named: Resource, region: str, parameters: Mapping[str, Any]) -> Resource | None:
    from localstack.services.kms.models import deserialize_ciphertext_blob

    name = named.arn.split(":", 5)[5]
    if name == "key/*" and (blob := parameters.get("CiphertextBlob")):
        try:
            name = deserialize_ciphertext_blob(blob).key_id
        except Exception:
            # Anybody's bytes: what they are not is KMS's to say.
            return None
    elif name.startswith("key/"):
        name = name.removeprefix("key/")
    elif "AliasName" in parameters:
        # What is asked of the alias itself is no matter of its key's policy.
        return None
    try:
        key = key_of(name, region, named.account)
    except KeyNotFound:
        return None
    keys = {f"kms:{name}": key.metadata.get(name) for name in ("KeySpec", "KeyUsage", "MultiRegion")}
    keys["kms:CallerAccount"] = named.account
    return Resource(
        key.metadata["Arn"],
        key.metadata["AWSAccountId"],
        key.policy,
        True,
        dict(key.tags),
        {name: value for name, value in keys.items() if value is not None},
    )


def _function(named: Resource, region: str, _parameters: Mapping[str, Any]) -> Resource | None:
    from localstack.services.lambda_.invocation.models import lambda_stores

    parts = named.arn.split(":")
    if len(parts) < 7 or parts[5] != "function":
        return None
    function = lambda_stores[named.account][region].functions.get(parts[6])
    if function is None:
        return None
    found = function.permissions.get(parts[7] if len(parts) > 7 else "$LATEST")
    policy = None
    if found is not None:
        statements = [dict(each) for each in found.policy.Statement]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return Resource(named.arn, named.account, policy, True)


def _bus(named: Resource, region: str, _parameters: Mapping[str, Any]) -> Resource | None:
    from localstack.services.events.models import events_stores

    kind, _, name = named.arn.split(":", 5)[5].partition("/")
    if kind != "event-bus":
        return None
    bus = events_stores[named.account][region].event_buses.get(name)
    if bus is None:
        return None
    return Resource(named.arn, named.account, json.dumps(bus.policy) if bus.policy else None, True)


def _identity(named: Resource, _region: str, _parameters: Mapping[str, Any]) -> Resource | None:
    """Users, roles and the like, whose ARN has a path; a role's policy says who may assume it."""
    kind, _, rest = named.arn.split(":", 5)[5].partition("/")
    backend = iam_backends[named.account][named.arn.split(":")[1]]
    stores: dict[str, Any] = {
        "role": lambda: backend.roles.values(),
        "user": lambda: backend.users.values(),
        "group": lambda: backend.groups.values(),
        "instance-profile": lambda: backend.instance_profiles.values(),
    }
    if kind not in stores:
        return None
    name = rest.rsplit("/", 1)[-1]
    found = next((each for each in list(stores[kind]()) if each.name == name), None)
    if found is None:
        return None
    policy = document_of(found.assume_role_policy_document) if kind == "role" else None
    tags = identity_tags(backend, found)
    return Resource(
        found.arn, named.account, policy, True, tags, {f"iam:ResourceTag/{key}": tags[key] for key in tags}
    )


def identity_tags(backend: Any, holder: Any) -> dict[str, str]:
    """The tags of a user or a role of moto's."""
    own = getattr(holder, "tags", None)
    if isinstance(own, Mapping):
        return {str(each.get("Key", key)): str(each.get("Value", "")) for key, each in own.items()}
    return dict(backend.tagger.get_tag_dict_for_resource(holder.arn))


def _pairs(tags: Any) -> dict[str, str]:
    return {str(tag["Key"]): str(tag.get("Value") or "") for tag in tags or []}


_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:([a-z]+-[a-z0-9-]+)?:([0-9]{12})?:.+", re.DOTALL)
Finder = Callable[[Resource, str, Mapping[str, Any]], Resource | None]
_FINDERS: Mapping[str, Finder] = {
    "events": _bus,
    "iam": _identity,
    "kms": _key,
    "lambda": _function,
    "s3": _bucket,
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
}
HAVE_POLICIES = frozenset({"events", "kms", "lambda", "s3", "secretsmanager", "sns", "sqs", "sts"})
"""Services, by botocore's names, whose resources have policies that bind the root user too."""
