"""Step Functions' HTTP tasks: what is sent, what is recorded of it, and which errors are caught."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployment import wait_for
from endpoints import Endpoint
from sinks import allow, document, queue_for_rules
from state_machines import REGION, STATES, Account, one


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account()


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    made = Endpoint(tmp_path)
    yield made
    made.close()


def ping(url: str, connection: str, **more: Any) -> dict[str, Any]:
    parameters = {"ApiEndpoint": url, "Method": "POST", "InvocationConfig": {"ConnectionArn": connection}}
    return {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": parameters | more}


def connection(account: Account, kind: str = "API_KEY") -> str:
    given = {
        "API_KEY": {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "hush"}},
        "BASIC": {"BasicAuthParameters": {"Username": "me", "Password": "hush"}},
    }
    made = account.client("events").create_connection(
        Name="ping", AuthorizationType=kind, AuthParameters=given[kind]
    )
    return str(made["ConnectionArn"])


HTTP = ("states:InvokeHTTPEndpoint", "events:RetrieveConnectionCredentials", "secretsmanager:GetSecretValue")


def test_a_ping(account: Account, endpoint: Endpoint) -> None:
    state = ping(
        f"{endpoint.url}/ping?a=1",
        connection(account),
        QueryParameters={"b": "2"},
        RequestBody={"at.$": "$$.Execution.Name"},
    )
    found = account.output(one(state), account.role(*HTTP))
    assert (found["StatusCode"], found["ResponseBody"]) == (200, {"pong": True})
    ((method, path, headers, body),) = endpoint.asked
    assert (method, path, headers["X-Key"]) == ("POST", "/ping?a=1&b=2", "hush")
    assert headers["User-Agent"] == f"Amazon|StepFunctions|HttpInvoke|{REGION}"
    assert set(json.loads(body)) == {"at"}
    # The connection's secret was read by the role.
    (event,) = account.events("GetSecretValue")
    assert ":secret:events!connection/ping/" in event["requestParameters"]["secretId"]
    assert event["userIdentity"]["invokedBy"] == STATES


def test_a_ping_is_a_data_event(account: Account, endpoint: Endpoint) -> None:
    s3, cloudtrail, bucket = account.client("s3"), account.client("cloudtrail"), f"trail-of-{account.id}"
    s3.create_bucket(Bucket=bucket)
    arn, trail = f"arn:aws:s3:::{bucket}", "cloudtrail.amazonaws.com"
    policy = document(allow("s3:GetBucketAcl", arn, trail), allow("s3:PutObject", f"{arn}/*", trail))
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    cloudtrail.create_trail(Name="trail", S3BucketName=bucket)
    kind = {"resources.type": "AWS::StepFunctions::StateMachine", "eventCategory": "Data"}
    selector = [{"Field": name, "Equals": [value]} for name, value in kind.items()]
    cloudtrail.put_event_selectors(TrailName="trail", AdvancedEventSelectors=[{"FieldSelectors": selector}])
    cloudtrail.start_logging(Name="trail")
    queue, queue_arn = queue_for_rules(account.client("sqs"), "q")
    pattern = {"source": ["aws.states"], "detail-type": ["AWS Service Event via CloudTrail"]}
    account.client("events").put_rule(Name="pings", EventPattern=json.dumps(pattern))
    account.client("events").put_targets(Rule="pings", Targets=[{"Id": "q", "Arn": queue_arn}])
    machine = account.machine(one(ping(endpoint.url, connection(account))), account.role(*HTTP))
    assert account.ended(account.start(machine))["status"] == "SUCCEEDED"
    (message,) = wait_for(
        "an event", lambda: account.client("sqs").receive_message(QueueUrl=queue).get("Messages")
    )
    event = json.loads(message["Body"])["detail"]
    assert (event["eventName"], event["eventType"]) == ("InvokeHTTPEndpoint", "AwsServiceEvent")
    assert event["serviceEventDetails"] == {"httpMethod": "POST", "httpEndpoint": endpoint.url}
    assert [each["ARN"] for each in event["resources"]] == [machine]
    assert account.events("InvokeHTTPEndpoint") == []


def test_a_ping_with_a_password(account: Account, endpoint: Endpoint) -> None:
    account.output(one(ping(endpoint.url, connection(account, "BASIC"))), account.role(*HTTP))
    ((_, path, headers, _),) = endpoint.asked
    assert (path, headers["Authorization"]) == ("/", "Basic bWU6aHVzaA==")


def test_errors_of_a_ping_are_caught_by_their_names(account: Account, endpoint: Endpoint) -> None:
    endpoint.status = 503
    catch = [{"ErrorEquals": ["States.Http.StatusCode.503"], "Next": "Down"}]
    states = {"One": ping(endpoint.url, connection(account)) | {"End": True, "Catch": catch}}
    definition = {"StartAt": "One", "States": states | {"Down": {"Type": "Succeed"}}}
    found = account.output(definition, account.role(*HTTP))
    assert found["Error"] == "States.Http.StatusCode.503"
    assert json.loads(found["Cause"])["StatusCode"] == 503


@pytest.mark.parametrize(
    ("url", "actions", "error"),
    [
        ("https://example.com/", HTTP, "States.Http.Socket"),
        ("http://127.0.0.1/", HTTP, "States.Runtime"),
        ("{url}", HTTP[1:], "States.Permissions"),
        ("{url}", HTTP[::2], "Events.ConnectionResource.AccessDenied"),
        ("{url}", HTTP[:2], "Events.ConnectionResource.AccessDenied"),
    ],
)
def test_a_ping_that_fails(
    account: Account, endpoint: Endpoint, url: str, actions: tuple[str, ...], error: str
) -> None:
    state = ping(url.format(url=endpoint.url), connection(account))
    ended = account.ended(account.start(account.machine(one(state), account.role(*actions))))
    assert (ended["status"], ended["error"]) == ("FAILED", error)
    assert endpoint.asked == []
