"""What a message is of a drill, and that others' messages stay theirs."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from fake_cloud import FACTS

from secretwatch.pipeline.drill.letterbox import Awaited, Letterboxes, NotLookedAt, sign_in
from secretwatch.pipeline.drill.record import Drilled, Receiver, Topic
from secretwatch.pipeline.reading import Read
from secretwatch.pipeline.smoke_report import SmokeReport
from secretwatch.pipeline.watch import Watch

ID = "20260101T235950Z-0123abcd"
TOPIC = Topic(str(FACTS["topic_arn"]))
QUEUE = "arn:aws:sqs:eu-west-1:222222222222:letters"
AT = 1767312000.0  # 2026-01-02T00:00:00Z
NOTICE = f"DRILL. words\nDrill id  {ID}\nTopic     {TOPIC.arn}\n"


def awaited(key: str = "app", marker: str = "secretwatch-1", request: str = "request-1") -> Awaited:
    watch = Watch.from_outputs({"watch": FACTS | {"watch": key, "alarm_name": f"watch-{key}"}})
    report = SmokeReport(reads=[Read("TopSecretInfo", "boto3", marker, request, AT)])
    return Awaited(watch, Drilled(watch.label, "TopSecretInfo", watch.alarm_name, report))


def alarm(**changes: Any) -> str:
    message = {
        "AlarmName": "watch-app",
        "NewStateValue": "ALARM",
        "StateChangeTime": "2026-01-02T00:05:00.123+0000",
    }
    return json.dumps(message | changes)


def realtime(agent: str = "app/secretwatch-1", watch: str = "app of watch") -> str:
    event = {"userAgent": f"Boto3 secretwatch-drill/{ID} {agent}"}
    return json.dumps({"SECRET READ": {"secretId": "x"}, "Watch": watch, "Event": event})


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        (NOTICE, "DRILL message"),
        (NOTICE.replace(ID, "20250101T000000Z-00000000"), None),
        (f"Not one {NOTICE}", None),
        (alarm(), "alarm of watch/app"),
        (alarm(AlarmName="watch-other"), None),
        (alarm(NewStateValue="OK"), None),
        # An alarm of before the read, still in the queue.
        (alarm(StateChangeTime="2026-01-01T23:00:00.000+0000"), None),
        (alarm(StateChangeTime="yesterday"), None),
        (realtime(), "realtime message of watch/app"),
        # A footer, as e-mails have one.
        (realtime() + "\n--\nIf you wish to stop", "realtime message of watch/app"),
        (realtime(agent="request-1"), "realtime message of watch/app"),
        (realtime(agent="app/secretwatch-2"), None),
        # Another watch's rule saw the same read: that proves nothing of this watch's.
        (realtime(watch="other of watch"), None),
        ("no JSON", None),
        ("", None),
    ],
)
def test_what_a_message_is(text: str, sign: str | None) -> None:
    assert sign_in(text, ID, [awaited()]) == sign


def test_each_watch_has_its_own_signs() -> None:
    both = [awaited(), awaited("other", "secretwatch-2", "request-2")]
    assert sign_in(alarm(AlarmName="watch-other"), ID, both) == "alarm of watch/other"
    found = sign_in(realtime("app/secretwatch-2", "other of watch"), ID, both)
    assert found == "realtime message of watch/other"


class Queue:
    """SQS with one queue: who is received is hidden until given back."""

    def __init__(self, *bodies: str, redrive: str | None = None) -> None:
        self.bodies, self.redrive = list(bodies), redrive
        self.hidden: set[int] = set()
        self.calls: list[str] = []
        self.refuses: str | None = None

    def client(self, service: str) -> Any:
        assert service == "sqs"
        return SimpleNamespace(
            get_queue_url=self.get_queue_url,
            get_queue_attributes=self.get_queue_attributes,
            receive_message=self.receive_message,
            change_message_visibility_batch=self.change_message_visibility_batch,
        )

    def _called(self, operation: str) -> None:
        self.calls.append(operation)
        if self.refuses == operation:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)

    def get_queue_url(self, QueueName: str, QueueOwnerAWSAccountId: str) -> Any:
        self._called("get_queue_url")
        assert (QueueName, QueueOwnerAWSAccountId) == ("letters", "222222222222")
        return {"QueueUrl": "url"}

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> Any:
        return {"Attributes": {"RedrivePolicy": self.redrive}} if self.redrive else {}

    def receive_message(self, **request: Any) -> Any:
        self._called("receive_message")
        assert 0 < request["VisibilityTimeout"] <= 10
        found = [number for number in range(len(self.bodies)) if number not in self.hidden][:10]
        self.hidden |= set(found)
        return {"Messages": [{"Body": self.bodies[each], "ReceiptHandle": str(each)} for each in found]}

    def change_message_visibility_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:
        assert len(Entries) <= 10
        assert {each["VisibilityTimeout"] for each in Entries} == {0}
        self.hidden -= {int(each["ReceiptHandle"]) for each in Entries}


def look(queue: Queue) -> set[str]:
    regions: list[str] = []

    def aws(region: str) -> Any:
        regions.append(region)
        return queue

    boxes = Letterboxes(aws, ID, None, None)
    found = boxes.signs(TOPIC, Receiver("sqs", QUEUE, "arn:"), [awaited()])
    assert set(regions) == {"eu-west-1"}
    return found


def enveloped(text: str, topic_arn: str = TOPIC.arn) -> str:
    return json.dumps({"Type": "Notification", "TopicArn": topic_arn, "Message": text})


def test_all_of_a_queue_is_looked_at_and_given_back() -> None:
    queue = Queue(*(f"somebody else's {number}" for number in range(25)), enveloped(NOTICE), alarm())
    assert look(queue) == {"DRILL message", "alarm of watch/app"}
    assert len(queue.bodies) == 27
    assert queue.hidden == set()


def test_another_topic_s_message_in_the_same_queue_is_not_this_topic_s() -> None:
    other = f"{TOPIC.arn}-other"
    assert look(Queue(enveloped(NOTICE.replace(TOPIC.arn, other), other))) == set()
    assert look(Queue(NOTICE.replace(TOPIC.arn, other))) == set()
    assert look(Queue(NOTICE)) == {"DRILL message"}


def test_what_was_received_is_given_back_where_the_next_call_is_refused() -> None:
    queue = Queue(*["x"] * 12)
    real = queue.receive_message

    def once(**request: Any) -> Any:
        if queue.hidden:
            queue.refuses = "receive_message"
        return real(**request)

    queue.receive_message = once  # type: ignore[method-assign]
    with pytest.raises(NotLookedAt, match="could not be looked at: receive_message answers AccessDenied"):
        look(queue)
    assert queue.hidden == set()


def test_a_queue_with_a_dead_letter_queue_is_left_alone() -> None:
    queue = Queue(NOTICE, redrive='{"maxReceiveCount": 1}')
    receiver = Receiver("sqs", QUEUE, "arn:")
    assert not Letterboxes(lambda _: queue, ID, None, None).can_look(receiver)  # type: ignore[arg-type,return-value]
    assert "dead-letter queue" in receiver.detail
    assert "receive_message" not in queue.calls


def test_who_can_be_looked_at() -> None:
    boxes = Letterboxes(lambda _: Queue(), ID, None, None)  # type: ignore[arg-type,return-value]
    local = Letterboxes(lambda _: Queue(), ID, "http://127.0.0.1", set())  # type: ignore[arg-type,return-value]
    email = Receiver("email", "ops@example.com", "arn:")
    assert (boxes.can_look(email), local.can_look(email)) == (False, True)
    assert boxes.can_look(Receiver("sqs", QUEUE, "arn:"))
    assert not local.can_look(Receiver("https", "https://example.com", "arn:"))
    closed = Queue()
    closed.refuses = "get_queue_url"
    receiver = Receiver("sqs", QUEUE, "arn:")
    assert not Letterboxes(lambda _: closed, ID, None, None).can_look(receiver)  # type: ignore[arg-type,return-value]
    assert "could not be looked at" in receiver.detail
