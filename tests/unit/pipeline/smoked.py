"""What the smoke test's tests share: its hops, what came of them, a mail, a watch with the realtime rule."""

from __future__ import annotations

from fake_cloud import TOPIC

from secretwatch.pipeline.probes.probe import ALARM, LOG_EVENT, LOG_FILE, METRIC, NOTIFICATION, READ, RECORDED

ALL = [READ, RECORDED, LOG_FILE, LOG_EVENT, METRIC, ALARM, NOTIFICATION]


def statuses(report) -> dict[str, str]:
    return {hop.name: hop.status for hop in report.hops}


def mail(number: int, **changes: object) -> dict:
    return {
        "id": str(number),
        "kind": "notification",
        "to": "ops@example.com",
        "subject": 'ALARM: "watch-reads" in US East (N. Virginia)',
        "topic_arn": TOPIC,
        "body": "Hello",
    } | changes


WITH_REALTIME = {"realtime": {"rule_names": ["watch"]}, "topic_arns": [TOPIC]}
