"""Step Functions: as whom a state machine calls, what is recorded, how its time passes.

Each test in an account of its own. Minutes pass by ticks: nothing here waits for a Wait state.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from deployment import wait_for
from sinks import allow, document, queue_for_rules
from state_machines import EVENTS, SDK, STATES, Account, one, read


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account()


def test_a_read_is_the_roles(account: Account) -> None:
    account.client("secretsmanager").create_secret(Name="db", SecretString="hush")
    role = account.role("secretsmanager:GetSecretValue")
    assert account.output(one(read("db")), role) == {"Name": "db"}
    (event,) = account.events("GetSecretValue")
    identity = event["userIdentity"]
    session = identity["arn"].rpartition("/")[2]
    assert (identity["type"], identity["invokedBy"]) == ("AssumedRole", STATES)
    assert len(session) == 32
    assert session.isalpha()
    assert identity["principalId"].endswith(f":{session}")
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role
    assert (event["sourceIPAddress"], event["userAgent"]) == (STATES, STATES)
    assert event["requestParameters"] == {"secretId": "db"}
    assert "tlsDetails" not in event
    (assumed,) = account.events("AssumeRole")
    assert assumed["userIdentity"] == {"type": "AWSService", "invokedBy": STATES}
    assert assumed["requestParameters"] == {"roleArn": role, "roleSessionName": session}
    assert assumed["responseElements"]["credentials"]["accessKeyId"] == identity["accessKeyId"]


def test_an_execution_has_one_session(account: Account) -> None:
    account.client("secretsmanager").create_secret(Name="db", SecretString="hush")
    role = account.role("secretsmanager:GetSecretValue")
    twice = {"StartAt": "A", "States": {"A": read("db", Next="B"), "B": read("db", End=True)}}
    machine = account.machine(twice, role)
    for execution in [account.start(machine) for _ in range(2)]:
        assert account.ended(execution)["status"] == "SUCCEEDED"
    sessions = [event["userIdentity"]["arn"] for event in account.events("GetSecretValue")]
    assert len(sessions) == 4
    assert len(set(sessions)) == 2


def test_a_role_that_may_not_read(account: Account) -> None:
    account.client("secretsmanager").create_secret(Name="db", SecretString="hush")
    role = account.role("secretsmanager:DescribeSecret")
    ended = account.ended(account.start(account.machine(one(read("db")), role)))
    assert (ended["status"], ended["error"]) == ("FAILED", "SecretsManager.SecretsManagerException")
    assert "is not authorized to perform: secretsmanager:GetSecretValue" in ended["cause"]
    (event,) = account.events("GetSecretValue")
    assert event["errorCode"] == "AccessDenied"
    assert event["userIdentity"]["invokedBy"] == STATES


def test_what_became_of_executions_is_counted(account: Account) -> None:
    machine = account.machine({"StartAt": "A", "States": {"A": {"Type": "Fail"}}}, account.role())
    account.ended(account.start(machine))

    def counted(metric: str) -> float:
        return account.sum("AWS/States", metric, StateMachineArn=machine)

    assert wait_for("a failure", lambda: counted("ExecutionsFailed")) == 1
    assert (counted("ExecutionsStarted"), counted("ExecutionsSucceeded")) == (1, 0)


def test_a_role_that_is_step_functions_no_more(account: Account) -> None:
    role = account.role("secretsmanager:*")
    machine = account.machine(one(read("db")), role)
    trust = allow("sts:AssumeRole", "*", "ec2.amazonaws.com")
    del trust["Resource"]
    account.client("iam").update_assume_role_policy(RoleName="machine", PolicyDocument=document(trust))
    ended = account.ended(account.start(machine))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Permissions")
    assert account.events("GetSecretValue") == []


def test_a_role_of_another_account(account: Account) -> None:
    """A task with Credentials assumes that role with its own."""
    other = Account()
    other.client("secretsmanager").create_secret(Name="db", SecretString="hush")
    own = account.role("sts:AssumeRole")
    trust = {"Effect": "Allow", "Principal": {"AWS": own}, "Action": "sts:AssumeRole"}
    iam = other.client("iam")
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=document(statement))
    definition = one(read("db", Credentials={"RoleArn": role}))
    assert account.output(definition, own) == {"Name": "db"}
    (event,) = other.events("GetSecretValue")
    assert event["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == role
    assert event["userIdentity"]["invokedBy"] == STATES
    account.client("iam").delete_role_policy(RoleName="machine", PolicyName="p")
    ended = account.ended(account.start(account.machine(definition, own, "again")))
    assert ended["error"] == "States.Permissions"


def test_what_a_watch_of_reads_does(account: Account) -> None:
    """Reading, metrics, a choice, a message, retries and errors that are caught: in one state machine."""
    sns = account.client("sns")
    topic = sns.create_topic(Name="topic")["TopicArn"]
    queue, arn = queue_for_rules(account.client("sqs"), "q")
    policy = document(allow("sqs:SendMessage", arn, "sns.amazonaws.com"))
    account.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    account.client("cloudwatch").put_metric_data(
        Namespace="tests",
        MetricData=[
            {"MetricName": "reads", "Value": 2, "Timestamp": datetime.now(UTC) - timedelta(minutes=1)}
        ],
    )
    query = {"MetricStat": {"Metric": {"Namespace": "tests", "MetricName": "reads"}}}
    query["MetricStat"] |= {"Period": 60, "Stat": "Sum"}
    definition = {
        "StartAt": "Read",
        "States": {
            "Read": read(
                "none",
                Next="Count",
                Retry=[{"ErrorEquals": ["States.Timeout"]}],
                Catch=[
                    {
                        "ErrorEquals": ["SecretsManager.ResourceNotFoundException"],
                        "ResultPath": "$.error",
                        "Next": "Count",
                    }
                ],
            ),
            "Count": {
                "Type": "Task",
                "Resource": f"{SDK}cloudwatch:getMetricData",
                "Parameters": {
                    "MetricDataQueries": [{"Id": "reads", **query}],
                    "StartTime.$": "$$.Execution.Input.since",
                    "EndTime.$": "$$.State.EnteredTime",
                },
                "ResultSelector": {"Values.$": "$.MetricDataResults[0].Values"},
                "ResultPath": "$.reads",
                "Next": "Seen?",
            },
            "Seen?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.reads.Values[0]", "IsPresent": True, "Next": "Tell"}],
                "Default": "Silent",
            },
            "Silent": {"Type": "Fail", "Error": "Silent"},
            "Tell": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sns:publish",
                "Parameters": {
                    "TopicArn": topic,
                    "Message": {
                        "of.$": "$$.Execution.Input.of",
                        "text.$": "States.Format('{} in {}', $.error.Error, $$.StateMachine.Name)",
                    },
                },
                "ResultPath": None,
                "End": True,
            },
        },
    }
    role = account.role("cloudwatch:GetMetricData", "secretsmanager:GetSecretValue", "sns:Publish")
    since = f"{datetime.now(UTC) - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"
    output = account.output(definition, role, {"of": "db", "since": since})
    assert output["error"]["Error"] == "SecretsManager.ResourceNotFoundException"
    (message,) = wait_for(
        "a message", lambda: account.client("sqs").receive_message(QueueUrl=queue).get("Messages")
    )
    text = "SecretsManager.ResourceNotFoundException in machine"
    assert json.loads(message["Body"]) == {"of": "db", "text": text}


def test_logs_are_called_as_aws_calls_them(account: Account) -> None:
    account.client("logs").create_log_group(logGroupName="here")
    task = {"Type": "Task", "Resource": f"{SDK}cloudwatchlogs:describeLogGroups"}
    found = account.output(one(task), account.role("logs:DescribeLogGroups"))
    assert [each["LogGroupName"] for each in found["LogGroups"]] == ["here"]


def test_a_wait_ends_with_ticks(account: Account, local_cloud: Any) -> None:
    waits = {"Type": "Wait", "Seconds": 300, "Next": "On"}
    definition = {"StartAt": "W", "States": {"W": waits, "On": {"Type": "Succeed"}}}
    execution = account.start(account.machine(definition, account.role()))
    wait_for("the wait", lambda: waiting(account, execution))
    local_cloud.tick(4)
    assert account.execution(execution)["status"] == "RUNNING"
    local_cloud.tick()
    # The tick has waited for it.
    assert account.execution(execution)["status"] == "SUCCEEDED"


def waiting(account: Account, execution: str) -> bool:
    history = account.client("stepfunctions").get_execution_history(executionArn=execution)["events"]
    return bool(history) and history[-1]["type"] in ("TaskFailed", "WaitStateEntered")


def test_an_interval_before_a_retry_ends_with_ticks(account: Account, local_cloud: Any) -> None:
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "MaxAttempts": 2, "BackoffRate": 2}
    machine = account.machine(one(read("db", Retry=[retry])), account.role("secretsmanager:*"))
    execution = account.start(machine)
    wait_for("the first attempt", lambda: waiting(account, execution))
    local_cloud.tick(3)
    ended = account.execution(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "SecretsManager.ResourceNotFoundException")
    assert len(account.events("GetSecretValue")) == 3


def test_a_stopped_execution_waits_no_more(account: Account) -> None:
    execution = account.start(account.machine(one({"Type": "Wait", "Seconds": 3000}), account.role()))
    wait_for("the wait", lambda: waiting(account, execution))
    account.client("stepfunctions").stop_execution(executionArn=execution)
    assert account.ended(execution)["status"] == "ABORTED"


def schedule(account: Account, machine: str, role: str, **more: Any) -> str:
    events = account.client("events")
    arn = events.put_rule(Name="regular", ScheduleExpression="rate(6 minutes)")["RuleArn"]
    target = {"Id": "t", "Arn": machine, "RoleArn": role, **more}
    events.put_targets(Rule="regular", Targets=[target])
    return str(arn)


def test_a_scheduled_rule_starts_a_state_machine(account: Account, local_cloud: Any) -> None:
    machine = account.machine(one({"Type": "Pass"}), account.role())
    role = account.role("states:StartExecution", trusted=EVENTS, name="rule")
    rule = schedule(account, machine, role)
    local_cloud.tick(5)
    assert account.executions(machine) == []
    local_cloud.tick(1)
    (execution,) = account.executions(machine)
    assert execution["status"] == "SUCCEEDED"
    given = json.loads(account.execution(execution["executionArn"])["input"])
    assert (given["detail-type"], given["source"]) == ("Scheduled Event", "aws.events")
    assert (given["resources"], given["detail"], given["account"]) == ([rule], {}, account.id)
    assert execution["name"].startswith(f"{given['id']}_")
    (event,) = account.events("StartExecution")
    identity = event["userIdentity"]
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role
    assert (identity["invokedBy"], event["sourceIPAddress"], event["userAgent"]) == (EVENTS,) * 3
    assert len(identity["arn"].rpartition("/")[2]) == 32
    local_cloud.tick(12)
    assert len(account.executions(machine)) == 3
    account.client("events").disable_rule(Name="regular")
    local_cloud.tick(6)
    assert len(account.executions(machine)) == 3


def test_a_constant_is_an_executions_input(account: Account, local_cloud: Any) -> None:
    machine = account.machine(one({"Type": "Pass"}), account.role())
    role = account.role("states:StartExecution", trusted=EVENTS, name="rule")
    schedule(account, machine, role, Input='{"secret": "db"}')
    local_cloud.tick(6)
    (execution,) = account.executions(machine)
    assert account.execution(execution["executionArn"])["input"] == '{"secret":"db"}'


@pytest.mark.parametrize(
    ("actions", "trusted", "why"),
    [
        (["states:StartExecution"], STATES, "sts:AssumeRole"),
        (["states:DescribeExecution"], EVENTS, "states:StartExecution"),
    ],
    ids=["not EventBridge's", "may not start"],
)
def test_a_rule_whose_role_does_not_start_it(
    account: Account, local_cloud: Any, actions: list[str], trusted: str, why: str
) -> None:
    machine = account.machine(one({"Type": "Pass"}), account.role())
    schedule(account, machine, account.role(*actions, trusted=trusted, name="rule"))
    local_cloud.tick(6)
    assert account.executions(machine) == []
    (reason,) = [each["reason"] for each in local_cloud.details()["drops"] if each["target"] == machine]
    assert why in reason

    def failures() -> float:
        return account.sum("AWS/Events", "FailedInvocations", RuleName="regular")

    assert wait_for("a failed invocation", failures) == 1
