"""Roles: who may assume them, what they may do, and what limits them, as IAM answers.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.doctor.asking import Asked
from secretwatch.pipeline.doctor.calls import Call, Effect, Step
from secretwatch.pipeline.doctor.kinds.kind import META, Harmless, Kind, Looking, Of, Resource, document
from secretwatch.pipeline.doctor.policy_differences import Place, completed


def look(looking: Looking, ids: list[str]) -> None:
    for name in ids:
        for operation, items in (
            ("GetRole", None),
            ("ListRolePolicies", "PolicyNames"),
            ("ListAttachedRolePolicies", "AttachedPolicies"),
        ):
            looking.ask.ahead("iam", operation, _arn(looking, name), items=items, RoleName=name)
    for name in ids:
        _one(looking, name)


def _arn(looking: Looking, name: str) -> str:
    return looking.account.arn("iam", f"role/{name}", region="")


def _one(looking: Looking, name: str) -> None:
    ask, arn = looking.ask, _arn(looking, name)
    role = ask("iam", "GetRole", arn, RoleName=name)
    if not role.ok:
        looking.note("role", name, role, None)
        return
    found: Thing = dict(role.answer["Role"])
    found["AssumeRolePolicyDocument"] = _document(found.get("AssumeRolePolicyDocument") or {})
    inline = ask("iam", "ListRolePolicies", arn, items="PolicyNames", RoleName=name)
    attached = ask("iam", "ListAttachedRolePolicies", arn, items="AttachedPolicies", RoleName=name)
    answers = [inline, attached]
    found["Inline"] = {}
    for policy in inline.answer or ():
        asked = ask("iam", "GetRolePolicy", arn, RoleName=name, PolicyName=policy)
        answers.append(asked)
        if asked.ok:
            found["Inline"][policy] = _document(asked.answer["PolicyDocument"])
    found["Attached"] = {}
    for policy in attached.answer or ():
        answers += _managed(looking, policy["PolicyArn"], found["Attached"])
    boundary = (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    if boundary:
        limits: dict[str, str] = {}
        answers += _managed(looking, boundary, limits)
        found["Boundary"] = limits.get(boundary)
    looking.account.put("role", name, found)
    if unknown := next((each for each in answers if each.unknown), None):
        looking.account.unknown[Ref("role policies", name)] = unknown


def _managed(looking: Looking, arn: str, into: dict[str, str]) -> list[Asked]:
    described = looking.ask("iam", "GetPolicy", arn, PolicyArn=arn)
    if not described.ok:
        return [described]
    version = described.answer["Policy"]["DefaultVersionId"]
    asked = looking.ask("iam", "GetPolicyVersion", arn, PolicyArn=arn, VersionId=version)
    if asked.ok:
        into[arn] = _document(asked.answer["PolicyVersion"]["Document"])
    return [described, asked]


def _document(value: Any) -> str:
    """boto3 parses IAM's documents, which AWS sends percent-encoded; not every endpoint encodes them."""
    return json.dumps(value) if isinstance(value, Mapping) else unquote(str(value))


def policies(role: Thing) -> list[str]:
    return [*(role.get("Inline") or {}).values(), *(role.get("Attached") or {}).values()]


def put_policy(name: str, policy: str, text: str) -> Call:
    return Call("iam", "PutRolePolicy", {"RoleName": name, "PolicyName": policy, "PolicyDocument": text})


def delete_policy(name: str, policy: str) -> Call:
    return Call("iam", "DeleteRolePolicy", {"RoleName": name, "PolicyName": policy})


def trust(name: str, text: str) -> Call:
    return Call("iam", "UpdateAssumeRolePolicy", {"RoleName": name, "PolicyDocument": text})


def restore(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    steps: list[Step] = []
    if live is None:
        params = {"RoleName": id, "AssumeRolePolicyDocument": wanted["AssumeRolePolicyDocument"]}
        if wanted.get("Path") not in (None, "", "/"):
            params["Path"] = wanted["Path"]
        steps.append(Call("iam", "CreateRole", params))
    elif document(wanted["AssumeRolePolicyDocument"]) != document(live.get("AssumeRolePolicyDocument")):
        policy = completed(
            live.get("AssumeRolePolicyDocument"), wanted["AssumeRolePolicyDocument"], Place(account, "sts")
        )
        steps.append(trust(id, policy))
    before = live or {}
    place = Place(account, "", account.arn("iam", f"role/{id}", region=""))
    for name, text in (wanted.get("Inline") or {}).items():
        there = (before.get("Inline") or {}).get(name)
        if document(text) != document(there):
            steps.append(put_policy(id, name, completed(there, text, place)))
    if before.get("Boundary") and not wanted.get("Boundary"):
        steps.append(Call("iam", "DeleteRolePermissionsBoundary", {"RoleName": id}))
    return steps


def _add_policy(thing: Thing, values: Mapping[str, Any]) -> None:
    thing.setdefault("Inline", {})[values["name"]] = values["policy"]


KIND = Kind(
    "role",
    "role",
    look,
    {
        "AssumeRolePolicyDocument": document,
        "Boundary": document,
        "Inline": lambda value: {name: document(text) for name, text in (value or {}).items()},
    },
    restore,
    resources={
        "aws_iam_role": Resource(
            "role",
            lambda values: str(values["name"]),
            {
                **META,
                "assume_role_policy": Of("AssumeRolePolicyDocument"),
                "create_date": Harmless("when it was made"),
                "description": Harmless("a text"),
                "force_detach_policies": Harmless("Terraform's own"),
                "inline_policy": Harmless("as aws_iam_role_policy has them"),
                "managed_policy_arns": Harmless("what is attached besides is looked at as it is"),
                "max_session_duration": Harmless("a service's session is renewed"),
                "name": Of("RoleName"),
                "path": Of("Path"),
                "permissions_boundary": Of("Boundary"),
                # A policy that has a role as its principal is bound to this one; none here has.
                "unique_id": Harmless("no policy has it as a principal, and all else names it by its ARN"),
            },
        ),
        "aws_iam_role_policy": Resource(
            "role",
            lambda values: str(values["role"]),
            {
                **META,
                "name": Of("Inline"),
                "policy": Of("Inline"),
                "role": Of("RoleName"),
            },
            whole=False,
            merge=_add_policy,
        ),
    },
)


def _create(account: Account, params: Mapping[str, Any]) -> None:
    arn = account.arn("iam", f"role{params.get('Path') or '/'}{params['RoleName']}", region="")
    account.put("role", params["RoleName"], {"Arn": arn, "Inline": {}, "Attached": {}, **params})


def _trust(account: Account, params: Mapping[str, Any]) -> None:
    account.change("role", params["RoleName"], AssumeRolePolicyDocument=params["PolicyDocument"])


def _put(account: Account, params: Mapping[str, Any]) -> None:
    role = account.get("role", params["RoleName"]) or {}
    inline = {**(role.get("Inline") or {}), params["PolicyName"]: params["PolicyDocument"]}
    account.change("role", params["RoleName"], Inline=inline)


def _delete(account: Account, params: Mapping[str, Any]) -> None:
    role = account.get("role", params["RoleName"]) or {}
    inline = {name: text for name, text in (role.get("Inline") or {}).items() if name != params["PolicyName"]}
    account.change("role", params["RoleName"], Inline=inline)


def _detach(account: Account, params: Mapping[str, Any]) -> None:
    role = account.get("role", params["RoleName"]) or {}
    attached = {arn: text for arn, text in (role.get("Attached") or {}).items() if arn != params["PolicyArn"]}
    account.change("role", params["RoleName"], Attached=attached)


def _unbound(account: Account, params: Mapping[str, Any]) -> None:
    account.change("role", params["RoleName"], Boundary=None, PermissionsBoundary=None)


EFFECTS: dict[tuple[str, str], Effect] = {
    ("iam", "CreateRole"): _create,
    ("iam", "UpdateAssumeRolePolicy"): _trust,
    ("iam", "PutRolePolicy"): _put,
    ("iam", "DeleteRolePolicy"): _delete,
    ("iam", "DeleteRolePermissionsBoundary"): _unbound,
    ("iam", "DetachRolePolicy"): _detach,
}
