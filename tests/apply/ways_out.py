"""Every way out of the example that has them all: who was told, after a drill and a touch of a decoy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
from deployment import wait_for
from endpoints import Endpoint

COMMAND = Path(sys.executable).with_name("secretwatch")
CHANNEL, MAIL = "slack T07EA123LEP/C07EZ1ABC23", "ops@example.com"
DECOY = "payments/zero-trust"
SOON = 120


class Told:
    """What came to each receiver, as the first words of each message."""

    def __init__(self, cloud: Any, account: str, pager: Endpoint) -> None:
        self._cloud, self._account, self._pager = cloud, account, pager

    def mails(self) -> list[str]:
        return [each["subject"] + each["body"] for each in self._inbox("notification", MAIL)]

    def posts(self) -> list[dict[str, Any]]:
        return self._inbox("chat", CHANNEL)

    def pages(self) -> list[str]:
        """Each of them signed."""
        found = self._pager.messages()
        return [each.get("Subject", "") + each["Message"] for each in found if each["Type"] == "Notification"]

    def _inbox(self, kind: str, to: str) -> list[dict[str, Any]]:
        return [
            each
            for each in self._cloud.inbox()
            if (each["kind"], each["to"], each["topic_arn"].split(":")[4]) == (kind, to, self._account)
        ]

    def everybody(self, word: str, title: str) -> bool:
        """Whether people and pager got a message with this word, and the channel a post of this title."""
        plain = all(any(word in text for text in texts) for texts in (self.mails(), self.pages()))
        return plain and any(title in each["subject"] for each in self.posts())


def every_way_leads_to_somebody(cloud: Any, example: Path, account: str, pager: Endpoint) -> None:
    told = Told(cloud, account, pager)
    drilled(example)
    wait_for("the alarm", lambda: told.everybody('ALARM: "every-way-database"', "every-way-database |"), SOON)
    wait_for("the message", lambda: told.everybody('{"SECRET READ":', "SECRET READ: GetSecretValue"), SOON)
    details = 'DETAILS: "every-way-database"'
    wait_for("details", lambda: told.everybody(details, details), SOON)
    assert any("DRILL" in text for text in told.pages())
    (mail,) = [text for text in told.mails() if text.startswith(details)]
    assert '"secretId":"payments/database"' in mail
    (post,) = [each for each in told.posts() if each["subject"].startswith(details)]
    assert "1 call at " in post["body"]
    assert "In all: 1 calls, 0 of them of others than these." in post["body"]
    assert "payments/database" not in post["body"], "a caller's word"
    assert "(thread every-way-database 20" in post["body"]

    # Nothing else makes this call: the doctor describes what is watched.
    boto3.client("secretsmanager").list_secret_version_ids(SecretId=DECOY)
    wait_for(
        "the decoy's alarm", lambda: told.everybody('ALARM: "every-way-decoys"', "every-way-decoys |"), SOON
    )
    wait_for(
        "its message", lambda: told.everybody('{"SECRET USED":', "SECRET USED: ListSecretVersionIds"), SOON
    )
    details = 'DETAILS: "every-way-decoys"'
    wait_for("its details", lambda: told.everybody(details, details), SOON)
    (post,) = [each for each in told.posts() if each["subject"] == "SECRET USED: ListSecretVersionIds"]
    assert post["body"].startswith("A decoy: nobody has a reason to touch it.")
    lost = [
        each["reason"]
        for each in cloud.details()["drops"]
        if each["service"] == "chatbot.amazonaws.com" and f":{account}:" in each["reason"]
    ]
    assert len(lost) == 1, (lost, "what a drill says in words")
    assert_the_dashboard_is_there()


def drilled(example: Path) -> None:
    """A drill by the command, as somebody who may."""
    report = example / "drill.json"
    arguments = [str(COMMAND), "drill", str(example), "--watch", "database", "--report", str(report)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {
        (subscription["protocol"], subscription["endpoint"]): subscription["state"]
        for topic in json.loads(report.read_text())["topics"]
        for subscription in topic["subscriptions"]
    }
    assert found[("email", MAIL)] == "seen"
    assert {state for (protocol, _), state in found.items() if protocol == "https"} == {"accepted"}
    assert all(endpoint.endswith("/…") for protocol, endpoint in found if protocol == "https")


def assert_the_dashboard_is_there() -> None:
    body = json.loads(boto3.client("cloudwatch").get_dashboard(DashboardName="every-way")["DashboardBody"])
    assert [each["type"] for each in body["widgets"]] == [
        *("metric", "alarm", "metric", "metric", "log", "log", "log"),
    ]
