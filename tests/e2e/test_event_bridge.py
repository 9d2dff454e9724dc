"""CloudTrail's events on EventBridge: which rules get them, when, and what a target sees.

In accounts of their own, since a trail of another test would do for every rule of its account.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from accounts import new_account_id
from deployment import wait_for
from sinks import queue_for_rules

ALL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
SECRETS = {"source": ["aws.secretsmanager"], "detail-type": ["AWS API Call via CloudTrail"]}


class Account:
    """An account with a secret, and a trail that logs in us-east-1 only."""

    def __init__(self) -> None:
        self.id = new_account_id()
        self.session = boto3.Session(
            aws_access_key_id=self.id, aws_secret_access_key="test", region_name="us-east-1"
        )
        self.cloudtrail = self.session.client("cloudtrail")
        self.events = self.session.client("events")
        self.secretsmanager = self.session.client("secretsmanager")
        self.bucket = f"trail-of-{self.id}"
        self.secret = f"secret-{uuid.uuid4()}"

    def set_up(self) -> None:
        s3 = self.session.client("s3")
        s3.create_bucket(Bucket=self.bucket)
        allowed = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
        arn = f"arn:aws:s3:::{self.bucket}"
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {**allowed, "Action": "s3:GetBucketAcl", "Resource": arn},
                {**allowed, "Action": "s3:PutObject", "Resource": f"{arn}/AWSLogs/{self.id}/*"},
            ],
        }
        s3.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(policy))
        self.secretsmanager.create_secret(Name=self.secret, SecretString="x")
        self.cloudtrail.create_trail(Name="trail", S3BucketName=self.bucket)
        self.cloudtrail.start_logging(Name="trail")

    def read(self, region: str = "us-east-1") -> str:
        return self._call("get_secret_value", region)

    def write(self) -> str:
        return self._call("tag_resource", "us-east-1", Tags=[{"Key": "k", "Value": "v"}])

    def _call(self, operation: str, region: str, **arguments: Any) -> str:
        """Call the operation on the secret, which is only in us-east-1; the request's id."""
        client = self.session.client("secretsmanager", region_name=region)
        try:
            answer = getattr(client, operation)(SecretId=self.secret, **arguments)
        except client.exceptions.ResourceNotFoundException as error:
            answer = error.response
        return str(answer["ResponseMetadata"]["RequestId"])

    def rule(
        self, state: str, region: str = "us-east-1", pattern: dict[str, Any] = SECRETS, **target: Any
    ) -> Callable[[], list[Any]]:
        """Make a rule with a queue of its own; the answer, called, tells all that came into it so far."""
        name = f"rule-{uuid.uuid4()}"
        sqs = self.session.client("sqs", region_name=region)
        url, arn = queue_for_rules(sqs, name)
        events = self.session.client("events", region_name=region)
        events.put_rule(Name=name, EventPattern=json.dumps(pattern), State=state)
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn, **target}])
        received: list[Any] = []

        def queue() -> list[Any]:
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                received.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return received

        return queue


@pytest.fixture
def account(aws: dict[str, str]) -> Iterator[Account]:
    made = Account()
    made.set_up()
    yield made
    made.cloudtrail.delete_trail(Name="trail")


def await_request(queue: Callable[[], list[Any]], request_id: str) -> list[str]:
    """Wait for the event of this request: the ids of all requests seen up to it, in their order."""

    def ids() -> list[str]:
        return [event["detail"]["requestID"] for event in queue()]

    wait_for(f"the event of {request_id}", lambda: request_id in ids())
    return ids()


def test_a_read_comes_only_to_rules_for_all_management_events(account: Account) -> None:
    for_all, enabled, disabled = (account.rule(state) for state in (ALL, "ENABLED", "DISABLED"))
    read, write = account.read(), account.write()
    # Events are sent in order: once the write is there, the read is or never will be.
    assert await_request(for_all, write) == [read, write]
    assert await_request(enabled, write) == [write]
    last = account.write()
    assert await_request(for_all, last) == [read, write, last]
    assert disabled() == []


def test_nothing_comes_while_the_trail_is_stopped(account: Account) -> None:
    queue = account.rule(ALL)
    first = account.read()
    assert await_request(queue, first) == [first]
    account.cloudtrail.stop_logging(Name="trail")
    account.read()
    account.write()
    account.cloudtrail.start_logging(Name="trail")
    last = account.read()
    assert await_request(queue, last) == [first, last]


def test_a_multi_region_trail_counts_in_every_region(account: Account) -> None:
    queue = account.rule(ALL, region="eu-west-1")
    account.read("eu-west-1")
    account.cloudtrail.update_trail(Name="trail", IsMultiRegionTrail=True)
    account.read("us-east-1")
    here = account.read("eu-west-1")
    # Neither what happened there before, nor what happened elsewhere.
    assert await_request(queue, here) == [here]


def test_what_a_target_sees(account: Account) -> None:
    queue = account.rule(ALL)
    request_id = account.read()
    await_request(queue, request_id)
    (event,) = queue()
    assert event.pop("id")
    detail = event.pop("detail")
    assert event == {
        "version": "0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.secretsmanager",
        "account": account.id,
        "time": detail["eventTime"],
        "region": "us-east-1",
        "resources": [],
    }
    # The very event that the event history has.
    found = account.cloudtrail.lookup_events(
        LookupAttributes=[{"AttributeKey": "EventId", "AttributeValue": detail["eventID"]}]
    )["Events"]
    assert [json.loads(each["CloudTrailEvent"]) for each in found] == [detail]


def test_input_transformers_read_the_event(account: Account) -> None:
    queue = account.rule(
        ALL,
        InputTransformer={
            "InputPathsMap": {
                "error": "$.detail.errorCode",
                "event": "$.detail",
                "what": "$.detail.eventName",
                "which": "$.detail.requestParameters.secretId",
            },
            "InputTemplate": '{"event": <event>, "text": "<what> of <which>, error: <error>"}',
        },
    )
    request_id = account.read()
    (message,) = wait_for("a message", queue)
    assert message["text"] == f"GetSecretValue of {account.secret}, error: "
    assert message["event"]["requestID"] == request_id


def test_delivery_is_not_recorded(account: Account) -> None:
    logs = account.session.client("logs")
    logs.create_log_group(logGroupName="/aws/events/reads")
    account.events.put_rule(Name="to-logs", EventPattern=json.dumps(SECRETS), State=ALL)
    arn = f"arn:aws:logs:us-east-1:{account.id}:log-group:/aws/events/reads"
    account.events.put_targets(Rule="to-logs", Targets=[{"Id": "logs", "Arn": arn}])
    request_id = account.read()
    pattern = f'{{ $.detail.requestID = "{request_id}" }}'
    wait_for(
        "the event in the log group",
        lambda: logs.filter_log_events(logGroupName="/aws/events/reads", filterPattern=pattern)["events"],
    )
    names = {event["EventName"] for event in account.cloudtrail.lookup_events()["Events"]}
    assert "GetSecretValue" in names
    assert "CreateLogStream" not in names


def test_data_events_come_if_a_trail_selects_them(account: Account) -> None:
    queue = account.rule("ENABLED", pattern={"source": ["aws.s3"], "detail": {"eventName": ["PutObject"]}})
    s3 = account.session.client("s3")
    s3.put_object(Bucket=account.bucket, Key="before", Body=b"")
    account.cloudtrail.put_event_selectors(
        TrailName="trail",
        EventSelectors=[
            {
                "ReadWriteType": "All",
                "IncludeManagementEvents": True,
                "DataResources": [{"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{account.bucket}/"]}],
            }
        ],
    )
    s3.put_object(Bucket=account.bucket, Key="after", Body=b"")
    wait_for("an event", queue)
    assert [event["detail"]["requestParameters"]["key"] for event in queue()] == ["after"]


def test_a_topic_has_to_let_eventbridge_publish(account: Account, local_cloud: Any) -> None:
    sns = account.session.client("sns")
    sqs = account.session.client("sqs")
    topic = sns.create_topic(Name="reads")["TopicArn"]
    url = sqs.create_queue(QueueName="reads")["QueueUrl"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:us-east-1:{account.id}:reads",
        Attributes={"RawMessageDelivery": "true"},
    )
    account.events.put_rule(Name="to-topic", EventPattern=json.dumps(SECRETS), State=ALL)
    account.events.put_targets(Rule="to-topic", Targets=[{"Id": "topic", "Arn": topic}])

    account.read()
    drop = wait_for(
        "a drop", lambda: next((d for d in local_cloud.details()["drops"] if d["target"] == topic), None)
    )
    assert drop["service"] == "events.amazonaws.com"

    allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Action": "sns:Publish", "Resource": topic}]}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
    request_id = account.read()
    (message,) = wait_for("a message", lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    assert json.loads(message["Body"])["detail"]["requestID"] == request_id


@pytest.mark.parametrize("pattern", ["{", "[]", '{"source": "aws.secretsmanager"}'])
def test_a_broken_pattern_is_refused(account: Account, pattern: str) -> None:
    with pytest.raises(account.events.exceptions.InvalidEventPatternException):
        account.events.put_rule(Name="broken", EventPattern=pattern)


ROOT = """
variable "state" {
  type = string
}

resource "aws_cloudwatch_event_rule" "this" {
  event_pattern = jsonencode({ source = ["aws.secretsmanager"] })
  name          = "lifecycle-of-a-rule"
  state         = var.state
}
"""


def test_terraform_sets_the_state(
    terraform: Any, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = terraform.new_root("rule-lifecycle", ROOT)
    events = boto3.client("events")
    for state in ("ENABLED", ALL):
        monkeypatch.setenv("TF_VAR_state", state)
        terraform.run(root, "apply", "-auto-approve")
        terraform.run(root, "plan", "-detailed-exitcode")  # any change would be a failure
        assert events.describe_rule(Name="lifecycle-of-a-rule")["State"] == state
    terraform.run(root, "destroy", "-auto-approve")
