"""What alarms make of what is done to them by hand, and what comes of their actions."""

from __future__ import annotations

from functools import partial

from secretwatch.verify.experiments.datapoints import METRICS, described_alarm, first_state, put_values
from secretwatch.verify.lab import Lab
from secretwatch.verify.model import Experiment, Seen, confirmed, refuted
from secretwatch.verify.queues import Queue
from secretwatch.verify.statements import service

_ALARMS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html"


def _by_hand(lab: Lab) -> Seen:
    cloudwatch = lab.client("cloudwatch")
    namespace = put_values(lab, (0, 2))
    name = lab.alarm(namespace)
    first_state(lab, name)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="verify")
    at_once = described_alarm(lab, name)["StateValue"] == "ALARM"
    # A new datapoint is something to evaluate.
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "reads", "Value": 0}])
    lab.wait(
        "that an evaluation takes the state back", lambda: described_alarm(lab, name)["StateValue"] == "OK"
    )
    return Seen("until then" if at_once else "never", {"at once": at_once})


def _failed_action(lab: Lab) -> Seen:
    cloudwatch = lab.client("cloudwatch")
    # Its policy lets another service in.
    topic = lab.topic(service("events"))
    name = lab.alarm(put_values(lab, (0, 2)), AlarmActions=[topic])
    first_state(lab, name)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="verify")
    (item, *_) = lab.wait(
        "the action in the alarm's history",
        lambda: cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")[
            "AlarmHistoryItems"
        ],
    )
    failed = str(item["HistorySummary"]).startswith("Failed")
    return Seen("failed" if failed else "succeeded", {"failed": failed})


def _heard(queue: Queue, text: str, times: int) -> bool:
    return sum(text in body for body in queue.bodies()) >= times


def _mute_rule(lab: Lab) -> Seen:
    cloudwatch = lab.client("cloudwatch")
    topic = lab.topic(service("cloudwatch"))
    queue = lab.subscribe(topic)
    muted, loud = (lab.alarm(put_values(lab, (0, 2)), AlarmActions=[topic]) for _ in range(2))
    for name in (muted, loud):
        first_state(lab, name)
    rule = lab.thing("mute rule")
    cloudwatch.put_alarm_mute_rule(
        Name=rule,
        # Whatever the minute, a window of five minutes is open.
        Rule={"Schedule": {"Expression": "cron(* * * * *)", "Duration": "PT5M"}},
        MuteTargets={"AlarmNames": [muted]},
    )
    for rounds in (1, 2):
        for name in (muted, loud):
            cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="verify")
            cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="verify")
        lab.wait("the message of the other alarm", partial(_heard, queue, loud, rounds))
    came = queue.holds(muted)
    return Seen("rang" if came else "silent", {"rang": came})


EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        id="state-by-hand",
        claim="A state that is set by hand shows at once and stays until the next evaluation.",
        why="Such a state hides an alarm, or tests one.",
        source=_ALARMS,
        outcomes={
            "until then": confirmed("The state showed at once, and an evaluation took it back."),
            "never": refuted("The state did not show at once."),
        },
        run=_by_hand,
        makes={"metric": 1, "alarm": 1},
        numbers={"at once": "whether the state showed at once"},
        **METRICS | {"calls": ("cloudwatch:PutMetricData", "cloudwatch:SetAlarmState")},
    ),
    Experiment(
        id="failed-action",
        claim="If a topic refuses an alarm's message, the alarm's history says so.",
        why="The history is the only place where AWS says that nobody got the message.",
        source="Seen in reports, not documented.",
        outcomes={
            "failed": confirmed("The history has the failed action."),
            "succeeded": refuted("The history says that the action succeeded."),
        },
        run=_failed_action,
        makes={"metric": 1, "alarm": 1, "topic": 1},
        numbers={"failed": "whether the history's summary begins with Failed"},
        **METRICS
        | {
            "calls": (
                "cloudwatch:DescribeAlarmHistory",
                "cloudwatch:PutMetricData",
                "cloudwatch:SetAlarmState",
            )
        },
    ),
    Experiment(
        id="mute-rule",
        claim="If a mute rule names an alarm, the alarm changes its state and sends no message.",
        why="A mute rule silences the watch without touching the alarm.",
        source="Documented: "
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules.html. "
        "AWS does not say whether a rule mutes from its first minute on.",
        outcomes={
            "silent": confirmed("The other alarm's messages came, and none of the muted alarm."),
            "rang": refuted("The muted alarm's message came."),
        },
        run=_mute_rule,
        makes={"metric": 2, "alarm": 2, "topic": 1, "queue": 1, "mute rule": 1},
        numbers={"rang": "whether the muted alarm's message came"},
        **METRICS | {"calls": ("cloudwatch:PutMetricData", "cloudwatch:SetAlarmState")},
    ),
)
