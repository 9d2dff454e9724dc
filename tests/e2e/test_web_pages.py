"""A web page that somebody visits changes nothing in the local cloud, and reads nothing: Chromium tries."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from browser import Browser, needs_browser
from visitor import ELSEWHERE, REBOUND, Attempt, Pages

FORM = "application/x-www-form-urlencoded"
# Anybody can make this up, as the local cloud's keys are no secret.
SIGNED_QUERY = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "test/20260101/us-east-1/sns/aws4_request",
    "X-Amz-Date": "20260101T000000Z",
    "X-Amz-Expires": "604800",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": "0" * 64,
}
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
)


class Prey:
    """What a page would like to change, and to read."""

    def __init__(self, cloud: Any) -> None:
        self.cloud, self.name = cloud, f"prey-{uuid.uuid4().hex[:8]}"
        name = self.name
        self.sns, self.s3, self.sqs = boto3.client("sns"), boto3.client("s3"), boto3.client("sqs")
        self.topic = self.sns.create_topic(Name=name)["TopicArn"]
        self.subscription = self.sns.subscribe(
            TopicArn=self.topic, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True
        )["SubscriptionArn"]
        self.mail = next(each for each in reversed(cloud.inbox()) if each["topic_arn"] == self.topic)
        self.queue = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.sqs.send_message(QueueUrl=self.queue, MessageBody="kept")
        self.value = uuid.uuid4().hex
        boto3.client("secretsmanager").create_secret(Name=name, SecretString=self.value)
        self.s3.create_bucket(Bucket=name)
        self.s3.put_object(Bucket=name, Key="page.html", Body=f"<p>{self.value}</p>", ContentType="text/html")
        policy = [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
            }
        ]
        self.s3.put_bucket_policy(
            Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": policy})
        )
        trails = boto3.client("cloudtrail")
        trails.create_trail(Name=name, S3BucketName=name)
        trails.start_logging(Name=name)
        boto3.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace=name,
            MetricName="m",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )

    def state(self) -> dict[str, Any]:
        """All of it, and what else a page could make."""
        secrets = boto3.client("secretsmanager").list_secrets()["SecretList"]
        queues = self.sqs.list_queues().get("QueueUrls", [])
        count = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        alarms = boto3.client("cloudwatch").describe_alarms(AlarmNames=[self.name])["MetricAlarms"]
        details = self.cloud.details()
        objects = self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])
        subscription = self.sns.get_subscription_attributes(SubscriptionArn=self.subscription)
        sign_ins = [{"AttributeKey": "EventName", "AttributeValue": "ConsoleLogin"}]
        return {
            "topics": sorted(each["TopicArn"] for each in self.sns.list_topics()["Topics"]),
            "subscription": subscription["Attributes"],
            "queues": {
                url: self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=count)["Attributes"]
                for url in queues
            },
            "secrets": sorted((each["ARN"], str(each["SecretVersionsToStages"])) for each in secrets),
            "buckets": sorted(each["Name"] for each in self.s3.list_buckets()["Buckets"]),
            "objects": sorted(each["Key"] for each in objects if not each["Key"].startswith("AWSLogs/")),
            "users": sorted(each["UserName"] for each in boto3.client("iam").list_users()["Users"]),
            "alarms": [(each["AlarmName"], each["ActionsEnabled"]) for each in alarms],
            "trail": boto3.client("cloudtrail").get_trail_status(Name=self.name)["IsLogging"],
            "held": details["held"],
            "settings": details["settings"],
            "inbox": [each["id"] for each in self.cloud.inbox()],
            "sign-ins": len(boto3.client("cloudtrail").lookup_events(LookupAttributes=sign_ins)["Events"]),
        }


@pytest.fixture(scope="module")
def prey(local_cloud: Any, aws: dict[str, str]) -> Prey:
    return Prey(local_cloud)


@pytest.fixture(scope="module")
def pages(local_cloud: Any) -> Iterator[Pages]:
    found = Pages(local_cloud.port)
    yield found
    found.close()


def attempts_at(prey: Prey, base: str) -> list[Attempt]:
    """All that a page may try at an address: `base` without a slash at its end."""
    name, version = prey.name, "2010-03-31"
    account_and_queue = prey.queue.split("/", 3)[3]
    queries = [
        {"Action": "DeleteTopic", "TopicArn": prey.topic, "Version": version},
        {"Action": "CreateTopic", "Name": f"{name}-made", "Version": version},
        {"Action": "Publish", "TopicArn": prey.topic, "Message": "x", "Version": version},
        {"Action": "Unsubscribe", "SubscriptionArn": prey.subscription, "Version": version},
        {"Action": "DeleteAlarms", "AlarmNames.member.1": name, "Version": "2010-08-01"},
        {"Action": "DisableAlarmActions", "AlarmNames.member.1": name, "Version": "2010-08-01"},
        {"Action": "CreateUser", "UserName": f"{name}-made", "Version": "2010-05-08"},
        {"Action": "DeleteQueue", "QueueUrl": prey.queue, "Version": "2012-11-05"},
    ]
    json_calls = [
        ("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.StopLogging", "cloudtrail", {"Name": name}),
        ("secretsmanager.DeleteSecret", "secretsmanager", {"SecretId": name}),
        ("secretsmanager.GetSecretValue", "secretsmanager", {"SecretId": name}),
    ]
    changing_links = [
        prey.mail["confirm_url"].split("/", 3)[3],
        f"{account_and_queue}?Action=PurgeQueue",
        f"{account_and_queue}?Action=DeleteQueue",
        f"_aws/events/rules/arn:aws:events:us-east-1:000000000000:rule/{name}/trigger",
    ]
    posts = {
        "_secretwatch/hold": {"channels": ["trail"]},
        "_secretwatch/release": {},
        "_secretwatch/tick": {"minutes": 60},
        "_secretwatch/sign-in": {"account_id": "000000000000"},
        "_localstack/health": {"action": "kill"},
    }
    readable = [
        "_secretwatch/inbox",
        "_secretwatch/status",
        "_localstack/health",
        "_localstack/info",
        "_localstack/plugins",
        f"{name}/page.html",
        f"_aws/sns/subscription-tokens/{prey.subscription}",
        f"_aws/sqs/messages?{urlencode({'QueueUrl': prey.queue})}",
    ]
    tries: list[Attempt] = []
    plain = {"Content-Type": "text/plain"}
    for query in queries:
        text = urlencode(query)
        for address in (f"{base}/?{text}", f"{base}/?{urlencode(query | SIGNED_QUERY)}"):
            tries += [
                Attempt(kind, address) for kind in ("fetch", "redirect", "img", "script", "style", "frame")
            ]
            tries += [Attempt("fetch", address, mode="cors"), Attempt("fetch", address, keepalive=True)]
            tries += [Attempt("fetch", address, "POST", body="{}", headers=plain)]
        tries += [
            Attempt("fetch", f"{base}/", "POST", headers={"Content-Type": FORM}, body=text),
            Attempt("redirect", f"{base}/", "POST", body=text),
            Attempt("beacon", f"{base}/", type=FORM, body=text),
            Attempt("form", f"{base}/", "POST", type=FORM, fields=query),
            Attempt("form", f"{base}/", "POST", type="multipart/form-data", fields=query),
            Attempt("form", f"{base}/", "GET", type=FORM, fields=query),
        ]
    for target, service, body in json_calls:
        said = {
            "X-Amz-Target": target,
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": AUTHORIZATION.format(service),
        }
        text = json.dumps(body)
        tries += [
            Attempt("fetch", f"{base}/", "POST", "cors", said, text),
            Attempt(
                "fetch",
                f"{base}/?X-Amz-Target={target}",
                "POST",
                "no-cors",
                plain,
                text,
            ),
            Attempt("beacon", f"{base}/?X-Amz-Target={target}", type="text/plain", body=text),
            # JSON as a form's only field.
            Attempt("form", f"{base}/?X-Amz-Target={target}", "POST", fields={text[:-1] + ',"': '":""}'}),
        ]
    for link in [*changing_links, *readable]:
        kinds = ("fetch", "redirect", "img", "script", "style", "frame", "video", "socket", "events")
        tries += [Attempt(kind, f"{base}/{link}") for kind in kinds]
        tries += [Attempt("fetch", f"{base}/{link}", mode="cors")]
    for path, body in posts.items():
        text = json.dumps(body)
        tries += [
            Attempt("fetch", f"{base}/{path}", "POST", "no-cors", plain, text),
            Attempt("fetch", f"{base}/{path}", "POST", "cors", {"Content-Type": "application/json"}, text),
            Attempt("fetch", f"{base}//{path}", "POST", "cors", {"Content-Type": "application/json"}, text),
            Attempt("beacon", f"{base}/{path}", type="application/json", body=text),
            Attempt("form", f"{base}/{path}", "POST", fields={text[:-1] + ',"': '":""}'}),
            Attempt("socket", f"{base}/{path}"),
        ]
    delete, upload = "<Delete><Object><Key>page.html</Key></Object></Delete>", {"key": "made", "file": "x"}
    tries += [
        Attempt("fetch", f"{base}/{name}/made", "PUT", "cors", {}, "x"),
        Attempt("fetch", f"{base}/{name}/page.html", "DELETE", "cors"),
        Attempt("fetch", f"{base}/{name}?delete", "POST", "no-cors", plain, delete),
        Attempt("form", f"{base}/{name}", "POST", type="multipart/form-data", fields=upload),
    ]
    return tries


def refusals(prey: Prey) -> int:
    log: Path = prey.cloud.state_dir / "local.log"
    return len(re.findall("as it may be a web page's", log.read_text(errors="replace")))


@needs_browser
@pytest.mark.parametrize(
    ("page", "target"),
    [
        # Another server on this machine: to a browser that is the same site.
        pytest.param("127.0.0.1", "http://127.0.0.1", marks=pytest.mark.later),
        pytest.param("localhost", "http://127.0.0.1", marks=pytest.mark.later),
        pytest.param(ELSEWHERE, "http://127.0.0.1", marks=pytest.mark.later),
        pytest.param(ELSEWHERE, "http://localhost", marks=pytest.mark.later),
        # Of which a browser says nothing but by the Origin of a POST.
        pytest.param(ELSEWHERE, "http://sqs.us-east-1.localhost.localstack.cloud", marks=pytest.mark.later),
        # The page's own origin: it may send what it likes, and read what it is answered.
        (REBOUND, ""),
    ],
)
def test_a_page_changes_nothing_and_reads_nothing(
    prey: Prey, pages: Pages, tmp_path: Path, page: str, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    base = f"{target}:{prey.cloud.port}" if target else f"http://{page}:{pages.port}"
    attempts = attempts_at(prey, base)
    before, refused, passed_on = prey.state(), refusals(prey), pages.passed_on
    found = pages.visit(page, attempts, tmp_path / "profile")
    after = prey.state()
    came = refusals(prey) - refused
    read = [each for each in found if each.get("read") or each.get("loaded")]
    seen = [each for each in found if prey.value in str(each.get("seen"))]
    with capsys.disabled():
        print(f"\n{page} at {base}: {len(found)} attempts, {came} refused at the door, {len(read)} answered")
    assert len(found) == len(attempts)
    assert after == before
    assert read == []
    assert seen == []
    # Not because nothing came: a preflight stands for what would have followed it.
    assert came > len(attempts) / 2
    assert target or pages.passed_on - passed_on > len(attempts) / 2


@needs_browser
def test_a_person_may_follow_a_link_of_a_mail(prey: Prey, tmp_path: Path) -> None:
    prey.sns.subscribe(TopicArn=prey.topic, Protocol="email", Endpoint="b@example.com")
    link = prey.cloud.inbox()[-1]["confirm_url"]
    assert "Subscription confirmed!" in Browser(tmp_path / "profile", resolves=True).dom_of(link)


@needs_browser
def test_a_page_sends_a_person_on_to_where_something_would_change(
    prey: Prey, pages: Pages, tmp_path: Path
) -> None:
    """Somebody's address bar names a page elsewhere: what that sends them on to says that it is theirs."""
    queue = prey.queue.split("/", 3)[3]
    delete = {"Action": "DeleteTopic", "TopicArn": prey.topic, "Version": "2010-03-31"}
    queries = [
        f"?{urlencode(delete | SIGNED_QUERY)}",
        f"?{urlencode({'Action': 'CreateUser', 'UserName': 'made', 'Version': '2010-05-08'} | SIGNED_QUERY)}",
        f"{queue}?{urlencode({'Action': 'DeleteQueue'} | SIGNED_QUERY)}",
        f"_aws/events/rules/arn:aws:events:us-east-1:000000000000:rule/{prey.name}/trigger",
    ]
    before = prey.state()
    for number, query in enumerate(queries):
        url = pages.sending_on_to(f"{prey.cloud.url}/{query}")
        dom = Browser(tmp_path / f"profile-{number}", resolves=True).dom_of(url)
        assert "MissingAuthenticationToken" in dom or "Content-Type: application/json" in dom
    assert prey.state() == before
