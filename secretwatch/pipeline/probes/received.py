"""What a subscriber gets: the alarm's message through each topic, and the realtime rule's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secretwatch.pipeline import inbox
from secretwatch.pipeline.messages import channel_of, headline, parsed
from secretwatch.pipeline.probes.probe import ALARM, DELIVERY, REALTIME, Look, Probe, Scene
from secretwatch.pipeline.probes.trail import trail_problem


class Delivery(Probe):
    """The alarm's message, as a subscriber of each topic gets it."""

    name = DELIVERY
    usually = "seconds after the alarm"
    vital = True
    after = ALARM

    def look(self) -> Look:
        assert self.scene.post is not None
        reached = {
            each.topic_arn for each in self.scene.post.collect(_poll(self.scene)) if self._is_it(each.text)
        }
        missing = [arn for arn in self.watch.topic_arns if arn not in reached]
        if missing:
            return Look("waiting", f"not from {', '.join(missing)}" if reached else "")
        return Look("ok", f"through {', '.join(self.watch.topic_arns)}")

    def _is_it(self, text: str) -> bool:
        found = parsed(text)
        return found.get("AlarmName") == self.watch.alarm_name and found.get("NewStateValue") == "ALARM"


class Realtime(Probe):
    """The realtime rule's message of exactly these reads: in the queues, else in the local cloud's inbox."""

    name = REALTIME
    usually = "seconds; best effort"
    vital = True

    def look(self) -> Look:
        texts = self._texts()
        for read in list(self.open):
            marks = [read.marker, read.request_id, self.scene.report.event_ids.get(read.marker)]
            if all(any(mark and mark in text for mark in marks for text in each) for each in texts):
                self.open.remove(read)
        if not self.open:
            where = "the queue" if self.scene.post else "the inbox"
            return self.seen(f'"{headline(texts[0][-1])}" in {where}', f"messages in {where}")
        return trail_problem(self.scene) or self.waiting()

    def _texts(self) -> list[list[str]]:
        """Realtime messages so far: for each topic's queue, or of the one inbox."""
        if self.scene.post:
            messages = self.scene.post.collect(_poll(self.scene))
            found = [
                [m.text for m in messages if m.topic_arn == arn] for arn in self.watch.realtime_topic_arns
            ]
        else:
            mails = inbox.messages(self.scene.aws.endpoint_url) or ()
            found = [[_said(mail) for mail in mails]]
        return [[text for text in texts if channel_of(text) == "realtime"] for texts in found]


def _said(mail: Mapping[str, Any]) -> str:
    """A post in a chat channel has its title apart."""
    body = str(mail.get("body"))
    return f"{mail.get('subject')}\n{body}" if mail.get("kind") == "chat" else body


def _poll(scene: Scene) -> int:
    """Seconds that a look into queues may wait. Long on AWS, where each call costs and nothing is soon."""
    return 1 if scene.aws.is_local else 5
