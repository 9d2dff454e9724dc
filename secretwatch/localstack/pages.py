"""The pages below /_secretwatch: the inbox, its links, held delivery, time, status."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from localstack.http import Request, Response
from localstack.services.edge import ROUTER

from secretwatch.localstack.cloudtrail.drops import DROPS
from secretwatch.localstack.cloudtrail.held import CHANNELS
from secretwatch.localstack.gateway.request_log import REQUEST_LOG
from secretwatch.localstack.parts import HOLDS, TRAILS, record
from secretwatch.localstack.settings import SETTINGS
from secretwatch.localstack.ticks import TICKS


def add_pages() -> None:
    """Let LocalStack answer them."""
    ROUTER.add("/_secretwatch/inbox", _inbox, methods=["GET"])
    ROUTER.add("/_secretwatch/status", _status, methods=["GET"])
    # A link in a mail, followed as on AWS: whatever else changes something is a POST.
    ROUTER.add("/_secretwatch/confirm", _confirm, methods=["GET"])
    ROUTER.add("/_secretwatch/unsubscribe", _unsubscribe, methods=["GET"])
    ROUTER.add("/_secretwatch/sign-in", _sign_in, methods=["POST"])
    ROUTER.add("/_secretwatch/hold", _hold, methods=["POST"])
    ROUTER.add("/_secretwatch/release", _release, methods=["POST"])
    ROUTER.add("/_secretwatch/tick", _tick, methods=["POST"])


def _json(content: Any) -> Response:
    return Response(json.dumps(content), content_type="application/json")


def _inbox(_request: Request) -> Response:
    from secretwatch.localstack.sns.mail import INBOX

    return _json({"messages": INBOX.messages()})


def _status(_request: Request) -> Response:
    from importlib.metadata import version

    # Whoever has asked finds the lines of all calls that were answered before.
    REQUEST_LOG.flush()
    return _json(
        {
            "version": version("secretwatch"),
            "settings": {
                "delivery_interval": SETTINGS.delivery_interval,
                "digest_interval": SETTINGS.digest_interval,
                "alarm_tick": SETTINGS.alarm_tick,
            },
            "trails": [
                {
                    "name": trail.name,
                    "arn": trail.arn,
                    "is_logging": trail.is_logging,
                    "events_delivered": trail.events_delivered,
                    "last_delivery": trail.status.get("LatestDeliveryAttemptTime"),
                }
                for trail in TRAILS.all()
            ],
            "held": HOLDS.status(),
            "drops": DROPS.entries(),
        }
    )


def _sign_in(request: Request) -> Response:
    """Puts a sign-in to the console in by hand; answers its event, or a sentence that says why not."""
    from secretwatch.localstack.callers.console import SignInRefused, sign_in_event

    wanted = _body(request)
    if isinstance(wanted, Response):
        return wanted
    try:
        account_id, event = sign_in_event(wanted)
    except SignInRefused as refusal:
        return Response(f"{refusal}\n", 400)
    record(account_id, event)
    return _json(event)


def _hold(request: Request) -> Response:
    """Body: channels. Answer: those that were not held before."""
    wanted = _body(request)
    if isinstance(wanted, Response):
        return wanted
    try:
        return _json({"newly_held": HOLDS.hold(wanted.get("channels") or CHANNELS, datetime.now(UTC))})
    except ValueError as error:
        return Response(f"{error}\n", 400)


def _release(request: Request) -> Response:
    """Body: channels, first, reordered, twice. Answer, when all of it was delivered: calls by channel."""
    wanted = _body(request)
    if isinstance(wanted, Response):
        return wanted
    try:
        released = HOLDS.release(
            wanted.get("channels") or CHANNELS,
            first=wanted.get("first"),
            reordered=bool(wanted.get("reordered")),
            twice=bool(wanted.get("twice")),
        )
    except ValueError as error:
        return Response(f"{error}\n", 400)
    return _json({"released": released})


def _tick(request: Request) -> Response:
    """Body: minutes. Answer, when what was due has happened: by how many seconds its time is ahead."""
    from secretwatch.localstack.cloudwatch.alarm_clock import AlarmClock

    wanted = _body(request)
    if isinstance(wanted, Response):
        return wanted
    ahead = 0
    for _ in range(int(wanted.get("minutes") or 1)):
        if clock := AlarmClock.running:
            clock.tick()
        ahead = TICKS.pass_minute()
    return _json({"ahead_seconds": ahead})


def _body(request: Request) -> Response | dict[str, Any]:
    """What was posted. That its type says so has been looked at (`doors.py`)."""
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else Response("Post JSON, as application/json.\n", 415)


def _confirm(request: Request) -> Response:
    """The page behind the link in a confirmation mail."""
    from localstack.aws.connect import connect_to

    from secretwatch.localstack.sns.mail import INBOX

    topic_arn, token = request.args.get("TopicArn", ""), request.args.get("Token", "")
    if topic_arn.count(":") != 5 or not token:
        return Response("This is not a link from a confirmation mail.\n", 400)
    sns = connect_to(aws_access_key_id=topic_arn.split(":")[4], region_name=topic_arn.split(":")[3]).sns
    try:
        arn = sns.confirm_subscription(TopicArn=topic_arn, Token=token)["SubscriptionArn"]
    except sns.exceptions.ClientError as error:
        return Response(f"The subscription cannot be confirmed: {error}\n", 400)
    INBOX.confirmed(token)
    return Response(f"Subscription confirmed! Your subscription's id is: {arn}\n", 200)


def _unsubscribe(request: Request) -> Response:
    """The page behind the link at the end of a notification."""
    from localstack.aws.api import ServiceException
    from localstack.aws.connect import connect_to

    from secretwatch.localstack.sns.subscriptions import check_unsubscribing, find

    arn = request.args.get("SubscriptionArn", "")
    subscription = find(arn)
    if subscription is None or subscription["Endpoint"] != request.args.get("Endpoint"):
        return Response("This is not a link from a notification.\n", 400)
    try:
        check_unsubscribing(None, arn)
    except ServiceException as error:
        return Response(f"The subscription cannot be removed: {error.message}\n", 403)
    sns = connect_to(aws_access_key_id=arn.split(":")[4], region_name=arn.split(":")[3]).sns
    sns.unsubscribe(SubscriptionArn=arn)
    return Response(f"Subscription removed! Your subscription's id was: {arn}\n", 200)
