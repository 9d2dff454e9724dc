"""Hop 2: the trail: there, logging where it should and what it should, into its bucket and log group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from secretwatch import partition
from secretwatch.cloudtrail import is_global_service, log_stream_name
from secretwatch.partition import REGIONS
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Person, Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops import selectors
from secretwatch.pipeline.doctor.hops.allowing import allowing
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.intent import Purpose
from secretwatch.pipeline.doctor.kinds import buckets, filters, keys, roles, trails
from secretwatch.pipeline.doctor.kinds.trails import group_of
from secretwatch.pipeline.doctor.opening import opened, refusal
from secretwatch.pipeline.doctor.view import View
from secretwatch.policy import services

NAME = "trail"


def examine(view: View) -> Hop:
    hop = Hop(NAME)
    trail = view.trail
    if trail is None:
        _no_trail(hop, view)
    else:
        arn = trail["TrailARN"]
        _logging(hop, view, arn, trail)
        _region(hop, view, arn, trail)
        selectors.examine(hop, view, arn, trail)
        _log_group(hop, view, arn, trail)
        # Where it delivers is told of the trail; what is there is held against where it is meant to.
        applied = view.applied("trail", arn) or {}
        kept = {name: applied.get(name) for name in ("S3BucketName", "S3KeyPrefix", "KmsKeyId") if applied}
        _bucket(hop, view, arn, {**trail, **kept})
        hop.note = f"{trail['Name']} logs {described(trail)}, and delivers."
    if view.intent:
        kinds: list[tuple[str, tuple[Purpose, ...]]] = [
            ("trail", ("ring",)),
            ("log group", ("ring",)),
            ("role", ("ring",)),
            ("bucket", ("evidence",)),
        ]
        kinds += [("key", ("ring", "evidence"))]
        for kind, purposes in kinds:
            # The topic's key is looked at with the topic.
            ids = [id for id in view.intent.of(kind, *purposes) if kind != "key" or id in _keys(view)]
            differing(hop, view, (Ref(kind, id) for id in ids), stops=False)
    return hop


def described(trail: Mapping[str, Any]) -> str:
    where = "all regions" if trail.get("IsMultiRegionTrail") else str(trail.get("HomeRegion"))
    return f"{where} to {trail.get('S3BucketName')} and {group_of(trail) or 'no log group'}"


def _keys(view: View) -> set[str]:
    """Keys of the trail, its log group and its bucket, as they were applied."""
    found: set[str] = set()
    if view.intent:
        for kind, member in (("trail", "KmsKeyId"), ("log group", "kmsKeyId")):
            found |= {str(each.get(member)) for _, each in view.intent.account.all(kind)}
    return found


def _no_trail(hop: Hop, view: View) -> None:
    subject, account = view.subject, view.account
    arn = view.trail_arn
    if arn and (unknown := account.unknown.get(Ref("trail", arn))):
        hop.cannot_tell("permission", f"The trail cannot be looked at: {unknown.missing}.")
        return
    if unknown := account.unknown.get(Ref("trails", "")):
        hop.cannot_tell("permission", f"The trail cannot be looked at: {unknown.missing}.")
        return
    if arn and account.lacks("trail", arn):
        ref = Ref("trail", arn)
        name = arn.rsplit("/", 1)[-1]
        steps = [*view.terraform(ref), *(view.restore(ref) or _create(view, name))]
        hop.broken("trail-deleted", f"The trail {name} does not exist any more.", *steps, ref=ref)
        return
    there = [each for _, each in account.all("trail")]
    if view.group and account.get("not of a trail", view.group) is not None and not subject.is_about_secrets:
        hop.cannot_tell(
            "not-of-a-trail",
            f"No trail of this account delivers to {view.group}, and none ever did. The doctor does not "
            f"follow other writers, such as flow logs or an application: make the call once that should "
            f"ring the alarm.",
        )
        return
    if there:
        names = ", ".join(each["Name"] for each in there)
        delivering = [each for each in there if group_of(each)]
        # A trail has one log group: none is disconnected from its own for this one.
        free = next((each for each in there if not group_of(each)), None)
        steps = [*_attach(view, free)] if free and not delivering else []
        hop.broken(
            "log-group-not-attached",
            f"No trail delivers to the log group {view.group}; there are these: {names}.",
            *steps,
        )
        return
    hop.broken(
        "no-trail",
        f"There is no trail in {subject.region}: nothing is recorded for {view.group or 'a log group'}.",
        *_create(view, "secretwatch"),
    )


def _create(view: View, name: str) -> list[Step]:
    if view.subject.directory:
        return view.terraform(Ref("trail", view.trail_arn or "")) or [
            Person(f"Nothing that was applied has a trail {name}: who owns it has to make it again.")
        ]
    params = {
        "Name": name,
        "S3BucketName": view.subject.bucket_name or "BUCKET",
        "IsMultiRegionTrail": True,
        "CloudWatchLogsLogGroupArn": _group_arn(view),
        "CloudWatchLogsRoleArn": "ROLE_ARN",
    }
    return [Call("cloudtrail", "CreateTrail", params), Call("cloudtrail", "StartLogging", {"Name": name})]


def _group_arn(view: View) -> str:
    where = view.subject.region
    aws = partition.of_region(where).name
    return f"arn:{aws}:logs:{where}:{view.account.account_id}:log-group:{view.group}:*"


def _attach(view: View, trail: Mapping[str, Any]) -> list[Step]:
    applied = view.applied("trail", trail["TrailARN"]) or {}
    role = applied.get("CloudWatchLogsRoleArn") or trail.get("CloudWatchLogsRoleArn") or "ROLE_ARN"
    changes = {"CloudWatchLogsLogGroupArn": _group_arn(view), "CloudWatchLogsRoleArn": role}
    return [trails.update(trail["Name"] if not applied else trail["TrailARN"], **changes)]


def _logging(hop: Hop, view: View, arn: str, trail: Thing) -> None:
    if unknown := view.account.unknown.get(Ref("trail status", arn)):
        hop.cannot_tell("permission", f"Whether it logs cannot be told: {unknown.missing}.")
        return
    if trail.get("IsLogging") is False:
        stopped = (trail.get("Status") or {}).get("StopLoggingTime")
        how = f"has not logged since {stopped:%d %b %H:%M:%S} UTC" if stopped else "does not log"
        hop.broken(
            "trail-stopped",
            f"The trail {trail['Name']} {how}.",
            trails.start(trail["Name"]),
            ref=Ref("trail", arn),
        )


def _region(hop: Hop, view: View, arn: str, trail: Thing) -> None:
    home = trail.get("HomeRegion") or arn.split(":")[3]
    regions = dict.fromkeys(view.subject.regions)
    regions |= dict.fromkeys(str(each["awsRegion"]) for each in view.examples if each.get("awsRegion"))
    missed = [each for each in regions if each != home]
    if view.subject.is_about_secrets:
        what = f"secrets are read in {', '.join(missed)}"
    else:
        # Where the alarm is, is not where the events are.
        recorded = [str(each.get("awsRegion") or home) for each in view.examples]
        missed = list(dict.fromkeys(recorded)) if home not in recorded else []
        what = f"what rings this alarm is recorded in {', '.join(missed)}"
    if missed and not trail.get("IsMultiRegionTrail"):
        hop.broken(
            "wrong-region",
            f"The trail {trail['Name']} records {home} only, and {what}.",
            trails.update(trail["Name"], IsMultiRegionTrail=True),
            ref=Ref("trail", arn),
        )
    elif _leaves_global_out(view, trail):
        hop.broken(
            "no-global-events",
            f"The trail {trail['Name']} leaves out what belongs to no region, as calls of IAM: "
            "events that ring this alarm are of that kind.",
            trails.update(trail["Name"], IncludeGlobalServiceEvents=True),
            ref=Ref("trail", arn),
        )
    elif not (trail.get("IsMultiRegionTrail") or view.subject.is_about_secrets or _are_global(view)):
        hop.warning(
            "one-region",
            f"The trail {trail['Name']} records {home} only: calls in other regions do not ring.",
        )


def _leaves_global_out(view: View, trail: Thing) -> bool:
    """Whether all that would ring is of services without a region, and the trail does not take that."""
    if trail.get("IncludeGlobalServiceEvents") is not False or not view.examples:
        return False
    return _are_global(view)


def _are_global(view: View) -> bool:
    """Whether all that would ring is recorded in one region, wherever it is called."""
    return bool(view.examples) and all(
        is_global_service(str(each.get("eventSource"))) for each in view.examples
    )


# The bucket: the log group does not wait for it, so an alarm rings; but its evidence is lost.


def _bucket(hop: Hop, view: View, arn: str, trail: Thing) -> None:
    name = trail.get("S3BucketName")
    if not name:
        return
    ref, bucket = Ref("bucket", name), view.account.get("bucket", name)
    if view.account.get(buckets.OF_ANOTHER, name) is not None:
        hop.broken(
            "another-bucket",
            f"The trail's bucket {name} was deleted, and another account has made one of its name. If that "
            "one lets CloudTrail in, the log files go to that account; otherwise they are lost.",
            Person(
                'This name is taken: give the trail another bucket, trail = { bucket = { name = "…" } }, and '
                "apply. Nothing that lies in this one is evidence."
            ),
            ref=ref,
            stops=False,
        )
        return
    if view.account.lacks("bucket", name):
        steps = view.restore(ref) or [
            Call("s3", "CreateBucket", {"Bucket": name}),
            buckets.put_policy(name, opened(None, _storing(trail))),
        ]
        hop.broken(
            "bucket-deleted",
            f"The trail's bucket {name} does not exist: its log files, the evidence, are lost.",
            *view.terraform(ref),
            *steps,
            ref=ref,
            stops=False,
        )
        return
    unknown = view.account.unknown.get(ref) or view.account.unknown.get(Ref("bucket Policy", name))
    if unknown:
        hop.cannot_tell("permission", f"The bucket's policy cannot be looked at: {unknown.missing}.")
    elif bucket is not None:
        policy = bucket.get("Policy")
        if why := refusal(_storing(trail), resource=policy):
            wanted = (view.applied("bucket", name) or {}).get("Policy")
            hop.broken(
                "bucket-policy",
                f"The bucket {name} does not let CloudTrail in, so that its log files, the evidence, are "
                f"lost. {why}",
                buckets.put_policy(name, opened(policy, _storing(trail), wanted=wanted)),
                ref=ref,
                stops=False,
            )
            return
    _key(hop, view, trail)


def _storing(trail: Thing) -> list[Any]:
    """All that the trail puts there: log files of each region, and the digests that prove them."""
    requests = services.storing_log_files(
        trail["TrailARN"],
        trail["S3BucketName"],
        prefix=trail.get("S3KeyPrefix") or None,
        key_arn=trail.get("KmsKeyId") or None,
    )
    _, aws, _, home, _, _ = trail["TrailARN"].split(":", 5)
    regions = [home, *(REGIONS.get(aws, ()) if trail.get("IsMultiRegionTrail") else ())]
    kinds = ["CloudTrail", *(["CloudTrail-Digest"] if trail.get("LogFileValidationEnabled") else [])]
    own = f"/CloudTrail/{home}/"
    return [
        replace(each, resource=each.resource.replace(own, f"/{kind}/{region}/"))
        for each in requests
        for kind in (kinds if own in each.resource else kinds[:1])
        for region in (dict.fromkeys(regions) if own in each.resource else regions[:1])
    ]


def _key(hop: Hop, view: View, trail: Thing) -> bool:
    """Whether the trail's key was found to be at fault."""
    key = trail.get("KmsKeyId")
    if not key:
        return False
    what = f"The trail's key {key}"
    return key_at_fault(
        hop,
        view,
        key,
        services.using_trail_key(trail["TrailARN"], (view.account.get("key", key) or {}).get("Arn") or key),
        cause="trail-key",
        what=what,
        who="CloudTrail encrypt its log files",
        stops=False,
    )


def key_at_fault(
    hop: Hop,
    view: View,
    id: str,
    requests: list[Any],
    *,
    cause: str,
    what: str,
    who: str,
    stops: bool,
) -> bool:
    """A key that is gone, off, or refuses these requests; whether that was found."""
    ref, key = Ref("key", id), view.account.get("key", id)
    if view.account.lacks("key", id):
        hop.broken(
            cause,
            f"{what} does not exist.",
            *view.terraform(ref),
            Person("A key that is gone does not come back: name another one."),
            ref=ref,
            stops=stops,
        )
        return True
    unknown = view.account.unknown.get(ref) or view.account.unknown.get(Ref("key policy", id))
    if unknown:
        hop.cannot_tell("permission", f"{what} cannot be looked at: {unknown.missing}.")
        return False
    if key is None:
        return False
    found = False
    if key.get("KeyState") not in (None, "Enabled"):
        hop.broken(cause, f"{what} is {key['KeyState']}.", *keys.enable(key), ref=ref, stops=stops)
        found = True
    if key.get("Policy") and (why := refusal(requests, resource=key["Policy"])):
        wanted = (view.applied("key", id) or {}).get("Policy")
        policy = opened(key["Policy"], requests, wanted=wanted)
        hop.broken(
            cause,
            f"{what} does not let {who}. {why}",
            keys.put_policy(key.get("Arn") or id, policy),
            ref=None if found else ref,
            stops=stops,
        )
        found = True
    return found


# The log group


def _log_group(hop: Hop, view: View, arn: str, trail: Thing) -> None:
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
            *_attach(view, trail),
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
        hop.warning("delivery-role-boundary", f"What the permissions boundary of {name} allows is not known.")
    return found


def _stream(view: View, trail: Thing) -> str:
    return log_stream_name(view.account.account_id, trail.get("HomeRegion") or view.subject.region)


def _streams(view: View, trail: Thing, role_arn: str) -> list[Any]:
    """What the role writes to: a trail with much to write has more streams, whose names end in a number."""
    names = [f"{_stream(view, trail)}{number}" for number in ("", "_2", "_3")]
    return [each for name in names for each in services.writing_log_events(role_arn, _group_arn(view), name)]


def _new_role(view: View, trail: Thing, name: str) -> list[Step]:
    arn = trail["CloudWatchLogsRoleArn"]
    writing = services.writing_log_events(arn, _group_arn(view), _stream(view, trail))
    trust = opened(None, services.assuming(arn))
    params: dict[str, Any] = {"RoleName": name, "AssumeRolePolicyDocument": trust}
    path = arn.split(":role", 1)[1].rpartition("/")[0] + "/"
    if path != "/":
        params["Path"] = path
    return [
        Call("iam", "CreateRole", params),
        roles.put_policy(name, "write-log-streams", opened(None, writing, kind="identity")),
    ]


__all__ = ["NAME", "examine", "filters"]
