"""What the alarm did: its action, and whom that tells."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from secretwatch.pipeline import inbox
from secretwatch.pipeline.aws import is_denied
from secretwatch.pipeline.endpoints import shown
from secretwatch.pipeline.probes.probe import ALARM, NOTIFICATION, SKEW, Look, Probe


class Notification(Probe):
    """The alarm's action, whom the topic tells, and on the local cloud the e-mail itself.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html
    """

    name = NOTIFICATION
    usually = "seconds after the alarm"
    vital = True
    after = ALARM

    def look(self) -> Look:
        note = self.scene.report.notification
        note["topic_arn"] = self.watch.topic_arn
        action = self._action()
        if action is not None:
            note["action"] = action
            if action.startswith("Failed"):
                return Look("failed", action)
        email = self._email()
        if email is not None:
            note["email"] = email
            self._receivers()
            return Look("ok", f'"{email.get("subject")}" to {email.get("to")}')
        if action is None:
            return Look("waiting") if note["action"] is None else Look("waiting", note["action"])
        receivers = self._receivers()
        if note["warning"]:
            return Look("ok", f"published to {self.watch.topic_arn}; {note['warning']}")
        if self.scene.mails_before is not None and any(each.startswith("email") for each in receivers):
            return Look("waiting", "published; the e-mail is not in the inbox yet")
        told = f", which tells {', '.join(receivers)}" if receivers else ""
        return Look("ok", f"published to {self.watch.topic_arn}{told}")

    def _action(self) -> str | None:
        """What the alarm's history says of its newest action for ALARM since the read."""
        found = self.scene.aws.client("cloudwatch").describe_alarm_history(
            AlarmName=self.watch.alarm_name,
            HistoryItemType="Action",
            StartDate=self.scene.first.time - timedelta(seconds=5),
            EndDate=datetime.fromtimestamp(self.scene.now(), UTC) + SKEW,
            ScanBy="TimestampDescending",
        )
        for item in found.get("AlarmHistoryItems", ()):
            if _IS_NOT_ALARM.search(item.get("HistoryData") or ""):
                continue
            summary = str(item.get("HistorySummary", ""))
            if self.watch.topic_arn is None or self.watch.topic_arn in summary:
                return summary
        return None

    def _email(self) -> dict[str, Any] | None:
        """The alarm's e-mail in the local cloud's inbox, where there is one."""
        before = self.scene.mails_before
        if before is None:
            return None
        for mail in inbox.messages(self.scene.aws.endpoint_url) or ():
            is_new = mail.get("kind") == "notification" and mail.get("id") not in before
            if is_new and f'"{self.watch.alarm_name}"' in str(mail.get("subject")):
                return mail
        return None

    def _receivers(self) -> list[str]:
        """Who is told, as "protocol endpoint"; notes a warning where it is nobody."""
        note = self.scene.report.notification
        if self.watch.topic_arn is None:
            return []
        own = {queue.arn for queue in self.scene.post.queues} if self.scene.post else set()
        pages = self.scene.aws.client("sns").get_paginator("list_subscriptions_by_topic")
        try:
            found = [
                each
                for page in pages.paginate(TopicArn=self.watch.topic_arn)
                for each in page.get("Subscriptions", ())
                if each["Endpoint"] not in own
            ]
        except Exception as error:
            if not is_denied(error):
                raise
            return []
        note["subscriptions"] = [
            {
                "protocol": each["Protocol"],
                "endpoint": shown(each["Protocol"], each["Endpoint"]),
                "confirmed": each["SubscriptionArn"] != "PendingConfirmation",
            }
            for each in found
        ]
        confirmed = [each for each in note["subscriptions"] if each["confirmed"]]
        if not found:
            note["warning"] = "nobody will receive it, as nobody is subscribed to the topic"
        elif not confirmed:
            waiting = ", ".join(each["endpoint"] for each in note["subscriptions"])
            note["warning"] = (
                f"nobody will receive it, as {waiting} has not followed the link in the confirmation mail"
            )
        return [f"{each['protocol']} {each['endpoint']}" for each in confirmed]


# HistoryData holds the published message as JSON inside JSON.
_IS_NOT_ALARM = re.compile(r'NewStateValue[\\":\s]+(?:OK|INSUFFICIENT_DATA)')
