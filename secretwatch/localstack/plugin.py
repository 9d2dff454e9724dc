"""The entry points by which LocalStack finds the plugin, and how its parts are put together."""

from __future__ import annotations

import gc
import json
import logging
import os
from datetime import UTC, datetime
from typing import Any

from localstack import config
from localstack.aws import handlers
from localstack.http import Request, Response
from localstack.runtime import hooks
from localstack.services.edge import ROUTER
from localstack.services.plugins import Service, aws_provider

from secretwatch.cloudtrail import Event
from secretwatch.localstack.delivery import Delivery
from secretwatch.localstack.drops import DROPS
from secretwatch.localstack.event_bridge import EventBridge
from secretwatch.localstack.held import CHANNELS, Holds
from secretwatch.localstack.in_flight import InFlight
from secretwatch.localstack.request_log import REQUEST_LOG
from secretwatch.localstack.settings import SETTINGS
from secretwatch.localstack.ticks import TICKS
from secretwatch.localstack.trails import Trails

LOG = logging.getLogger(__name__)


def _organization_of(account_id: str) -> str | None:
    # Not at the start: few have trails of an organization.
    from secretwatch.localstack.organizations import organization_of

    return organization_of(account_id)


TRAILS = Trails(_organization_of)
EVENT_BRIDGE = EventBridge(TRAILS)
DELIVERY = Delivery(TRAILS, SETTINGS.delivery_interval, SETTINGS.digest_interval)
IN_FLIGHT = InFlight()


def _settle() -> None:
    DELIVERY.flush()
    EVENT_BRIDGE.settle()


HOLDS = Holds({"trail": TRAILS.held, "events": EVENT_BRIDGE.held, "history": TRAILS.held_history}, _settle)

# Longer than any call but one that waits on purpose, as ReceiveMessage does.
_PATIENCE = 10.0


@hooks.on_infra_start(name="secretwatch")
def start() -> None:
    """Take the replaced services over, unless the user chose other providers; record and deliver."""
    from localstack.aws.spec import loader

    from secretwatch.localstack.access import Access
    from secretwatch.localstack.asked import Asked
    from secretwatch.localstack.at_home import stay_at_home
    from secretwatch.localstack.doors import Signed
    from secretwatch.localstack.ec2_dry_run import DryRun
    from secretwatch.localstack.event_requests import EventsConstraints
    from secretwatch.localstack.given_keys import remember_keys
    from secretwatch.localstack.log_names import LogNames
    from secretwatch.localstack.managed_policies import read_managed_policies_once
    from secretwatch.localstack.mended import mend
    from secretwatch.localstack.partitions import serve_all_partitions
    from secretwatch.localstack.principals import remember_policy_arns
    from secretwatch.localstack.python311 import backport
    from secretwatch.localstack.recorder import Recorder
    from secretwatch.localstack.request_ids import number_requests
    from secretwatch.localstack.secret_pages import SecretPages
    from secretwatch.localstack.sent import keep_sent
    from secretwatch.localstack.strict import StrictRequests
    from secretwatch.localstack.tagging import TagChecks
    from secretwatch.localstack.unique_ids import give_unique_ids
    from secretwatch.newer_operations import extend

    backport()
    stay_at_home()
    give_unique_ids()
    number_requests()
    read_managed_policies_once()
    serve_all_partitions()
    mend()
    remember_keys()
    # Keys begin with AKIA and ASIA, as on AWS, and not with an L.
    config.PARITY_AWS_ACCESS_KEY_ID = True
    extend(loader.load_service_model("cloudwatch", "service-2"))
    # It logs the texts of messages.
    logging.getLogger("localstack.services.sns.publisher").setLevel(logging.WARNING)
    REQUEST_LOG.take_over(logging.getLogger("localstack.request"))
    if not os.environ.get("LAMBDA_RUNTIME_EXECUTOR"):
        config.LAMBDA_RUNTIME_EXECUTOR = "secretwatch"
    for service in ("cloudwatch", "dynamodb", "ec2", "events", "logs", "s3", "sns", "stepfunctions", "sts"):
        config.SERVICE_PROVIDER_CONFIG.set_provider_if_not_exists(service, "secretwatch")
    handlers.serve_custom_service_request_handlers.append(IN_FLIGHT.enter)
    handlers.run_custom_finalizers.append(IN_FLIGHT.leave)
    log_names = LogNames()
    handlers.serve_custom_service_request_handlers.append(
        Asked(
            # What was sent is kept before all that may change a request.
            always=[keep_sent, Signed(), Access()],
            others=[
                SecretPages(),
                DryRun(),
                log_names,
                EventsConstraints(),
                TagChecks(),
                StrictRequests(),
            ],
            internal=[log_names],
        )
    )
    handlers.run_custom_response_handlers.append(remember_policy_arns)
    handlers.run_custom_response_handlers.append(Recorder(_recorded))
    ROUTER.add("/_secretwatch/inbox", _inbox, methods=["GET"])
    ROUTER.add("/_secretwatch/status", _status, methods=["GET"])
    # A link in a mail, followed as on AWS: whatever else changes something is a POST.
    ROUTER.add("/_secretwatch/confirm", _confirm, methods=["GET"])
    ROUTER.add("/_secretwatch/unsubscribe", _unsubscribe, methods=["GET"])
    ROUTER.add("/_secretwatch/sign-in", _sign_in, methods=["POST"])
    ROUTER.add("/_secretwatch/hold", _hold, methods=["POST"])
    ROUTER.add("/_secretwatch/release", _release, methods=["POST"])
    ROUTER.add("/_secretwatch/tick", _tick, methods=["POST"])
    _collect_less_often()
    DELIVERY.start()


def _collect_less_often() -> None:
    """Python looks for cycles whenever there are 700 new objects, and now and then among all that stay.

    Six calls make so many. What stays is LocalStack, the plugin and the recorded events: to look at it all so
    often takes a good part of the time of a call.
    """
    gc.set_threshold(10_000)


# Before anything else is stopped: delivery needs S3, CloudWatch Logs and SNS.
@hooks.on_infra_shutdown(name="secretwatch", priority=100)
def stop() -> None:
    """Everything that was accepted is delivered before the process ends, but for what is held."""
    if left := IN_FLIGHT.drain(_PATIENCE):
        LOG.warning("%d requests are still being answered: what they do is not delivered", left)
    for channel, count in HOLDS.drop().items():
        LOG.warning("%d calls were held back from the %s until the end, and are dropped", count, channel)
    DELIVERY.stop()
    EVENT_BRIDGE.stop()


def _recorded(account_id: str, event: Event) -> None:
    number = TRAILS.record(account_id, event)
    EVENT_BRIDGE.offer(account_id, event, number)


@aws_provider(api="cloudtrail", name="default")
def cloudtrail() -> Service:
    from secretwatch.localstack.cloudtrail_provider import CloudTrailProvider

    return Service.for_provider(CloudTrailProvider(TRAILS, DELIVERY.flush))


@aws_provider(api="cloudcontrol", name="default")
def cloudcontrol() -> Service:
    from secretwatch.localstack.cloudcontrol_provider import CloudControlProvider

    return Service.for_provider(CloudControlProvider())


@aws_provider(api="chatbot", name="default")
def chatbot() -> Service:
    from secretwatch.localstack.chatbot_provider import ChatbotProvider, dispatch_table

    return Service.for_provider(ChatbotProvider(), dispatch_table_factory=dispatch_table)


@aws_provider(api="organizations", name="default")
def organizations() -> Service:
    from secretwatch.localstack.organizations import OrganizationsProvider, dispatch_table

    return Service.for_provider(OrganizationsProvider(), dispatch_table_factory=dispatch_table)


@aws_provider(api="dynamodb", name="secretwatch")
def dynamodb() -> Service:
    from localstack.services.moto import MotoFallbackDispatcher

    from secretwatch.localstack.dynamodb_provider import DynamoDbProvider

    return Service.for_provider(DynamoDbProvider(), dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider(api="ec2", name="secretwatch")
def ec2() -> Service:
    from localstack.services.moto import MotoFallbackDispatcher

    from secretwatch.localstack.ec2_provider import DefaultKeyEc2Provider

    return Service.for_provider(DefaultKeyEc2Provider(), dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider(api="sts", name="secretwatch")
def sts() -> Service:
    from localstack.services.moto import MotoFallbackDispatcher

    from secretwatch.localstack.sts_provider import SessionStsProvider

    return Service.for_provider(SessionStsProvider(), dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider(api="events", name="secretwatch")
def events() -> Service:
    from secretwatch.localstack.events_provider import RecordingEventsProvider
    from secretwatch.localstack.service_roles import record_with

    record_with(_recorded)
    return Service.for_provider(RecordingEventsProvider(EVENT_BRIDGE))


@aws_provider(api="logs", name="secretwatch")
def logs() -> Service:
    from localstack.services.moto import MotoFallbackDispatcher

    from secretwatch.localstack.logs_provider import CountingLogsProvider

    return Service.for_provider(CountingLogsProvider(), dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider(api="cloudwatch", name="secretwatch")
def cloudwatch() -> Service:
    from secretwatch.localstack.cloudwatch_provider import AlarmingCloudwatchProvider

    return Service.for_provider(AlarmingCloudwatchProvider(EVENT_BRIDGE.announce))


@aws_provider(api="sns", name="secretwatch")
def sns() -> Service:
    from localstack.services.moto import MotoFallbackDispatcher

    from secretwatch.localstack.mail import MailingSnsProvider

    return Service.for_provider(MailingSnsProvider(), dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider(api="s3", name="secretwatch")
def s3() -> Service:
    from localstack.services.s3.provider import S3Provider
    from localstack.services.s3.storage.ephemeral import EphemeralS3ObjectStore

    # LocalStack's own folder is one for all that run on a machine, under a name that everybody knows.
    return Service.for_provider(S3Provider(EphemeralS3ObjectStore(os.path.join(config.dirs.tmp, "s3"))))


@aws_provider(api="stepfunctions", name="secretwatch")
def stepfunctions() -> Service:
    from secretwatch.localstack.service_roles import record_with
    from secretwatch.localstack.states.stubs import standing_in

    with standing_in():
        from secretwatch.localstack.states.provider import StatesProvider

    record_with(_recorded)
    return Service.for_provider(StatesProvider())


def _json(content: Any) -> Response:
    return Response(json.dumps(content), content_type="application/json")


def _inbox(_request: Request) -> Response:
    from secretwatch.localstack.mail import INBOX

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
    from secretwatch.localstack.console import SignInRefused, sign_in_event

    wanted = _body(request)
    if isinstance(wanted, Response):
        return wanted
    try:
        account_id, event = sign_in_event(wanted)
    except SignInRefused as refusal:
        return Response(f"{refusal}\n", 400)
    _recorded(account_id, event)
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
    from secretwatch.localstack.alarm_clock import AlarmClock

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

    from secretwatch.localstack.mail import INBOX

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

    from secretwatch.localstack.sns_subscriptions import check_unsubscribing, find

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
