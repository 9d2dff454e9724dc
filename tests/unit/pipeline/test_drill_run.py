"""The drill on a cloud of plain objects: what is sent when, and what is recorded of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import Result
from commands import Runner
from fake_cloud import FACTS, NEVER, TOPIC, VALUE, AtOnce, Cloud, refused

from secretwatch.cli.drill import drill
from secretwatch.pipeline import inbox
from secretwatch.pipeline.drill import run as pipeline_drill

SELF_WATCH = f"{TOPIC}-self-watch"
WATCH = FACTS | {"topic_arns": [TOPIC], "fast_self_watch": {"topic_arns": [SELF_WATCH]}}


class DrilledCloud(Cloud):
    """Publishes to topics, each with the subscriptions of `subscribers`."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self.arn = f"arn:aws:iam::{FACTS['account_id']}:user/anna"
        self.subscribers = {
            TOPIC: [("email", "ops@example.com")],
            SELF_WATCH: [("https", "https://example.com/hook")],
        }
        self.no_publish: set[str] = set()

    def get_caller_identity(self) -> Any:
        return {"Account": self.account, "Arn": self.arn, "UserId": "AIDA1"}

    def publish(self, topic_arn: str = "", text: str = "", **request: Any) -> Any:
        assert self.read_at is None, "a message came after the read"
        if request["TopicArn"] in self.no_publish:
            raise refused("Publish", "AuthorizationError")
        self.sent.append(request)
        return {"MessageId": f"message-{len(self.sent)}"}

    def list_subscriptions_by_topic(self, TopicArn: str) -> Any:
        return {
            "Subscriptions": [
                {"Protocol": protocol, "Endpoint": endpoint, "SubscriptionArn": f"{TopicArn}:{endpoint}"}
                for protocol, endpoint in self.subscribers[TopicArn]
            ]
        }

    def get_subscription_attributes(self, SubscriptionArn: str) -> Any:
        return {"Attributes": {}}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> DrilledCloud:
    found = DrilledCloud()
    monkeypatch.setattr(inbox, "messages", lambda endpoint_url: found.mails)
    return found


@pytest.fixture
def run(cloud: DrilledCloud, root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs the command on the fake cloud and its clock."""
    monkeypatch.setattr(boto3, "Session", lambda **_: cloud)
    (root / "outputs").write_text(json.dumps({"watch": {"value": WATCH}}))

    class OnFakeClock(pipeline_drill.Drill):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, clock=cloud.clock, executor=AtOnce(), **options)

    monkeypatch.setattr(pipeline_drill, "Drill", OnFakeClock)

    def run(*arguments: str, answers: str = "") -> Result:
        return Runner().invoke(drill, [str(root), *arguments], input=answers)

    return run


def test_messages_go_first_then_the_read_and_sns_is_believed(run: Any, cloud: DrilledCloud) -> None:
    result = run("--json")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert [each["TopicArn"] for each in cloud.sent] == [TOPIC, SELF_WATCH]
    assert all(each["Subject"].startswith("DRILL: ") for each in cloud.sent)
    assert "follows within minutes" in cloud.sent[0]["Message"]
    assert "No alarm follows" in cloud.sent[1]["Message"]
    assert [topic["subscriptions"][0]["state"] for topic in record["topics"]] == ["accepted", "accepted"]
    assert record["watches"][0]["read"] == {
        "event_id": "event-1",
        "request_id": "request-1",
        "time": "2026-01-01T23:59:50+00:00",
    }
    assert {hop["status"] for hop in record["watches"][0]["hops"]} == {"ok"}
    assert VALUE not in result.output


def test_every_watch_is_of_the_account(run: Any, cloud: DrilledCloud, root: Path) -> None:
    """A root module may have providers for several accounts."""
    other = WATCH | {"account_id": "222222222222", "name": "other"}
    (root / "outputs").write_text(json.dumps({"watches": {"value": {"one": WATCH, "two": other}}}))
    result = run("--json")
    assert result.exit_code == 2, result.output
    assert "the watch is in account 222222222222" in result.stderr
    assert set(cloud.calls) == {"get_caller_identity"}


def test_it_says_first_where_it_is(run: Any, cloud: DrilledCloud) -> None:
    line = "watch: account 111111111111, us-east-1, https://secretsmanager.us-east-1.amazonaws.com"
    assert run().stdout.splitlines()[0] == line
    assert run("--json").stderr.splitlines()[0] == line


def test_every_call_carries_the_drill_s_id(run: Any, cloud: DrilledCloud) -> None:
    record = json.loads(run("--json").stdout)
    assert cloud.agents == {f"secretwatch-drill/{record['drill']}"} == {record["user_agent"]}


def test_an_exception_is_refused_before_anything_is_sent(run: Any, cloud: DrilledCloud, root: Path) -> None:
    pattern = f'{{ ($.eventName = "GetSecretValue") && ($.userIdentity.arn != "{cloud.arn}") }}'
    (root / "outputs").write_text(json.dumps({"watch": {"value": WATCH | {"filter_patterns": [pattern]}}}))
    result = run()
    assert result.exit_code == 2
    assert f"leaves out reads by {cloud.arn}" in result.stderr
    assert (cloud.sent, cloud.read_at) == ([], None)


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (lambda c: setattr(c, "account", "999999999999"), 2, "credentials are of account 999999999999"),
        (lambda c: setattr(c, "state_before", "ALARM"), 3, "stayed in ALARM"),
        (lambda c: setattr(c, "muted_by", "nightly"), 1, "The mute rule nightly mutes"),
        (lambda c: c.errors.update(describe_alarms=refused("DescribeAlarms", "AccessDenied")), 1, "alarm"),
    ],
)
def test_what_stops_it_before_anything_is_sent(
    run: Any, cloud: DrilledCloud, change: Any, code: int, says: str
) -> None:
    change(cloud)
    result = run("--timeout", "20", "--json")
    assert result.exit_code == code, result.output
    assert says in result.stderr
    assert (cloud.sent, cloud.read_at) == ([], None)
    record = json.loads(result.stdout)
    assert {each["state"] for topic in record["topics"] for each in topic["subscriptions"]} <= {"unsent"}
    assert not {"waiting", "ok"} & {hop["status"] for each in record["watches"] for hop in each["hops"]}


def test_an_alarm_that_does_not_ring(run: Any, cloud: DrilledCloud) -> None:
    cloud.alarm = NEVER
    result = run("--timeout", "70")
    assert result.exit_code == 1, result.output
    assert "fail: watch: After 70 s this had not come: alarm ALARM" in result.stdout
    assert "did not publish" not in result.stdout


def test_a_topic_that_may_not_be_published_to(run: Any, cloud: DrilledCloud) -> None:
    cloud.no_publish = {SELF_WATCH}
    result = run("--json")
    assert result.exit_code == 1
    record = json.loads(result.stdout)
    assert [topic["subscriptions"][0]["state"] for topic in record["topics"]] == ["accepted", "unsent"]
    assert any("could not be published to watch-self-watch" in each for each in record["reasons"])


def test_a_topic_without_subscribers(run: Any, cloud: DrilledCloud) -> None:
    cloud.subscribers[SELF_WATCH] = []
    result = run()
    assert result.exit_code == 1
    assert "fail: Nobody is subscribed to watch-self-watch." in result.stdout


def test_a_read_that_is_denied_is_not_waited_for(run: Any, cloud: DrilledCloud) -> None:
    cloud.errors["get_secret_value"] = refused("GetSecretValue", "AccessDeniedException")
    result = run("--json")
    assert result.exit_code == 1
    assert "The secret cannot be read" in json.loads(result.stdout)["reasons"][0]
    assert cloud.clock.elapsed < 100


@pytest.mark.parametrize(("answers", "code"), [("y\ny\n", 0), ("y\nn\n", 1)])
def test_asking(run: Any, answers: str, code: int) -> None:
    result = run("--ask", "--json", answers=answers)
    assert result.exit_code == code, result.output
    assert "come to email ops@example.com (topic watch)?" in result.stderr
    record = json.loads(result.stdout)
    said = [topic["subscriptions"][0]["said"] for topic in record["topics"]]
    assert said == [True, answers == "y\ny\n"]


def test_an_end_of_the_answers_is_an_interrupt(run: Any, tmp_path: Path) -> None:
    result = run("--ask", "--report", str(tmp_path / "drill.json"), answers="y\n")
    assert result.exit_code == 130
    assert "The DRILL message went to watch, watch-self-watch. The secret" in result.stdout
    record = json.loads((tmp_path / "drill.json").read_text())
    assert [topic["subscriptions"][0]["said"] for topic in record["topics"]] == [True, None]


def test_ctrl_c_while_it_waits(run: Any, cloud: DrilledCloud, tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    cloud.before["lookup_events"] = interrupt
    result = run("--report", str(tmp_path / "drill.json"))
    assert result.exit_code == 130
    assert "was read." in result.stdout
    assert json.loads((tmp_path / "drill.json").read_text())["reasons"][0] == "It was interrupted."


def test_reports_of_both_kinds_and_of_no_other(run: Any, tmp_path: Path) -> None:
    page, record = tmp_path / "drill.html", tmp_path / "drill.json"
    assert run("--report", str(page), "--report", str(record)).exit_code == 0
    assert json.loads(record.read_text())["drill"] in page.read_text()
    assert run("--report", str(tmp_path / "drill.txt")).exit_code == 2
    assert run("--report", str(tmp_path / "none" / "drill.json")).exit_code == 2


def test_all_watches_share_topics_and_each_has_its_read(run: Any, cloud: DrilledCloud, root: Path) -> None:
    watches = {key: WATCH | {"watch": key} for key in ("a", "b")}
    watches["changes"] = WATCH | {
        "watch": "changes",
        "filter_patterns": ['{ $.eventName = "PutSecretValue" }'],
    }
    (root / "outputs").write_text(json.dumps({"watches": {"value": watches}}))
    result = run("--json")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert [each["drilled"] for each in record["watches"]] == [True, True, False]
    assert (len(cloud.reads), len(cloud.sent)) == (2, 2)
    assert record["topics"][0]["alarms"].keys() == {"watch/a", "watch/b"}
    assert record["warnings"] == [
        "watch/changes: It does not count reads that succeed: its topics got only the DRILL message."
    ]
    # Only that one: nothing could ring it.
    result = run("--watch", "changes")
    assert result.exit_code == 2
    assert "reading a secret cannot ring them" in result.stderr
