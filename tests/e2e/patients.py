"""What Terraform applied, as the doctor's patient: what is found of it, and whether it does its work."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from beats import ACCOUNT
from beats import Account as Beats
from deployment import wait_for
from handmade import Session

from secretwatch.pipeline.doctor.account import Account
from secretwatch.pipeline.doctor.examine import Doctor
from secretwatch.pipeline.doctor.findings import Finding
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.mend import proved
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View
from secretwatch.pipeline.doctor.walk import Diagnosis, configured
from secretwatch.pipeline.watch import Watch


@dataclass
class Patient:
    beats: Beats
    watch: Watch
    intent: Intent
    session: Session
    live: Account | None = None
    """As it was found last, with nothing wrong."""

    def diagnosis(self) -> Diagnosis:
        """When nothing is on its way any more."""
        doctor = Doctor(Subject.of_watch(self.watch), self.session, intent=self.intent)
        found: Diagnosis = wait_for("a diagnosis", lambda: self._settled(doctor), seconds=30)
        self.live = found.view.account if not found.broken else None
        return found

    @staticmethod
    def _settled(doctor: Doctor) -> Diagnosis | None:
        found = doctor.examine()
        return None if found.waits else found

    def told(self, before: int) -> set[tuple[str, str]]:
        """Who has got which message since then."""
        found = set()
        for each in self.beats.cloud.inbox()[before:]:
            if ACCOUNT not in str(each["topic_arn"]) or each["kind"] != "notification":
                continue
            kind = "alarm" if f'ALARM: "{self.watch.alarm_name}"' in str(each["subject"]) else "rule"
            if kind == "alarm" or '"READ"' in str(each["body"]) or "GetSecretValue" in str(each["body"]):
                found.add((kind, str(each["to"])))
        return found

    def rings(self, seconds: float = 15.0) -> bool:
        """Whether a read now tells everybody who is meant to hear: by the alarm, and by the rule."""
        cloud = self.beats.cloud
        cloud.release(first=0)
        cloud.tick(16)
        before = len(cloud.inbox())
        self.session.client("secretsmanager").get_secret_value(SecretId="beats-read")
        cloud.release(first=0)
        cloud.tick()
        wanted = {(kind, "oncall@example.com") for kind in ("alarm", "rule")}
        deadline = time.monotonic() + seconds
        while not wanted <= self.told(before):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def hears_of_an_attack(self, seconds: float = 15.0) -> bool:
        """Whether who stops the trail is told of in both ways: by a rule, and by the alarm on tampering."""
        cloud, trail = self.beats.cloud, self.session.client("cloudtrail")
        cloud.release(first=0)
        cloud.tick(7)
        before = len(cloud.inbox())
        trail.stop_logging(Name=self.watch.trail_arn)
        trail.start_logging(Name=self.watch.trail_arn)
        cloud.release(first=0)
        cloud.tick()
        fast, slow = '"StopLogging"', f'ALARM: "{self.watch.tamper_alarm_name}"'
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            mails = [each for each in cloud.inbox()[before:] if ACCOUNT in str(each["topic_arn"])]
            if any(slow in str(each["subject"]) for each in mails) and any(
                fast in str(each["body"]) and "self-watch" in str(each["topic_arn"]) for each in mails
            ):
                return True
            time.sleep(0.1)
        return False

    def keeps_evidence(self) -> bool:
        """Whether what is done now lies in the bucket afterwards."""
        s3, bucket = self.session.client("s3"), self.watch.bucket_name
        pages = s3.get_paginator("list_objects_v2").paginate
        folder = f"AWSLogs/{ACCOUNT}/CloudTrail/"

        def files() -> set[str]:
            found = pages(Bucket=bucket, Prefix=folder)
            return {each["Key"] for page in found for each in page.get("Contents") or ()}

        self.beats.cloud.release(first=0)
        before = files()
        self.session.client("secretsmanager").get_secret_value(SecretId="beats-read")
        return bool(wait_for("a log file", lambda: files() - before))

    def says_who(self, seconds: float = 15.0) -> bool:
        """Whether who reads now is named in a message of its own, once the alarm has rung."""
        before = len(self.beats.cloud.inbox())
        self.rings()
        deadline = time.monotonic() + seconds
        subject = f'DETAILS: "{self.watch.alarm_name}" in '
        while time.monotonic() < deadline:
            for each in self.beats.cloud.inbox()[before:]:
                if str(each["subject"]).startswith(subject) and "beats-read" in str(each["body"]):
                    return True
            time.sleep(0.1)
        return False

    def beats_on(self) -> bool:
        self.beats.beat()
        return True


# What shows whether a thing does again what it serves.
TRIALS: dict[str, Callable[[Patient], bool]] = {
    "details": Patient.says_who,
    "evidence": Patient.keeps_evidence,
    "heartbeat": Patient.beats_on,
    "realtime": Patient.rings,
    "ring": Patient.rings,
    "self-watch": Patient.hears_of_an_attack,
}


def broken(view: View) -> tuple[list[tuple[str, Finding]], list[Any]]:
    """What the doctor finds broken, with its mends proved, and the plan for all of it."""
    hops = configured(view)
    plan = proved(view, hops, configured)
    return [(hop.name, each) for hop in hops for each in hop.findings if each.verdict == "broken"], plan
