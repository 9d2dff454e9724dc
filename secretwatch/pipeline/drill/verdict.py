"""What the messages that were seen say: what is still to come, and the state of each receiver."""

from __future__ import annotations

from secretwatch.pipeline.drill.receivers import ALARM
from secretwatch.pipeline.drill.record import NOTICE, REALTIME, Drilled, Receiver, Record, Topic, sign_of
from secretwatch.pipeline.probes.probe import ALARM as ALARM_HOP


def missing(topic: Topic, receiver: Receiver) -> list[str]:
    """What could be there by now and was not found."""
    not_yet = {sign_of(ALARM, watch) for watch, published in topic.alarms.items() if not published}
    not_sent = {NOTICE} if topic.error else set()
    return [
        each
        for each in receiver.expected
        if each not in receiver.seen and each not in not_yet and each not in not_sent
    ]


def is_open(record: Record) -> bool:
    """Whether something is still to be seen that may come."""
    unpublished = any(
        topic.alarms.get(each.watch, "") is None and each.report.hop(ALARM_HOP).status == "ok"
        for topic in record.topics
        for each in record.watches
        if each.drilled
    )
    return unpublished or any(
        receiver.looks and missing(topic, receiver) for topic, receiver in record.receivers
    )


def judge(record: Record) -> None:
    """The state of each receiver, from what was seen."""
    for topic, receiver in record.receivers:
        if receiver.state in ("pending", "filtered") or receiver.said is not None:
            continue
        unseen = [each for each in receiver.expected if each not in receiver.seen]
        published = topic.message_id or any(topic.alarms.values())
        if not published:
            receiver.state = "unsent"
        elif receiver.looks and not unseen:
            receiver.state = "seen"
        elif receiver.looks and missing(topic, receiver):
            receiver.state = "missing"
            where = "the queue" if receiver.protocol == "sqs" else "the inbox"
            taken = ", unless somebody took it away first" if receiver.protocol == "sqs" else ""
            receiver.detail = f"not found in {where}{taken}: {', '.join(missing(topic, receiver))}"
        elif receiver.looks and receiver.seen:
            # The alarm did not publish: that is the topic's fault, not the receiver's.
            receiver.state = "seen"
            receiver.detail = f"not all messages came: {', '.join(unseen)}"
    for drilled in record.watches:
        if not drilled.drilled:
            continue
        _judge_realtime(record, drilled)
        for hop in drilled.hops:
            if hop.status == "waiting" and not drilled.report.reads:
                hop.status, hop.detail = "skipped", "nothing was read"


def _judge_realtime(record: Record, drilled: Drilled) -> None:
    hop, sign = drilled.realtime, sign_of(REALTIME, drilled.watch)
    if hop is None or hop.status != "waiting":
        return
    looked = [each.name for _, each in record.receivers if each.looks and sign in each.expected]
    if not drilled.report.reads:
        return
    if looked:
        hop.status, hop.detail = "failed", f"the realtime message did not come to {', '.join(looked)}"
    else:
        hop.status, hop.detail = "skipped", "none of its receivers can be looked at: ask them"
