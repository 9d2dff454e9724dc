"""What CloudTrail writes, when, and what it leaves out. Most need the trail that experiments share."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from secretwatch.partition import of_region
from secretwatch.verify.lab import Lab, refusal
from secretwatch.verify.model import Experiment, Seen, cannot_tell, confirmed, refuted
from secretwatch.verify.statements import service

_STATE = (
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html"
)
_TO_LOGS = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html"
_ON_TRAIL: dict[str, Any] = {"on_trail": True, "seconds": 900, "patience": 1500}


def _log_event_time(lab: Lab) -> Seen:
    stage = lab.stage
    stage.canaries(lab)
    same = other = 0
    delays = []
    for log_event, event in stage.found(lab, stage.secret):
        happened = datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00")).timestamp()
        delays.append(log_event["timestamp"] / 1000 - happened)
        if log_event["timestamp"] == round(happened * 1000):
            same += 1
        else:
            other += 1
    numbers = {"same": same, "other": other, "longest": round(max(delays))}
    if same and other:
        return Seen("mixed", numbers)
    return Seen("call" if same else "delivery", numbers)


def _batch_read(lab: Lab) -> Seen:
    stage = lab.stage
    stage.await_first(lab)
    secrets = [lab.secret() for _ in range(2)]
    answer = lab.client("secretsmanager").batch_get_secret_value(SecretIdList=secrets)
    request = str(answer["ResponseMetadata"]["RequestId"])
    del answer
    stage.await_events(lab, request)
    stage.canaries(lab)
    names = {
        event["eventID"]: event["eventName"] for secret in secrets for _, event in stage.found(lab, secret)
    }
    batch = sum(name == "BatchGetSecretValue" for name in names.values())
    single = sum(name == "GetSecretValue" for name in names.values())
    numbers = {"batch": batch, "single": single}
    if single:
        return Seen("each" if batch else "each only", numbers)
    return Seen("one" if batch == 1 else "none", numbers)


def _stopped(lab: Lab) -> Seen:
    return _ended(lab, stop=True)


def _deleted(lab: Lab) -> Seen:
    return _ended(lab, stop=False)


def _ended(lab: Lab, *, stop: bool) -> Seen:
    """A read just before a trail is stopped or deleted, and one just after: which of them came."""
    stage = lab.stage
    group = lab.log_group()
    trail = stage.make_trail(lab, group)

    def one_came() -> bool:
        stage.read(lab)
        return bool(stage.found(lab, stage.secret, group))

    lab.wait("the first events of the second trail", one_came)
    before = stage.read(lab)
    if stop:
        lab.client("cloudtrail").stop_logging(Name=trail)
    else:
        lab.client("cloudtrail").delete_trail(Name=trail)
    after = stage.read(lab)
    stage.await_events(lab, before, after)
    stage.canaries(lab)
    numbers = {
        "before": bool(stage.found(lab, before, group)),
        "after": bool(stage.found(lab, after, group)),
    }
    if numbers["after"]:
        return Seen("later, too", numbers)
    return Seen("before only" if numbers["before"] else "nothing", numbers)


def _topic_name(lab: Lab) -> Seen:
    stage = lab.stage
    arn = lab.topic(service("cloudtrail"))
    cloudtrail = lab.client("cloudtrail")
    lab.accepted(
        "that CloudTrail takes the topic",
        lambda: cloudtrail.update_trail(Name=stage.trail, SnsTopicName=arn),
        "InsufficientSnsTopicPolicyException",
    )
    (described,) = cloudtrail.describe_trails(trailNameList=[stage.trail])["trailList"]
    numbers = {"arn": described.get("SnsTopicARN") == arn}
    read = described.get("SnsTopicName")
    return Seen("name" if read == arn.rpartition(":")[2] else "ARN" if read == arn else "neither", numbers)


def _cloud_control(lab: Lab) -> Seen:
    stage = lab.stage
    cloudcontrol = lab.client("cloudcontrol")
    arn = lab.cloud.arn("cloudtrail", f"trail/{stage.trail}")

    def get(identifier: str) -> Any:
        return cloudcontrol.get_resource(TypeName="AWS::CloudTrail::Trail", Identifier=identifier)

    get(stage.trail)
    refused = refusal(
        lambda: get(arn),
        (
            "GeneralServiceException",
            "HandlerFailureException",
            "InvalidRequestException",
            "ResourceNotFoundException",
            "ValidationException",
        ),
    )
    return Seen("refused" if refused else "taken")


def _omitted(lab: Lab) -> Seen:
    role = lab.role("cloudtrail").rpartition("/")[2]
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    # IAM does not count white space.
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]}) + " " * 120_000
    answer = lab.client("iam").put_role_policy(RoleName=role, PolicyName="padded", PolicyDocument=policy)
    request = str(answer["ResponseMetadata"]["RequestId"])
    cloudtrail = lab.cloud.client("cloudtrail", of_region(lab.cloud.region).global_region)
    since = datetime.now(UTC) - timedelta(minutes=5)

    def in_history() -> dict[str, Any] | None:
        pages = cloudtrail.get_paginator("lookup_events").paginate(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PutRolePolicy"}],
            StartTime=since,
        )
        for page in pages:
            for each in page["Events"]:
                event: dict[str, Any] = json.loads(each["CloudTrailEvent"])
                if event.get("requestID") == request:
                    return event
        return None

    parameters = lab.wait("the event in the event history", in_history).get("requestParameters") or {}
    named = parameters.get("roleName") == role
    numbers = {"omitted": bool(parameters.get("omitted")), "named": named}
    if named:
        return Seen("named", numbers)
    return Seen("omitted" if numbers["omitted"] else "other", numbers)


def _rule_state(lab: Lab) -> Seen:
    stage = lab.stage
    detail = {"eventName": ["GetSecretValue"], "requestParameters": {"secretId": [stage.secret]}}
    pattern = json.dumps({"source": ["aws.secretsmanager"], "detail": detail})
    for_all, enabled = lab.queue(), lab.queue()
    for state, queue in (("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", for_all), ("ENABLED", enabled)):
        lab.rule("default", {"Arn": queue.arn}, EventPattern=pattern, State=state)
    reads: list[str] = []

    def came() -> bool:
        reads.append(stage.read(lab))
        return bool(for_all.held(reads))

    lab.wait("a read at the rule for all management events", came)
    for _ in range(3):
        read = stage.read(lab)
        reads.append(read)
        lab.wait("a read at the rule for all management events", partial(for_all.holds, read))
    numbers = {
        "all": len(for_all.held(reads)),
        "enabled": len(enabled.held(reads)),
    }
    return Seen("both" if numbers["enabled"] else "all only", numbers)


def _metric_data(lab: Lab) -> Seen:
    stage = lab.stage
    stage.await_first(lab)
    answer = lab.client("cloudwatch").put_metric_data(
        Namespace=lab.metric(), MetricData=[{"MetricName": "reads", "Value": -1}]
    )
    request = str(answer["ResponseMetadata"]["RequestId"])
    stage.canaries(lab)
    found = len(stage.found(lab, request))
    return Seen("seen" if found else "unseen", {"events": found})


EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        id="log-event-time",
        claim="A log event that CloudTrail writes has the time of its delivery, not of its call.",
        why="The time decides in which minute a read is counted, and so whether an alarm still "
        "looks at that minute.",
        source=f"AWS does not say: {_TO_LOGS}",
        outcomes={
            "delivery": confirmed("No log event had the time of its call."),
            "call": refuted("All log events had the times of their calls."),
            "mixed": cannot_tell("Some log events had the times of their calls, and some had not."),
        },
        run=_log_event_time,
        numbers={
            "same": "log events with the time of their call",
            "other": "log events with another time",
            "longest": "the longest delay in seconds",
        },
        **_ON_TRAIL,
    ),
    Experiment(
        id="batch-read-events",
        claim="BatchGetSecretValue leaves one event of its own name, and no event GetSecretValue "
        "for each secret.",
        why="If so, a watch on GetSecretValue alone misses the read. If there are both events, "
        "one read counts twice.",
        source="AWS says that there is an entry GetSecretValue for each secret; recorded events have none: "
        "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html",
        outcomes={
            "one": confirmed("There was one event BatchGetSecretValue and nothing else."),
            "each": refuted("There was BatchGetSecretValue, and GetSecretValue."),
            "each only": refuted("There was GetSecretValue only."),
            "none": refuted("No event of either name names the secrets."),
        },
        run=_batch_read,
        makes={"secret": 2},
        calls=("secretsmanager:BatchGetSecretValue",),
        numbers={"batch": "events BatchGetSecretValue", "single": "events GetSecretValue, of 2 secrets"},
        **_ON_TRAIL,
    ),
    Experiment(
        id="stopped-trail",
        claim="After StopLogging, CloudTrail still delivers the events of earlier calls, and no "
        "events of later calls.",
        why="It decides whether an attacker hides a read when he stops the trail just after it.",
        source="AWS does not say: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html",
        outcomes={
            "before only": confirmed("The read just before came, and the read just after did not."),
            "nothing": refuted("Neither came."),
            "later, too": refuted("A later read came, too."),
        },
        run=_stopped,
        makes={"trail": 1, "log group": 1},
        calls=("cloudtrail:StopLogging",),
        numbers={"before": "whether the read just before came", "after": "whether the read just after came"},
        **_ON_TRAIL | {"seconds": 1500},
    ),
    Experiment(
        id="deleted-trail",
        claim="After DeleteTrail, CloudTrail still delivers the events of earlier calls, and no "
        "events of later calls.",
        why="It decides whether an attacker hides a read when he deletes the trail just after it.",
        source="AWS does not say: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html",
        outcomes={
            "before only": confirmed("The read just before came, and the read just after did not."),
            "nothing": refuted("Neither came."),
            "later, too": refuted("A later read came, too."),
        },
        run=_deleted,
        makes={"trail": 1, "log group": 1},
        numbers={"before": "whether the read just before came", "after": "whether the read just after came"},
        **_ON_TRAIL | {"seconds": 1500},
    ),
    Experiment(
        id="trail-topic-name",
        claim="If a trail was given its topic's ARN, `SnsTopicName` reads back as the bare name.",
        why="If a module writes the ARN there, every later plan shows a change.",
        source="Seen in the AWS provider's issues. AWS calls the field deprecated: "
        "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Trail.html",
        outcomes={
            "name": confirmed("`SnsTopicName` was the bare name."),
            "ARN": refuted("`SnsTopicName` was the ARN."),
            "neither": refuted("`SnsTopicName` was something else."),
        },
        run=_topic_name,
        makes={"topic": 1},
        calls=("cloudtrail:DescribeTrails", "cloudtrail:UpdateTrail"),
        numbers={"arn": "whether SnsTopicARN is the ARN"},
        **_ON_TRAIL | {"seconds": 20},
    ),
    Experiment(
        id="cloud-control-by-arn",
        claim="Cloud Control reads a trail by its name and refuses its ARN.",
        why="Terraform's awscc provider imports a trail by this identifier.",
        source="AWS says that the type's identifier is the name, and not whether it takes an ARN: "
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudtrail-trail.html",
        outcomes={
            "refused": confirmed("The trail was read by its name, and its ARN was refused."),
            "taken": refuted("The trail was read by its ARN, too."),
        },
        run=_cloud_control,
        calls=(
            "cloudformation:GetResource",
            "cloudtrail:GetEventSelectors",
            "cloudtrail:GetTrail",
            "cloudtrail:GetTrailStatus",
            "cloudtrail:ListTags",
        ),
        **_ON_TRAIL | {"seconds": 20},
    ),
    Experiment(
        id="omitted-parameters",
        claim="If an event's request parameters are over 100 KB, the event says `omitted` in their "
        "place and does not name the role.",
        why="If a caller pads a change with white space, a watch on the changed resource's name misses it.",
        source="Seen in recorded events; AWS names no limit of parameters: "
        "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
        outcomes={
            "omitted": confirmed("The parameters are omitted, and the role with them."),
            "named": refuted("The role is named."),
            "other": refuted("The role is not named, and there is no `omitted`."),
        },
        run=_omitted,
        seconds=300,
        patience=1200,
        makes={"role": 1},
        calls=("cloudtrail:LookupEvents",),
        numbers={"omitted": "whether `omitted` is set", "named": "whether roleName is the role"},
    ),
    Experiment(
        id="reads-need-all-events",
        claim="A rule in the state ENABLED gets no GetSecretValue; a rule in the state "
        "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS does.",
        why="A realtime rule in the usual state never rings for a read.",
        source=_STATE,
        outcomes={
            "all only": confirmed(
                "Reads came to the rule for all management events, and none of them to the rule in "
                "the state ENABLED."
            ),
            "both": refuted("Reads came to both rules."),
        },
        run=_rule_state,
        makes={"rule": 2, "queue": 2},
        numbers={
            "all": "reads that came for all management events",
            "enabled": "of these, in the state ENABLED",
        },
        **_ON_TRAIL | {"seconds": 120},
    ),
    Experiment(
        id="metric-data-leaves-no-event",
        claim="PutMetricData leaves no management event.",
        why="A caller can lower the watch's metric with PutMetricData, and the trail does not see it.",
        source="AWS lists which calls of CloudWatch are recorded, and this is not among them: "
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/logging_cw_api_calls.html",
        outcomes={
            "unseen": confirmed("Events of later calls came, and no event of PutMetricData."),
            "seen": refuted("There was an event of PutMetricData."),
        },
        run=_metric_data,
        makes={"metric": 1},
        calls=("cloudwatch:PutMetricData",),
        numbers={"events": "events of PutMetricData"},
        **_ON_TRAIL,
    ),
)
