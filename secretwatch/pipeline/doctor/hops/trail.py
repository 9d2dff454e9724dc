"""Hop 2: the trail: there, logging where it should and what it should, into its bucket and log group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secretwatch import partition
from secretwatch.cloudtrail import SelectedBy, log_stream_name
from secretwatch.pipeline.doctor import mends
from secretwatch.pipeline.doctor.facts import Facts
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.gather import group_of
from secretwatch.pipeline.doctor.hops.allowed import refusal
from secretwatch.policy import services

NAME = "trail"
_READ_AND_WRITE = mends.document([{"ReadWriteType": "All", "IncludeManagementEvents": True}])


def examine(facts: Facts) -> Hop:
    hop = Hop(NAME)
    trail = facts.trail
    if trail is None:
        _no_trail(hop, facts)
        return hop
    name = trail["Name"]
    if facts.trail_asked:
        hop.saw(facts.trail_asked.action, trail["TrailARN"], facts.trail_asked.at, _described(trail))
    _logging(hop, facts, trail)
    _region(hop, facts, trail)
    _selectors(hop, facts, trail)
    _bucket(hop, facts, trail)
    _log_group(hop, facts, trail)
    status = (facts.trail_status and facts.trail_status.answer) or {}
    if problem := status.get("LatestNotificationError"):
        hop.warning("trail-notification", f"The trail's own notifications to its topic fail: {problem}.")
    hop.note = f"{name} logs {_described(trail)}, and delivers."
    return hop


def _described(trail: Mapping[str, Any]) -> str:
    where = "all regions" if trail.get("IsMultiRegionTrail") else str(trail.get("HomeRegion"))
    return f"{where} to {trail.get('S3BucketName')} and {group_of(trail) or 'no log group'}"


def _no_trail(hop: Hop, facts: Facts) -> None:
    subject, asked = facts.subject, facts.trail_asked
    if asked:
        hop.saw(asked.action, subject.trail_arn or subject.region, asked.at, asked.why or "none that fits")
    if asked is None or asked.unknown:
        hop.cannot_tell(
            "permission",
            f"The trail cannot be looked at: {asked.missing if asked else 'nothing leads to it'}.",
        )
        return
    trails = ((facts.trails and facts.trails.answer) or {}).get("trailList", [])
    if subject.trail_arn:
        name = subject.trail_arn.rsplit("/", 1)[-1]
        hop.broken(
            "trail-deleted",
            f"The trail {name} does not exist any more.",
            _create(facts, name),
        )
    elif trails:
        names = ", ".join(each["Name"] for each in trails)
        hop.broken(
            "log-group-not-attached",
            f"No trail delivers to the log group {facts.group}; there are these: {names}.",
            _attach(facts, trails[0]),
        )
    else:
        hop.broken(
            "no-trail",
            f"There is no trail in {subject.region}: nothing records who reads.",
            _create(facts, "secretwatch"),
        )


def _create(facts: Facts, name: str) -> str:
    if facts.subject.directory:
        return f"terraform -chdir={facts.subject.directory} apply"
    return mends.lines(
        mends.aws(
            "cloudtrail",
            "create-trail",
            "--name",
            name,
            "--s3-bucket-name",
            "BUCKET",
            "--is-multi-region-trail",
            "--cloud-watch-logs-log-group-arn",
            _group_arn(facts),
            "--cloud-watch-logs-role-arn",
            "ROLE_ARN",
        ),
        mends.aws("cloudtrail", "start-logging", "--name", name),
    )


def _group_arn(facts: Facts) -> str:
    where = facts.subject.region
    return f"arn:{partition.of_region(where).name}:logs:{where}:{facts.account_id}:log-group:{facts.group}:*"


def _attach(facts: Facts, trail: Mapping[str, Any]) -> str:
    return mends.aws(
        "cloudtrail",
        "update-trail",
        "--name",
        trail["Name"],
        "--cloud-watch-logs-log-group-arn",
        _group_arn(facts),
        "--cloud-watch-logs-role-arn",
        trail.get("CloudWatchLogsRoleArn") or "ROLE_ARN",
    )


def _logging(hop: Hop, facts: Facts, trail: Mapping[str, Any]) -> None:
    asked = facts.trail_status
    if asked is None or not asked.ok:
        if asked:
            hop.cannot_tell("permission", f"Whether it logs cannot be told: {asked.missing}.")
        return
    status = asked.answer
    hop.saw(asked.action, trail["TrailARN"], asked.at, _status(status))
    if not status.get("IsLogging"):
        stopped = status.get("StopLoggingTime")
        how = f"has not logged since {stopped:%d %b %H:%M:%S} UTC" if stopped else "does not log"
        hop.broken(
            "trail-stopped",
            f"The trail {trail['Name']} {how}.",
            mends.aws("cloudtrail", "start-logging", "--name", trail["Name"]),
        )


def _status(status: Mapping[str, Any]) -> str:
    words = ["logging" if status.get("IsLogging") else "not logging"]
    for name, said in (
        ("LatestDeliveryTime", "S3"),
        ("LatestCloudWatchLogsDeliveryTime", "log group"),
    ):
        if at := status.get(name):
            words.append(f"last delivery to {said} {at:%H:%M:%S} UTC")
    words += [f"{name} {status[name]}" for name in status if name.endswith("Error") and status[name]]
    return ", ".join(words)


def _region(hop: Hop, facts: Facts, trail: Mapping[str, Any]) -> None:
    home = trail.get("HomeRegion")
    regions = dict.fromkeys(facts.subject.regions)
    if facts.read:
        regions[facts.read.region] = None
    missed = [each for each in regions if each != home]
    if missed and not trail.get("IsMultiRegionTrail"):
        hop.broken(
            "wrong-region",
            f"The trail {trail['Name']} records {home} only, and secrets are read in {', '.join(missed)}.",
            mends.aws("cloudtrail", "update-trail", "--name", trail["Name"], "--is-multi-region-trail"),
        )


def _selectors(hop: Hop, facts: Facts, trail: Mapping[str, Any]) -> None:
    asked = facts.selectors
    if asked is None or not asked.ok:
        if asked:
            hop.cannot_tell("permission", f"Which events it selects cannot be told: {asked.missing}.")
        return
    basic = asked.answer.get("EventSelectors") or []
    advanced = asked.answer.get("AdvancedEventSelectors") or []
    hop.saw(asked.action, trail["TrailARN"], asked.at, mends.document(advanced or basic))
    assert facts.example
    if SelectedBy([_complete(each) for each in basic], advanced)(facts.example):
        return
    cause, why = _why_not_selected(basic, advanced)
    hop.broken(
        cause,
        f"The trail {trail['Name']} {why}: a read of a secret is a read-only management event.",
        mends.aws(
            "cloudtrail",
            "put-event-selectors",
            "--trail-name",
            trail["Name"],
            "--event-selectors",
            _READ_AND_WRITE,
        ),
    )


def _complete(selector: Mapping[str, Any]) -> dict[str, Any]:
    """A selector with the members that AWS may leave out."""
    return {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
        **selector,
    }


def _why_not_selected(basic: list[Any], advanced: list[Any]) -> tuple[str, str]:
    fields = [field for selector in advanced for field in selector.get("FieldSelectors", ())]
    management = [
        selector
        for selector in advanced
        if any(
            field.get("Field") == "eventCategory" and "Management" in (field.get("Equals") or ())
            for field in selector.get("FieldSelectors", ())
        )
    ]
    excluded = any(
        "secretsmanager.amazonaws.com" in (each.get("ExcludeManagementEventSources") or ()) for each in basic
    ) or any(
        field.get("Field") == "eventSource"
        and any("secretsmanager" in value for value in field.get("NotEquals") or ())
        for field in fields
    )
    if excluded:
        return "source-excluded", "leaves secretsmanager.amazonaws.com out"
    if basic and not any(_complete(each)["IncludeManagementEvents"] for each in basic):
        return "no-management-events", "selects no management events"
    if advanced and not management:
        return "no-management-events", "selects no management events"
    write_only = any(each.get("ReadWriteType") == "WriteOnly" for each in basic) or any(
        field.get("Field") == "readOnly" and "false" in (field.get("Equals") or ()) for field in fields
    )
    if write_only:
        return "write-only", "selects write events only"
    return "not-selected", "does not select reads of secrets"


def _bucket(hop: Hop, facts: Facts, trail: Mapping[str, Any]) -> None:
    bucket, arn = trail.get("S3BucketName"), trail["TrailARN"]
    asked, latest = facts.bucket_policy, _latest(facts, "LatestDeliveryError")
    if not bucket or asked is None:
        return
    requests = services.storing_log_files(
        arn, bucket, prefix=trail.get("S3KeyPrefix"), key_arn=trail.get("KmsKeyId")
    )
    # The log group does not wait for the bucket: an alarm rings, but its evidence is lost.
    if asked.absent and "NoSuchBucket:" in asked.why:
        hop.broken(
            "bucket-deleted",
            f"The trail's bucket {bucket} does not exist: its log files, the evidence, are lost.",
            mends.lines(
                mends.aws("s3api", "create-bucket", "--bucket", bucket),
                _bucket_mend(bucket, None, facts, trail),
            ),
            stops=False,
        )
        return
    if asked.ok or asked.absent:
        policy = asked.answer["Policy"] if asked.ok else None
        hop.saw(asked.action, f"s3://{bucket}", asked.at, policy or "no policy")
        if why := refusal(requests, resource=policy):
            hop.broken(
                "bucket-policy",
                f"The bucket {bucket} does not let CloudTrail in, so that its log files, the evidence, are "
                f"lost. {why}",
                _bucket_mend(bucket, policy, facts, trail),
                stops=False,
            )
            return
    else:
        hop.cannot_tell("permission", f"The bucket's policy cannot be looked at: {asked.missing}.")
    if _trail_key(hop, facts, trail):
        return
    if latest:
        hop.broken("bucket-delivery", f"The last delivery to s3://{bucket} failed: {latest}.", stops=False)


def _latest(facts: Facts, name: str) -> str:
    status = (facts.trail_status and facts.trail_status.answer) or {}
    return str(status.get(name) or "")


def _bucket_mend(bucket: str, policy: str | None, facts: Facts, trail: Mapping[str, Any]) -> str:
    source = {"StringEquals": {"aws:SourceArn": trail["TrailARN"]}}
    prefix = f"{trail['S3KeyPrefix']}/" if trail.get("S3KeyPrefix") else ""
    principal = {"Service": services.CLOUDTRAIL}
    arn = f"arn:{trail['TrailARN'].split(':')[1]}:s3:::{bucket}"
    statements = [
        {
            "Sid": "CloudTrailReadsAcl",
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:GetBucketAcl",
            "Resource": arn,
            "Condition": source,
        },
        {
            "Sid": "CloudTrailWrites",
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:PutObject",
            "Resource": f"{arn}/{prefix}AWSLogs/{facts.account_id}/*",
            "Condition": {
                "StringEquals": source["StringEquals"] | {"s3:x-amz-acl": "bucket-owner-full-control"}
            },
        },
    ]
    wanted = mends.merged(policy, statements)
    return mends.aws("s3api", "put-bucket-policy", "--bucket", bucket, "--policy", wanted)


def _trail_key(hop: Hop, facts: Facts, trail: Mapping[str, Any]) -> bool:
    """Whether the trail's key was found to be at fault."""
    key, policy = facts.trail_key, facts.trail_key_policy
    if key is None or policy is None:
        return False
    identifier = trail["KmsKeyId"]
    if key.absent:
        hop.broken("trail-key", f"The trail's key {identifier} does not exist.", stops=False)
        return True
    if key.ok and key.answer["KeyMetadata"].get("KeyState") not in (None, "Enabled"):
        hop.broken(
            "trail-key",
            f"The trail's key {identifier} is {key.answer['KeyMetadata']['KeyState']}.",
            mends.aws("kms", "enable-key", "--key-id", identifier),
            stops=False,
        )
        return True
    if policy.unknown:
        hop.cannot_tell("permission", f"The trail's key cannot be looked at: {policy.missing}.")
        return False
    requests = services.using_trail_key(trail["TrailARN"], identifier)
    if why := refusal(requests, resource=policy.answer["Policy"]):
        wanted = mends.with_statements(policy.answer["Policy"], requests, sids=["CloudTrailEncrypts"])
        hop.broken(
            "trail-key",
            f"The trail's key does not let CloudTrail encrypt its log files. {why}",
            mends.aws(
                "kms",
                "put-key-policy",
                "--key-id",
                identifier,
                "--policy-name",
                "default",
                "--policy",
                wanted,
            ),
            stops=False,
        )
        return True
    return False


def _log_group(hop: Hop, facts: Facts, trail: Mapping[str, Any]) -> None:
    attached = group_of(trail)
    if facts.group is None:
        return
    group = facts.log_group
    if group and group.ok and group.answer is None:
        hop.broken(
            "log-group-deleted",
            f"The log group {facts.group} does not exist any more, nor do its metric filters.",
            _create_group(facts),
        )
        return
    if attached != facts.group:
        where = f"delivers to {attached} instead" if attached else "delivers to no log group"
        hop.broken(
            "log-group-not-attached",
            f"The trail {trail['Name']} {where}, and the watch looks at {facts.group}.",
            _attach(facts, trail),
        )
        return
    if not _role(hop, facts, trail) and (latest := _latest(facts, "LatestCloudWatchLogsDeliveryError")):
        if facts.read and facts.read.delivered:
            hop.warning("log-group-delivery", f"A delivery to the log group failed lately: {latest}.")
        else:
            hop.broken("log-group-delivery", f"The last delivery to {attached} failed: {latest}.")


def _create_group(facts: Facts) -> str:
    assert facts.group
    commands = [mends.aws("logs", "create-log-group", "--log-group-name", facts.group)]
    subject = facts.subject
    if facts.metric:
        for number, pattern in enumerate(
            subject.filter_patterns or (mends.pattern_for(subject.secrets, subject.event_names),)
        ):
            names = subject.filter_names
            name = names[number] if number < len(names) else f"secret-reads-{number + 1}"
            commands.append(mends.put_filter(facts.group, name, pattern, *facts.metric, **facts.new_filter))
    return mends.lines(*commands)


def _role(hop: Hop, facts: Facts, trail: Mapping[str, Any]) -> bool:
    """Whether the delivery role was found to be at fault."""
    found, arn = facts.role, trail.get("CloudWatchLogsRoleArn")
    if found is None or not arn:
        return False
    name = arn.rsplit("/", 1)[-1]
    trust = mends.document(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": services.CLOUDTRAIL},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    )
    home = str(trail.get("HomeRegion"))
    stream = log_stream_name(facts.account_id, home)
    requests = services.writing_log_events(arn, trail["CloudWatchLogsLogGroupArn"], stream)
    writes = mends.aws(
        "iam",
        "put-role-policy",
        "--role-name",
        name,
        "--policy-name",
        "deliver-to-log-group",
        "--policy-document",
        mends.document(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": [each.action for each in requests],
                        "Resource": requests[0].resource,
                    }
                ],
            }
        ),
    )
    if found.role.absent:
        create = mends.aws("iam", "create-role", "--role-name", name, "--assume-role-policy-document", trust)
        hop.broken(
            "delivery-role-deleted",
            f"The role {name}, by which CloudTrail writes to the log group, does not exist.",
            mends.lines(create, writes),
        )
        return True
    if found.role.unknown:
        hop.cannot_tell("permission", f"The delivery role cannot be looked at: {found.role.missing}.")
        return False
    trusted = found.role.answer["Role"]["AssumeRolePolicyDocument"]
    trusted = trusted if isinstance(trusted, str) else mends.document(trusted)
    hop.saw(found.role.action, arn, found.role.at, f"{len(found.policies)} policies")
    if why := refusal(services.assuming(arn), resource=trusted):
        hop.broken(
            "delivery-role-trust",
            f"CloudTrail may not assume the role {name}, by which it writes to the log group. {why}",
            mends.aws("iam", "update-assume-role-policy", "--role-name", name, "--policy-document", trust),
        )
        return True
    if found.unknown:
        hop.cannot_tell(
            "permission", f"The delivery role's policies cannot be looked at: {found.unknown.missing}."
        )
        return False
    # An organisation's streams are named after the organisation.
    if not trail.get("IsOrganizationTrail") and (why := refusal(requests, caller=found.policies)):
        hop.broken(
            "delivery-role-policy",
            f"The role {name} may not write to the log group. {why}",
            writes,
        )
        return True
    return False
