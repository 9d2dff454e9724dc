"""What AWS drops is dropped here too, and can be seen; what AWS keeps and tries again is not lost."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from deployment import wait_for
from sinks import ACCOUNT, REGION, Sinks, all_sinks, allow, client, document

from secretwatch import local

ALARMS = "cloudwatch.amazonaws.com"


@pytest.fixture
def sinks(aws: dict[str, str]) -> Iterator[Sinks]:
    with all_sinks("drops") as made:
        yield made


class Watched:
    """A topic with an address that has confirmed, and an alarm that tells the topic."""

    def __init__(self, sinks: Sinks, cloud: local.LocalCloud) -> None:
        self.name, self.topic, self.key, self.cloud = sinks.name, sinks.topic, sinks.key, cloud
        self.sns, self.kms, self.cloudwatch = sinks.sns, sinks.kms, client("cloudwatch")
        self.address = f"{self.name}@example.com"
        self.alarm_arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{self.name}"
        self.sns.subscribe(TopicArn=self.topic, Protocol="email", Endpoint=self.address)
        sinks.undo.append(lambda: self.cloudwatch.delete_alarms(AlarmNames=[self.name]))

    def topic_policy(self, *statements: Any) -> None:
        self.attribute("Policy", document(*statements))

    def key_policy(self, policy: str) -> None:
        """Also one that lets nobody change it again, which AWS takes only when it is told to."""
        self.kms.put_key_policy(
            KeyId=self.key, PolicyName="default", Policy=policy, BypassPolicyLockoutSafetyCheck=True
        )

    def attribute(self, name: str, value: str) -> None:
        self.sns.set_topic_attributes(TopicArn=self.topic, AttributeName=name, AttributeValue=value)

    def ring(self) -> dict[str, Any]:
        """The alarm's action, as its history has it."""
        self.cloudwatch.put_metric_alarm(
            AlarmName=self.name,
            Namespace=self.name,
            MetricName="reads",
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="ignore",
            AlarmActions=[self.topic],
        )
        for state in ("OK", "ALARM"):
            self.cloudwatch.set_alarm_state(AlarmName=self.name, StateValue=state, StateReason="by hand")
        item = self.cloudwatch.describe_alarm_history(AlarmName=self.name, HistoryItemType="Action")
        return dict(item["AlarmHistoryItems"][0])

    def mails(self) -> list[dict[str, Any]]:
        return [
            each
            for each in self.cloud.inbox()
            if each["to"] == self.address and each["kind"] == "notification"
        ]


@pytest.fixture
def watched(sinks: Sinks, local_cloud: local.LocalCloud) -> Watched:
    made = Watched(sinks, local_cloud)
    local_cloud.confirm()
    made.topic_policy(allow("sns:Publish", made.topic, ALARMS, equals={"aws:SourceArn": made.alarm_arn}))
    return made


def drops(cloud: local.LocalCloud, target: str) -> list[dict[str, str]]:
    return [drop for drop in cloud.details()["drops"] if drop["target"] == target]


def failed(watched: Watched, error: str) -> None:
    """The alarm rang, its action failed with this error, nobody got a mail, and the drop is seen."""
    action = watched.ring()
    assert action["HistorySummary"] == f'Failed to execute action {watched.topic}. Received error: "{error}"'
    data = json.loads(action["HistoryData"])
    assert (data["actionState"], data["error"]) == ("Failed", error)
    (drop,) = drops(watched.cloud, watched.topic)
    assert drop["service"] == ALARMS
    assert watched.alarm_arn in drop["reason"]
    assert watched.mails() == []


def succeeded(watched: Watched) -> None:
    assert watched.ring()["HistorySummary"] == f"Successfully executed action {watched.topic}"
    wait_for("a mail", watched.mails)
    assert drops(watched.cloud, watched.topic) == []


NOT_AUTHORIZED = "CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: {}"
NO_KEY = "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."


def test_a_topic_that_lets_the_alarm(watched: Watched) -> None:
    succeeded(watched)


def test_a_topic_as_it_comes_lets_alarms_of_its_account(watched: Watched) -> None:
    own = {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}
    watched.topic_policy(
        {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "SNS:Publish",
            "Resource": watched.topic,
            "Condition": own,
        }
    )
    succeeded(watched)


def test_a_topic_that_lets_another_alarm(watched: Watched) -> None:
    condition = {"aws:SourceArn": f"{watched.alarm_arn}-other"}
    watched.topic_policy(allow("sns:Publish", watched.topic, ALARMS, equals=condition))
    failed(watched, NOT_AUTHORIZED.format(watched.topic))


def test_a_topic_with_a_condition_that_is_not_understood(watched: Watched) -> None:
    statement = allow("sns:Publish", watched.topic, ALARMS)
    watched.topic_policy(statement | {"Condition": {"StringAlmostEquals": {"aws:SourceAccount": ACCOUNT}}})
    failed(watched, NOT_AUTHORIZED.format(watched.topic))


def test_a_topic_with_aws_s_own_key(watched: Watched) -> None:
    watched.attribute("KmsMasterKeyId", "alias/aws/sns")
    failed(watched, NO_KEY)
    assert "alias/aws/sns" in drops(watched.cloud, watched.topic)[0]["reason"]


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:GenerateDataKey*"])
def test_a_topic_whose_key_gives_only_half(watched: Watched, action: str) -> None:
    watched.attribute("KmsMasterKeyId", watched.key)
    policy = document(allow(action, "*", ALARMS))
    watched.key_policy(policy)
    failed(watched, NO_KEY)


def test_a_topic_whose_key_lets_the_alarm(watched: Watched) -> None:
    watched.attribute("KmsMasterKeyId", watched.key)
    both = allow(["kms:Decrypt", "kms:GenerateDataKey*"], "*", ALARMS, equals={"aws:SourceAccount": ACCOUNT})
    watched.key_policy(document(both))
    succeeded(watched)


def test_a_topic_whose_key_is_disabled(watched: Watched) -> None:
    watched.attribute("KmsMasterKeyId", watched.key)
    policy = document(allow("kms:*", "*", ALARMS))
    watched.key_policy(policy)
    watched.kms.disable_key(KeyId=watched.key)
    failed(watched, NO_KEY)


def test_a_topic_that_is_gone(watched: Watched) -> None:
    watched.sns.delete_topic(TopicArn=watched.topic)
    failed(watched, f"the topic {watched.topic} does not exist")


def test_an_address_that_has_not_confirmed(watched: Watched) -> None:
    address = f"late-{watched.address}"
    watched.sns.subscribe(TopicArn=watched.topic, Protocol="email", Endpoint=address)
    watched.ring()
    wait_for("a mail to the other address", watched.mails)
    kinds = [mail["kind"] for mail in watched.cloud.inbox() if mail["to"] == address]
    assert kinds == ["confirmation"]
    (drop,) = drops(watched.cloud, address)
    assert "has not confirmed its subscription" in drop["reason"]


class Recording:
    """A trail at work, and what became of its events."""

    def __init__(self, sinks: Sinks) -> None:
        self.sinks, self.cloudtrail = sinks, sinks.cloudtrail
        sinks.create(KmsKeyId=None, SnsTopicName=None)
        self.cloudtrail.start_logging(Name=sinks.name)
        sinks.undo.insert(0, lambda: self.cloudtrail.stop_logging(Name=sinks.name))
        sinks.undo.append(self._empty)

    def _empty(self) -> None:
        for name in self.files():
            self.sinks.s3.delete_object(Bucket=self.sinks.bucket, Key=name)

    def files(self) -> list[str]:
        found = self.sinks.s3.list_objects_v2(Bucket=self.sinks.bucket).get("Contents", [])
        return [each["Key"] for each in found if each["Key"].endswith(".json.gz")]

    def status(self) -> dict[str, Any]:
        return dict(self.cloudtrail.get_trail_status(Name=self.sinks.name))

    def call(self) -> str:
        """Something that is recorded; the request's id."""
        answer = client("sts").get_caller_identity()
        return str(answer["ResponseMetadata"]["RequestId"])

    def in_logs(self, request_id: str) -> Any:
        pattern = f'{{ $.requestID = "{request_id}" }}'
        return self.sinks.logs.filter_log_events(logGroupName=self.sinks.name, filterPattern=pattern)[
            "events"
        ]

    def awaits(self, name: str, value: str | None) -> None:
        wait_for(f"{name} = {value}", lambda: self.status().get(name) == value)


@pytest.fixture
def recording(sinks: Sinks) -> Recording:
    return Recording(sinks)


def test_log_files_wait_for_the_bucket_s_policy(recording: Recording, local_cloud: local.LocalCloud) -> None:
    sinks = recording.sinks
    recording.call()
    wait_for("a log file", recording.files)
    sinks.s3.delete_bucket_policy(Bucket=sinks.bucket)
    recording.call()
    recording.awaits("LatestDeliveryError", "AccessDenied")
    before = local_cloud.details()["trails"]
    sinks.bucket_policy()
    recording.awaits("LatestDeliveryError", None)
    (delivered,) = (each["events_delivered"] for each in local_cloud.details()["trails"] if same(each, sinks))
    assert delivered > next(each["events_delivered"] for each in before if same(each, sinks))
    assert drops(local_cloud, sinks.bucket) == []


def same(trail: dict[str, Any], sinks: Sinks) -> bool:
    return bool(trail["arn"] == sinks.trail_arn)


def test_log_events_wait_for_the_role_s_policy(recording: Recording) -> None:
    sinks = recording.sinks
    sinks.role_policy("logs:CreateLogStream")
    request_id = recording.call()
    recording.awaits("LatestCloudWatchLogsDeliveryError", "AccessDenied")
    wait_for("a log file", recording.files)  # one sink that refuses does not stop the other
    assert not recording.in_logs(request_id)
    sinks.role_policy()
    wait_for("the event", lambda: recording.in_logs(request_id))
    recording.awaits("LatestCloudWatchLogsDeliveryError", None)


def test_a_note_that_the_topic_does_not_take_is_dropped(
    recording: Recording, local_cloud: local.LocalCloud
) -> None:
    sinks = recording.sinks
    name = f"notes-{sinks.name}"
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    sinks.undo.append(lambda: client("sqs").delete_queue(QueueUrl=queue))
    endpoint = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    sinks.sns.subscribe(TopicArn=sinks.topic, Protocol="sqs", Endpoint=endpoint)
    recording.cloudtrail.update_trail(Name=sinks.name, SnsTopicName=sinks.topic)

    def notes() -> list[str]:
        found = []
        while got := client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(each["Body"])["Message"] for each in got]
            for each in got:
                client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
        return found

    assert "CloudTrail validation message." in wait_for("the validation message", notes)
    sinks.topic_policy("cloudwatch.amazonaws.com")
    local_cloud.hold("trail")
    local_cloud.release("trail", first=0)  # back when what was called before has been delivered
    earlier = set(recording.files())  # of which notes may still be on their way
    local_cloud.release("trail")
    recording.call()
    recording.awaits("LatestNotificationError", "AuthorizationError")
    found = wait_for("a drop", lambda: drops(local_cloud, sinks.topic))
    assert found[0]["service"] == "cloudtrail.amazonaws.com"
    assert sinks.trail_arn in found[0]["reason"]
    # Of a file that is written in between, the note could find the topic open.
    local_cloud.hold("trail")
    try:
        local_cloud.release("trail", first=0)
        written = set(recording.files()) - earlier
        assert written
        sinks.topic_policy()
        recording.call()
    finally:
        local_cloud.release("trail")
    recording.awaits("LatestNotificationError", None)
    told = [key for note in wait_for("a note", notes) for key in json.loads(note)["s3ObjectKey"]]
    assert told
    assert not [key for key in told if key in written]


def test_an_endpoint_that_is_no_address_is_refused(aws: dict[str, str]) -> None:
    sns = boto3.Session().client("sns")
    topic = sns.create_topic(Name=f"no-address-{uuid.uuid4().hex[:8]}")["TopicArn"]
    try:
        with pytest.raises(sns.exceptions.InvalidParameterException, match="Email address"):
            sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="notanaddress")
    finally:
        sns.delete_topic(TopicArn=topic)
