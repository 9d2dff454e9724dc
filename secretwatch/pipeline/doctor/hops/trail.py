"""Hop 2: the trail: there, logging where it should and what it should, into its bucket and log group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secretwatch.cloudtrail import is_global_service
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Person, Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops import selectors
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.hops.trail_bucket import examine_bucket
from secretwatch.pipeline.doctor.hops.trail_log_group import attach, examine_log_group, group_arn
from secretwatch.pipeline.doctor.intent import Purpose
from secretwatch.pipeline.doctor.kinds import trails
from secretwatch.pipeline.doctor.kinds.trails import group_of
from secretwatch.pipeline.doctor.view import View

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
        examine_log_group(hop, view, arn, trail)
        # Where it delivers is told of the trail; what is there is held against where it is meant to.
        applied = view.applied("trail", arn) or {}
        kept = {name: applied.get(name) for name in ("S3BucketName", "S3KeyPrefix", "KmsKeyId") if applied}
        examine_bucket(hop, view, arn, {**trail, **kept})
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
        steps = [*attach(view, free)] if free and not delivering else []
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
        "CloudWatchLogsLogGroupArn": group_arn(view),
        "CloudWatchLogsRoleArn": "ROLE_ARN",
    }
    return [Call("cloudtrail", "CreateTrail", params), Call("cloudtrail", "StartLogging", {"Name": name})]


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
