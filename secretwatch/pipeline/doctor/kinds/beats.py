"""What the heartbeat runs on: its state machine, the secret that it reads, the connection to its ping.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeConnection.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secretwatch.pipeline.doctor import asl
from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Effect, Step
from secretwatch.pipeline.doctor.kinds.kind import (
    META,
    Harmless,
    Kind,
    Looking,
    Of,
    Resource,
    text,
)


def look_at_machines(looking: Looking, ids: list[str]) -> None:
    for arn in ids:
        looking.ask.ahead("stepfunctions", "DescribeStateMachine", arn, stateMachineArn=arn)
    for arn in ids:
        asked = looking.ask("stepfunctions", "DescribeStateMachine", arn, stateMachineArn=arn)
        looking.note("state machine", arn, asked, dict(asked.answer) if asked.ok else None)


def _restore_machine(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    params = {"definition": wanted["definition"], "roleArn": wanted["roleArn"]}
    if key_of(wanted) or key_of(live or {}):
        params["encryptionConfiguration"] = wanted.get("encryptionConfiguration") or _AWS_OWNED
    if live is None:
        made = {"name": id.rsplit(":", 1)[-1], **params}
        return [Call("stepfunctions", "CreateStateMachine", made)]
    return [Call("stepfunctions", "UpdateStateMachine", {"stateMachineArn": id, **params})]


_AWS_OWNED = {"type": "AWS_OWNED_KEY"}


def key_of(machine: Thing) -> str | None:
    """The customer's key with which it is encrypted; None with one of AWS's own."""
    return (machine.get("encryptionConfiguration") or {}).get("kmsKeyId") or None


def encrypt_by_aws(arn: str) -> Call:
    params = {"stateMachineArn": arn, "encryptionConfiguration": _AWS_OWNED}
    return Call("stepfunctions", "UpdateStateMachine", params)


def _encryption(values: Any) -> dict[str, Any] | None:
    """As DescribeStateMachine has it, of Terraform's block."""
    names = {"kms_key_id": "kmsKeyId", "type": "type"}
    (found,) = values or [{}]
    return {names[name]: value for name, value in found.items() if name in names and value} or None


MACHINE = Kind(
    "state machine",
    "state machine",
    look_at_machines,
    {
        "definition": asl.does,
        "encryptionConfiguration": lambda value: key_of({"encryptionConfiguration": value}),
        "roleArn": text,
    },
    _restore_machine,
    label=lambda id: id.rsplit(":", 1)[-1],
    enough={"definition": lambda _, wanted, live: asl.does_as_much(wanted["definition"], live["definition"])},
    resources={
        "aws_sfn_state_machine": Resource(
            "state machine",
            lambda values: str(values["arn"]),
            {
                **META,
                "definition": Of("definition"),
                "description": Harmless("a text"),
                "encryption_configuration": Of("encryptionConfiguration", _encryption),
                "logging_configuration": Harmless("what is logged of it"),
                "name": Harmless("is in its ARN"),
                "publish": Harmless("versions, which nothing calls"),
                "revision_id": Harmless("AWS's own"),
                "role_arn": Of("roleArn"),
                "state_machine_version_arn": Harmless("versions, which nothing calls"),
                "status": Harmless("AWS's own"),
                "tracing_configuration": Harmless("what X-Ray sees"),
                "type": Harmless("cannot be changed"),
                "version_description": Harmless("versions, which nothing calls"),
            },
        )
    },
)


def look_at_secrets(looking: Looking, ids: list[str]) -> None:
    def question(arn: str) -> dict[str, Any]:
        region = arn.split(":")[3] if arn.startswith("arn:") else looking.account.region
        return {"resource": arn, "region": region, "SecretId": arn}

    own = {arn for arn in ids if Ref("secret", arn) in looking.wanted}
    for arn in ids:
        looking.ask.ahead("secretsmanager", "DescribeSecret", **question(arn))
        if arn in own:
            looking.ask.ahead("secretsmanager", "GetResourcePolicy", **question(arn))
    for arn in ids:
        asked = looking.ask("secretsmanager", "DescribeSecret", **question(arn))
        found = dict(asked.answer) if asked.ok else None
        if found and arn in own:
            policy = looking.ask("secretsmanager", "GetResourcePolicy", **question(arn))
            if policy.unknown:
                looking.account.unknown[Ref("secret policy", arn)] = policy
            elif policy.ok:
                found["Policy"] = policy.answer.get("ResourcePolicy")
        looking.note("secret", arn, asked, found)


def put_secret_policy(arn: str, policy: str | None) -> Call:
    if policy is None:
        return Call("secretsmanager", "DeleteResourcePolicy", {"SecretId": arn})
    return Call("secretsmanager", "PutResourcePolicy", {"SecretId": arn, "ResourcePolicy": policy})


def _restore_secret(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    if live is None:
        return []  # another one has another ARN
    if live.get("DeletedDate"):
        return [Call("secretsmanager", "RestoreSecret", {"SecretId": id})]
    return []


SECRET = Kind(
    "secret",
    "secret",
    look_at_secrets,
    {"DeletedDate": bool},
    _restore_secret,
    label=lambda id: id.rsplit(":", 1)[-1],
    resources={
        "aws_secretsmanager_secret": Resource(
            "secret",
            lambda values: str(values["arn"]),
            {
                **META,
                "description": Harmless("a text"),
                "force_overwrite_replica_secret": Harmless("Terraform's own"),
                "kms_key_id": Harmless("a read is recorded, whatever encrypts the value"),
                "name": Of("Name"),
                "policy": Harmless("as aws_secretsmanager_secret_policy has it"),
                "recovery_window_in_days": Harmless("Terraform's own"),
                "replica": Harmless("a read of a replica is one of its region"),
            },
        )
    },
)


def look_at_connections(looking: Looking, ids: list[str]) -> None:
    for name in ids:
        arn = looking.account.arn("events", f"connection/{name}")
        asked = looking.ask("events", "DescribeConnection", arn, Name=name)
        looking.note("connection", name, asked, dict(asked.answer) if asked.ok else None)


CONNECTION = Kind(
    "connection",
    "connection",
    look_at_connections,
    {"AuthorizationType": text, "ConnectionArn": text},
    # Its password or key is not known here.
    lambda account, id, wanted, live: [],
    identity="ConnectionArn",
    resources={
        "aws_cloudwatch_event_connection": Resource(
            "connection",
            lambda values: str(values["name"]),
            {
                **META,
                "arn": Of("ConnectionArn"),
                "auth_parameters": Harmless("AWS never shows it"),
                "authorization_type": Of("AuthorizationType"),
                "description": Harmless("a text"),
                "invocation_connectivity_parameters": Harmless("of private endpoints"),
                "kms_key_identifier": Harmless("how AWS keeps it"),
                "name": Of("Name"),
                "secret_arn": Harmless("AWS's own"),
            },
        )
    },
)


def _machine(account: Account, params: Mapping[str, Any]) -> None:
    arn = params.get("stateMachineArn") or account.arn("states", f"stateMachine:{params['name']}")
    names = ("definition", "encryptionConfiguration", "roleArn")
    changed = {name: params[name] for name in names if name in params}
    account.change("state machine", arn, **changed)


def _restored(account: Account, params: Mapping[str, Any]) -> None:
    account.change("secret", params["SecretId"], DeletedDate=None)


def _set_policy(account: Account, params: Mapping[str, Any]) -> None:
    account.change("secret", params["SecretId"], Policy=params.get("ResourcePolicy"))


EFFECTS: dict[tuple[str, str], Effect] = {
    ("stepfunctions", "CreateStateMachine"): _machine,
    ("stepfunctions", "UpdateStateMachine"): _machine,
    ("secretsmanager", "DeleteResourcePolicy"): _set_policy,
    ("secretsmanager", "PutResourcePolicy"): _set_policy,
    ("secretsmanager", "RestoreSecret"): _restored,
}
