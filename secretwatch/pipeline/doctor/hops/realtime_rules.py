"""Of hop 8: a rule made anew where no applied one is known: for the watch's own secrets, to its topics."""

from __future__ import annotations

import json
from typing import Any

from secretwatch.pipeline.doctor.calls import Step
from secretwatch.pipeline.doctor.kinds import rules
from secretwatch.pipeline.doctor.view import View

ALL_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def make_rule(view: View, name: str) -> list[Step]:
    """A rule without an applied one to go by: for the watch's own secrets, to its topics."""
    secrets = [form for each in view.subject.secrets for form in forms_of_id(each)]
    detail: dict[str, Any] = {
        "eventSource": ["secretsmanager.amazonaws.com"],
        "eventName": list(view.subject.event_names),
    }
    if secrets and "*" not in view.subject.secrets:
        detail["requestParameters"] = {"secretId": secrets}
    pattern = {
        "source": ["aws.secretsmanager"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": detail,
    }
    made = {"Name": name, "State": ALL_EVENTS, "EventPattern": json.dumps(pattern, separators=(",", ":"))}
    targets = [
        {"Id": f"topic-{number}" if number else "topic", "Arn": arn}
        for number, arn in enumerate(own_topics(view))
    ]
    return [rules.put(made), *([rules.put_targets(name, targets)] if targets else [])]


def forms_of_id(secret: str) -> list[Any]:
    from secretwatch import secretid

    if secret.endswith("*"):
        bare = secret.removesuffix("*")
        return [{"prefix": bare}, {"wildcard": f"*:secret:{bare}*"}]
    return [*secretid.forms(secret)]


def own_topics(view: View) -> list[str]:
    realtime = view.subject.realtime
    own = (realtime.topic_arns if realtime else ()) or view.subject.topic_arns
    return list(own) or view.topics_of(view.alarm) or ["TOPIC_ARN"]
