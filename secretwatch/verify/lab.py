"""What an experiment works with: clients, things of its own that are taken away again, and waiting.

No experiment waits for a fixed time. It waits for something to be seen, with a bound; that something does not
come is seen by what was sent after it and has come.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.pipeline.aws import is_denied
from secretwatch.verify.cloud import Cloud
from secretwatch.verify.kinds import PREFIX, REMOVE, TAG, code, tags
from secretwatch.verify.queues import Queue
from secretwatch.verify.statements import document

if TYPE_CHECKING:
    from secretwatch.verify.stage import Stage

T = TypeVar("T")

LOCAL_PATIENCE = 90.0  # more than the full minute until an alarm is evaluated again
"""How long anything is waited for on a cloud on this machine, in seconds."""
_LONGEST_PAUSE = 10.0
_FIRST_PAUSE = 0.1
_CLEANING = 120.0
"""For how many seconds it is tried to remove one thing."""


class TimeIsUp(Exception):
    """Something was not seen in time."""


class Stopped(Exception):
    """The run was interrupted."""


class NoStage(Exception):
    """There is no trail to experiment with."""


@dataclass
class Run:
    """What all labs of a run share. stop: set to end everything. waiting: what each experiment waits for."""

    cloud: Cloud
    id: str
    stop: threading.Event = field(default_factory=threading.Event)
    waiting: dict[str, str] = field(default_factory=dict)
    left_behind: list[tuple[str, str]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def name(self) -> str:
        """A name that nothing else has, which tells what made it."""
        return f"{PREFIX}{self.id}-{next(self._numbers)}"


class Lab:
    """For one experiment. patience: seconds, at most, to wait for one thing."""

    def __init__(self, run: Run, experiment: str, patience: float, stage: Stage | None = None) -> None:
        self.run = run
        self.cloud = run.cloud
        self.experiment = experiment
        self.patience = min(patience, LOCAL_PATIENCE) if run.cloud.is_local else patience
        self.made: Counter[str] = Counter()
        self._stage = stage
        self._things: list[tuple[str, str]] = []

    def client(self, service: str) -> Any:
        return self.cloud.client(service)

    @property
    def stage(self) -> Stage:
        """The shared trail. Raises NoStage."""
        if self._stage is None:
            raise NoStage
        self._stage.set_up()
        return self._stage

    # Waiting

    def wait(self, what: str, probe: Callable[[], T | None], patience: float | None = None) -> T:
        """The first true answer of `probe`. Asks seldom when it has waited long. Raises TimeIsUp, Stopped."""
        began = time.monotonic()
        patience = self.patience if patience is None else patience
        self.run.waiting[self.experiment] = what
        try:
            while True:
                if self.run.stop.is_set():
                    raise Stopped
                answer = probe()
                if answer:
                    return answer
                waited = time.monotonic() - began
                if waited > patience:
                    raise TimeIsUp(what)
                self.run.stop.wait(min(max(_FIRST_PAUSE, waited / 8), _LONGEST_PAUSE))
        finally:
            self.run.waiting.pop(self.experiment, None)

    def accepted(self, what: str, call: Callable[[], T], *words: str) -> T:
        """What `call` answers, once no refusal has one of these words in its code or message.

        A role or a policy is not known everywhere at once.
        """

        def probe() -> tuple[T] | None:
            try:
                return (call(),)
            except ClientError as error:
                if not any(word in f"{code(error)} {error}" for word in words):
                    raise
                return None

        return self.wait(what, probe)[0]

    def markers(self, what: str, send: Callable[[str], Any], control: Queue, more: int = 3) -> list[str]:
        """Send marked messages until the control queue has one, which shows that the way is open; then `more`
        of them, each sent when the one before has come. The marks that came, in the order they were sent.

        What could have come beside each of these has had as long as they, and the earlier ones longer.
        """
        sent: list[str] = []

        def first() -> bool:
            sent.append(f"{self.run.name()}-m")
            send(sent[-1])
            return bool(control.held(sent))

        self.wait(what, first)
        for _ in range(more):
            mark = f"{self.run.name()}-m"
            sent.append(mark)
            send(mark)
            self.wait(what, partial(control.holds, mark))
        return control.held(sent)

    # Things of its own

    def thing(self, kind: str, name: str | None = None) -> str:
        """The name of a thing that is about to be made, and will be removed with the lab. Raises Stopped."""
        if self.run.stop.is_set():
            raise Stopped
        name = name or self.run.name()
        self._things.append((kind, name))
        self.made[kind] += 1
        return name

    def metric(self) -> str:
        """A namespace that holds one metric."""
        self.made["metric"] += 1
        return self.run.name()

    def queue(self) -> Queue:
        """A queue that every topic and rule of the run may send to."""
        name = self.thing("queue")
        arn = self.cloud.arn("sqs", name)
        mine = {
            "sns": self.cloud.arn("sns", f"{PREFIX}{self.run.id}-*"),
            "events": self.cloud.arn("events", "rule/*"),
        }
        policy = document(
            *(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": f"{service}.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                    "Condition": {"ArnLike": {"aws:SourceArn": source}},
                }
                for service, source in mine.items()
            )
        )
        url = self.client("sqs").create_queue(
            QueueName=name, Attributes={"Policy": policy}, tags={TAG: self.experiment}
        )["QueueUrl"]
        return Queue(self, name, url)

    def topic(self, *statements: dict[str, Any]) -> str:
        """A topic whose policy is these statements, each completed with its action and resource; its ARN."""
        name = self.thing("topic")
        arn: str = self.client("sns").create_topic(Name=name, Tags=tags(self.experiment))["TopicArn"]
        if statements:
            whole = [
                {"Effect": "Allow", "Action": "sns:Publish", "Resource": arn, **each} for each in statements
            ]
            self.client("sns").set_topic_attributes(
                TopicArn=arn, AttributeName="Policy", AttributeValue=document(*whole)
            )
        return arn

    def subscribe(self, topic: str) -> Queue:
        """A queue that gets what is published to the topic, as it is."""
        queue = self.queue()
        self.client("sns").subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=queue.arn,
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )
        return queue

    def bus(self) -> str:
        """An event bus; its name."""
        name = self.thing("bus")
        self.client("events").create_event_bus(Name=name, Tags=tags(self.experiment))
        return name

    def rule(self, bus: str, *targets: dict[str, Any], **settings: Any) -> str:
        """A rule on the bus that takes events of source "verify", or what its settings say; its name."""
        name = self.thing("rule") if bus == "default" else self.run.name()
        events = self.client("events")
        settings = {"EventPattern": json.dumps({"source": ["verify"]})} | settings
        events.put_rule(Name=name, EventBusName=bus, Tags=tags(self.experiment), **settings)
        if targets:
            numbered = [{"Id": str(number), **target} for number, target in enumerate(targets)]
            answer = events.put_targets(Rule=name, EventBusName=bus, Targets=numbered)
            for failed in answer.get("FailedEntries", ()):
                raise ClientError(
                    {"Error": {"Code": failed["ErrorCode"], "Message": failed.get("ErrorMessage", "")}},
                    "PutTargets",
                )
        return name

    def send(self, bus: str, **detail: Any) -> None:
        """An event of source "verify" to the bus. Raises ClientError where it is not taken."""
        (entry,) = self.client("events").put_events(
            Entries=[
                {
                    "Source": "verify",
                    "DetailType": "verify",
                    "Detail": json.dumps(detail),
                    "EventBusName": bus,
                }
            ]
        )["Entries"]
        if "ErrorCode" in entry:
            raise ClientError({"Error": {"Code": entry["ErrorCode"], "Message": ""}}, "PutEvents")

    def log_group(self, **settings: Any) -> str:
        """A log group; its name."""
        name = self.thing("log group")
        self.client("logs").create_log_group(logGroupName=name, tags={TAG: self.experiment}, **settings)
        return name

    def secret(self) -> str:
        """A secret that guards nothing; its name."""
        name = self.thing("secret")
        self.client("secretsmanager").create_secret(
            Name=name, SecretString="nothing", Tags=tags(self.experiment)
        )
        return name

    def role(self, service: str, *statements: dict[str, Any], condition: dict[str, Any] | None = None) -> str:
        """A role that the service may take, on this condition, and that may do this; its ARN."""
        name = self.thing("role")
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sts:AssumeRole",
            **({"Condition": condition} if condition else {}),
        }
        iam = self.client("iam")
        arn: str = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=document(trust), Tags=tags(self.experiment)
        )["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="verify", PolicyDocument=document(*statements))
        return arn

    def alarm(self, namespace: str, **settings: Any) -> str:
        """An alarm of 1 of 1, Sum over 300 s at least 1, missing data not breaching; its name.

        settings: others; None leaves one out.
        """
        name = self.thing("alarm")
        wanted: dict[str, Any] = {
            "AlarmName": name,
            "Namespace": namespace,
            "MetricName": "reads",
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "Tags": tags(self.experiment),
            **settings,
        }
        given = {key: value for key, value in wanted.items() if value is not None}
        self.client("cloudwatch").put_metric_alarm(**given)
        return name

    def alarm_on_filled(self, namespace: str) -> str:
        """Such an alarm on FILL(metric, 0); its name."""
        metric = {"Namespace": namespace, "MetricName": "reads"}
        return self.alarm(
            namespace,
            **dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period")),
            Metrics=[
                {"Id": "filled", "Expression": "FILL(reads, 0)", "ReturnData": True},
                {
                    "Id": "reads",
                    "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"},
                    "ReturnData": False,
                },
            ],
        )

    def clean(self) -> None:
        """Remove all that was made. What cannot be is noted in the run."""
        self.run.waiting[self.experiment] = "cleaning up"
        for kind in REMOVE:
            for name in [name for each, name in self._things if each == kind]:
                if remove(self.cloud, kind, name):
                    self._things.remove((kind, name))
        self.run.left_behind += self._things
        self.run.waiting.pop(self.experiment, None)


def remove(cloud: Cloud, kind: str, name: str, patience: float = _CLEANING) -> bool:
    """Remove it, trying again for a while; whether it is gone."""
    began, pause = time.monotonic(), 0.5
    while True:
        try:
            REMOVE[kind](cloud, name)
            return True
        except Exception as error:
            # Whatever it is, the others are still to be removed.
            if not isinstance(error, ClientError | BotoCoreError) or is_denied(error):
                return False
            if time.monotonic() - began > (5 if cloud.is_local else patience):
                return False
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


@contextmanager
def lab(run: Run, experiment: str, patience: float, stage: Stage | None = None) -> Iterator[Lab]:
    """A lab that is cleaned up however its experiment ends."""
    made = Lab(run, experiment, patience, stage)
    try:
        yield made
    finally:
        made.clean()


def refusal(call: Callable[[], Any], codes: Sequence[str] = ()) -> str | None:
    """The code with which a call was refused; None where it was not. codes: those that count as a refusal,
    any if none is named; others are raised."""
    try:
        call()
    except ClientError as error:
        if codes and code(error) not in codes:
            raise
        return code(error)
    return None
