"""A temporary queue leaves nothing behind, wherever it is interrupted."""

from __future__ import annotations

import os
import signal

import pytest
from fake_cloud import FACTS, TOPIC, Cloud, refused

from secretwatch.pipeline.aws import Aws
from secretwatch.pipeline.post import NoQueue, Post
from secretwatch.pipeline.watch import Watch

# A trail may tell a topic of another account.
NOTIFICATIONS = "arn:aws:sns:us-east-1:999999999999:notifications"
WATCH = Watch.from_outputs({"watch": FACTS})


@pytest.fixture
def post(cloud: Cloud) -> Post:
    return Post(Aws(cloud, "us-east-1"), WATCH, [TOPIC, NOTIFICATIONS, TOPIC], cloud.clock)


def test_a_queue_for_each_topic_which_only_that_topic_may_use(cloud: Cloud, post: Post) -> None:
    post.open()
    assert sorted(queue.topic for queue in cloud.queues.values()) == sorted([TOPIC, NOTIFICATIONS])
    for queue in cloud.queues.values():
        (statement,) = queue.policy["Statement"]
        assert statement["Resource"] == queue.arn
        assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": queue.topic}}
        assert queue.attributes["SqsManagedSseEnabled"] == "true"
        assert queue.raw
    post.remove()
    assert (cloud.queues, post.left) == ({}, [])


def test_messages_are_kept_with_their_topic(cloud: Cloud, post: Post) -> None:
    post.open()
    cloud.publish(TOPIC, "one")
    cloud.publish(NOTIFICATIONS, "two")
    assert [(each.topic_arn, each.text) for each in post.collect(0)] == [
        (TOPIC, "one"),
        (NOTIFICATIONS, "two"),
    ]
    cloud.publish(TOPIC, "three")
    assert [each.text for each in post.collect(0)] == ["one", "two", "three"]


@pytest.mark.parametrize("operation", ["create_queue", "subscribe"])
def test_what_was_begun_before_a_failure_is_removed(cloud: Cloud, post: Post, operation: str) -> None:
    cloud.errors[operation] = refused(operation, "AccessDenied", "not you")
    with pytest.raises(NoQueue, match=f"No temporary queue on {TOPIC}: .* not you"):
        post.open()
    post.remove()
    assert (cloud.queues, cloud.subscribed, post.left) == ({}, {}, [])


@pytest.mark.parametrize("operation", ["create_queue", "subscribe"])
def test_what_was_made_without_an_answer_is_removed(cloud: Cloud, post: Post, operation: str) -> None:
    cloud.after[operation] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        post.open()
    assert cloud.queues
    post.remove()
    assert (cloud.queues, cloud.subscribed, post.left) == ({}, {}, [])


def test_what_is_gone_already_is_no_failure(cloud: Cloud, post: Post) -> None:
    post.open()
    cloud.queues.clear()
    cloud.subscribed.clear()
    post.remove()
    assert post.left == []


def test_what_cannot_be_removed_is_told_as_commands_and_the_rest_is_removed(cloud: Cloud, post: Post) -> None:
    post.open()
    cloud.errors["unsubscribe"] = refused("Unsubscribe", "AuthorizationError", "not you")
    post.remove()
    assert cloud.queues == {}
    assert sorted(post.left) == sorted(
        f"aws sns unsubscribe --region us-east-1 --subscription-arn {arn}" for arn in cloud.subscribed
    )


def test_a_second_ctrl_c_does_not_stop_the_removal(cloud: Cloud, post: Post) -> None:
    post.open()
    cloud.before["unsubscribe"] = lambda: os.kill(os.getpid(), signal.SIGINT)
    before = signal.getsignal(signal.SIGINT)
    post.remove()
    assert (cloud.queues, cloud.subscribed, post.left) == ({}, {}, [])
    assert signal.getsignal(signal.SIGINT) is before


def test_nothing_is_removed_that_was_not_begun(cloud: Cloud, post: Post) -> None:
    post.remove()
    assert cloud.calls == []
