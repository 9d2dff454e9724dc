"""The entry points by which LocalStack finds the plugin, and how its parts are put together."""

from __future__ import annotations

import json
import logging
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
from secretwatch.localstack.in_flight import InFlight
from secretwatch.localstack.settings import SETTINGS
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

# Longer than any call but one that waits on purpose, as ReceiveMessage does.
_PATIENCE = 10.0


@hooks.on_infra_start(name="secretwatch")
def start() -> None:
    """Take the replaced services over, unless the user chose other providers; record and deliver."""
    from secretwatch.localstack.access import SecretAccess
    from secretwatch.localstack.python311 import backport
    from secretwatch.localstack.recorder import Recorder
    from secretwatch.localstack.secret_pages import SecretPages
    from secretwatch.localstack.strict import StrictRequests
    from secretwatch.localstack.tagging import TagChecks

    backport()
    for service in ("cloudwatch", "events", "logs", "sns"):
        config.SERVICE_PROVIDER_CONFIG.set_provider_if_not_exists(service, "secretwatch")
    handlers.serve_custom_service_request_handlers.append(IN_FLIGHT.enter)
    handlers.run_custom_finalizers.append(IN_FLIGHT.leave)
    handlers.serve_custom_service_request_handlers.append(SecretAccess())
    handlers.serve_custom_service_request_handlers.append(SecretPages())
    handlers.serve_custom_service_request_handlers.append(TagChecks())
    handlers.serve_custom_service_request_handlers.append(StrictRequests())
    handlers.run_custom_response_handlers.append(Recorder(_recorded))
    ROUTER.add("/_secretwatch/inbox", _inbox, methods=["GET"])
    ROUTER.add("/_secretwatch/status", _status, methods=["GET"])
    ROUTER.add("/_secretwatch/confirm", _confirm, methods=["GET"])
    DELIVERY.start()


# Before anything else is stopped: delivery needs S3, CloudWatch Logs and SNS.
@hooks.on_infra_shutdown(name="secretwatch", priority=100)
def stop() -> None:
    """Everything that was accepted is delivered before the process ends."""
    if left := IN_FLIGHT.drain(_PATIENCE):
        LOG.warning("%d requests are still being answered: what they do is not delivered", left)
    DELIVERY.stop()
    EVENT_BRIDGE.stop()


def _recorded(account_id: str, event: Event) -> None:
    TRAILS.record(account_id, event)
    EVENT_BRIDGE.offer(account_id, event)


@aws_provider(api="cloudtrail", name="default")
def cloudtrail() -> Service:
    from secretwatch.localstack.cloudtrail_provider import CloudTrailProvider

    return Service.for_provider(CloudTrailProvider(TRAILS, DELIVERY.flush))


@aws_provider(api="cloudcontrol", name="default")
def cloudcontrol() -> Service:
    from secretwatch.localstack.cloudcontrol_provider import CloudControlProvider

    return Service.for_provider(CloudControlProvider())


@aws_provider(api="organizations", name="default")
def organizations() -> Service:
    from secretwatch.localstack.organizations import OrganizationsProvider, dispatch_table

    return Service.for_provider(OrganizationsProvider(), dispatch_table_factory=dispatch_table)


@aws_provider(api="events", name="secretwatch")
def events() -> Service:
    from secretwatch.localstack.events_provider import RecordingEventsProvider

    return Service.for_provider(RecordingEventsProvider(EVENT_BRIDGE))


@aws_provider(api="logs", name="secretwatch")
def logs() -> Service:
    from localstack.services.moto import MotoFallbackDispatcher

    from secretwatch.localstack.logs_provider import CountingLogsProvider

    return Service.for_provider(CountingLogsProvider(), dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider(api="cloudwatch", name="secretwatch")
def cloudwatch() -> Service:
    from secretwatch.localstack.cloudwatch_provider import AlarmingCloudwatchProvider

    return Service.for_provider(AlarmingCloudwatchProvider())


@aws_provider(api="sns", name="secretwatch")
def sns() -> Service:
    from localstack.services.moto import MotoFallbackDispatcher

    from secretwatch.localstack.mail import MailingSnsProvider

    return Service.for_provider(MailingSnsProvider(), dispatch_table_factory=MotoFallbackDispatcher)


def _json(content: Any) -> Response:
    return Response(json.dumps(content), content_type="application/json")


def _inbox(_request: Request) -> Response:
    from secretwatch.localstack.mail import INBOX

    return _json({"messages": INBOX.messages()})


def _status(_request: Request) -> Response:
    from importlib.metadata import version

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
            "drops": DROPS.entries(),
        }
    )


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
