"""Of hop 2: the log group, and the role that carries events into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secretwatch import partition
from secretwatch.cloudtrail import log_stream_name
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Person, Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.allowing import allowing
from secretwatch.pipeline.doctor.hops.faulty_keys import key_at_fault
from secretwatch.pipeline.doctor.kinds import roles, trails
from secretwatch.pipeline.doctor.kinds.trails import group_of
from secretwatch.pipeline.doctor.opening import opened, refusal
from secretwatch.pipeline.doctor.view import View
from secretwatch.policy import services


def group_arn(view: View) -> str:
    where = view.subject.region
    aws = partition.of_region(where).name
    return f"arn:{aws}:logs:{where}:{view.account.account_id}:log-group:{view.group}:*"


def attach(view: View, trail: Mapping[str, Any]) -> list[Step]:
    applied = view.applied("trail", trail["TrailARN"]) or {}
    role = applied.get("CloudWatchLogsRoleArn") or trail.get("CloudWatchLogsRoleArn") or "ROLE_ARN"
    changes = {"CloudWatchLogsLogGroupArn": group_arn(view), "CloudWatchLogsRoleArn": role}
    return [trails.update(trail["Name"] if not applied else trail["TrailARN"], **changes)]


def examine_log_group(hop: Hop, view: View, arn: str, trail: Thing) -> None:
    group, attached = view.group, group_of(trail)
    if group is None:
        return
    ref = Ref("log group", group)
    if view.account.lacks("log group", group):
        hop.broken(
            "log-group-deleted",
            f"The log group {group} does not exist any more, nor do its metric filters.",
            *view.terraform(ref),
            # The group alone: its filters are found missing by themselves.
            *(view.restore(ref) or [Call("logs", "CreateLogGroup", {"logGroupName": group})]),
            ref=ref,
        )
        return
    if attached != group:
        where = f"delivers to {attached} instead" if attached else "delivers to no log group"
        hop.broken(
            "log-group-not-attached",
            f"The trail {trail['Name']} {where}, and the watch looks at {group}.",
            *attach(view, trail),
            ref=Ref("trail", arn),
        )
        return
    _role(hop, view, trail)
    _group_key(hop, view, group)


def _group_key(hop: Hop, view: View, group: str) -> bool:
    found = view.account.get("log group", group) or {}
    key = found.get("kmsKeyId")
    if not key:
        return False
    if view.leads_elsewhere(Ref("log group", group), "kmsKeyId"):
        return False
    arn = str(found.get("logGroupArn") or found.get("arn") or "").removesuffix(":*")
    requests = services.encrypting_log_events(arn, key) if arn else []
    # The trail's key, as a rule: said once.
    if any(each.ref == Ref("key", key) for each in hop.findings):
        return True
    return key_at_fault(
        hop,
        view,
        key,
        requests,
        cause="log-group-key",
        what=f"The key {key} of the log group",
        who="CloudWatch Logs encrypt events",
        stops=True,
    )


def _role(hop: Hop, view: View, trail: Thing) -> bool:
    """Whether the role that carries events into the log group was found to be at fault."""
    arn = trail.get("CloudWatchLogsRoleArn")
    if not arn or view.leads_elsewhere(Ref("trail", trail["TrailARN"]), "CloudWatchLogsRoleArn"):
        return False
    name = arn.rsplit("/", 1)[-1]
    ref, role = Ref("role", name), view.account.get("role", name)
    if view.account.lacks("role", name):
        hop.broken(
            "delivery-role-deleted",
            f"The role {arn}, with which CloudTrail writes to the log group, does not exist.",
            *view.terraform(ref),
            *(view.restore(ref) or _new_role(view, trail, name)),
            ref=ref,
        )
        return True
    unknown = view.account.unknown.get(ref) or view.account.unknown.get(Ref("role policies", name))
    if role is None:
        if unknown:
            hop.cannot_tell("permission", f"The delivery role cannot be looked at: {unknown.missing}.")
        return False
    applied = view.applied("role", name) or {}
    found = False
    assuming = services.assuming(arn)
    if why := refusal(assuming, resource=role.get("AssumeRolePolicyDocument")):
        trust = opened(
            role.get("AssumeRolePolicyDocument"), assuming, wanted=applied.get("AssumeRolePolicyDocument")
        )
        hop.broken(
            "delivery-role-trust",
            f"CloudTrail may not assume the role {name}. {why}",
            roles.trust(name, trust),
            ref=ref,
        )
        found = True
    writing = _streams(view, trail, arn)
    if why := refusal(writing, caller=roles.policies(role)):
        if unknown:
            hop.cannot_tell("permission", f"The delivery role cannot be looked at: {unknown.missing}.")
            return True
        hop.broken(
            "delivery-role-policy",
            f"The role {name} may not write to the log group. {why}",
            *allowing(role, applied, name, writing),
            ref=None if found else ref,
        )
        return True
    boundary = role.get("Boundary")
    if boundary and (why := refusal(writing, caller=roles.policies(role), boundary=boundary)):
        hop.broken(
            "delivery-role-boundary",
            f"The permissions boundary of the role {name} does not let it write to the log group. {why}",
            Call("iam", "DeleteRolePermissionsBoundary", {"RoleName": name}),
            Person("Somebody bounds this role on purpose: ask who does before taking that away."),
            ref=None if found else ref,
        )
        return True
    if unknown:
        hop.cannot_tell(
            "permission", f"Whether a policy denies {name} something cannot be told: {unknown.missing}."
        )
    if role.get("PermissionsBoundary") and boundary is None and not view.intent:
        hop.warning(
            "delivery-role-boundary", f"It is not known what the permissions boundary of {name} allows."
        )
    return found


def _stream(view: View, trail: Thing) -> str:
    return log_stream_name(view.account.account_id, trail.get("HomeRegion") or view.subject.region)


def _streams(view: View, trail: Thing, role_arn: str) -> list[Any]:
    """What the role writes to: a trail with much to write has more streams, whose names end in a number."""
    names = [f"{_stream(view, trail)}{number}" for number in ("", "_2", "_3")]
    return [each for name in names for each in services.writing_log_events(role_arn, group_arn(view), name)]


def _new_role(view: View, trail: Thing, name: str) -> list[Step]:
    arn = trail["CloudWatchLogsRoleArn"]
    writing = services.writing_log_events(arn, group_arn(view), _stream(view, trail))
    trust = opened(None, services.assuming(arn))
    params: dict[str, Any] = {"RoleName": name, "AssumeRolePolicyDocument": trust}
    path = arn.split(":role", 1)[1].rpartition("/")[0] + "/"
    if path != "/":
        params["Path"] = path
    return [
        Call("iam", "CreateRole", params),
        roles.put_policy(name, "write-log-streams", opened(None, writing, kind="identity")),
    ]
