"""The entry points by which LocalStack finds the plugin: its start and end, and a provider a service."""

from __future__ import annotations

import gc
import logging
import os
from typing import Any

from localstack import config
from localstack.aws import handlers
from localstack.runtime import hooks
from localstack.services.plugins import Service, aws_provider

from secretwatch.localstack.gateway.in_flight import InFlight
from secretwatch.localstack.gateway.request_log import REQUEST_LOG
from secretwatch.localstack.pages import add_pages
from secretwatch.localstack.parts import DELIVERY, EVENT_BRIDGE, HOLDS, TRAILS, record

LOG = logging.getLogger(__name__)


IN_FLIGHT = InFlight()


# Longer than any call but one that waits on purpose, as ReceiveMessage does.
_PATIENCE = 10.0


@hooks.on_infra_start(name="secretwatch")
def start() -> None:
    """Take the replaced services over, unless the user chose other providers; record and deliver."""
    from localstack.aws.spec import loader

    from secretwatch.localstack.access.decide import Access
    from secretwatch.localstack.access.principals import remember_policy_arns
    from secretwatch.localstack.cloudtrail.recorder import Recorder
    from secretwatch.localstack.ec2.dry_run import DryRun
    from secretwatch.localstack.engine.at_home import stay_at_home
    from secretwatch.localstack.engine.mended import mend
    from secretwatch.localstack.engine.partitions import serve_all_partitions
    from secretwatch.localstack.engine.python311 import backport
    from secretwatch.localstack.events.requests import EventsConstraints
    from secretwatch.localstack.gateway.asked import Asked
    from secretwatch.localstack.gateway.doors import Signed
    from secretwatch.localstack.gateway.request_ids import number_requests
    from secretwatch.localstack.gateway.sent import keep_sent
    from secretwatch.localstack.gateway.tagging import TagChecks
    from secretwatch.localstack.iam.managed_policies import read_managed_policies_once
    from secretwatch.localstack.iam.unique_ids import give_unique_ids
    from secretwatch.localstack.logs.names import LogNames
    from secretwatch.localstack.secretsmanager.pages import SecretPages
    from secretwatch.localstack.strict import StrictRequests
    from secretwatch.localstack.sts.given_keys import remember_keys
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
    handlers.run_custom_response_handlers.append(Recorder(record))
    add_pages()
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


def _or_moto(provider: Any) -> Service:
    """A service whose other operations are moto's."""
    from localstack.services.moto import MotoFallbackDispatcher

    return Service.for_provider(provider, dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider(api="cloudtrail", name="default")
def cloudtrail() -> Service:
    from secretwatch.localstack.cloudtrail.provider import CloudTrailProvider

    return Service.for_provider(CloudTrailProvider(TRAILS, DELIVERY.flush))


@aws_provider(api="cloudcontrol", name="default")
def cloudcontrol() -> Service:
    from secretwatch.localstack.cloudcontrol import CloudControlProvider

    return Service.for_provider(CloudControlProvider())


@aws_provider(api="chatbot", name="default")
def chatbot() -> Service:
    from secretwatch.localstack.chatbot.provider import ChatbotProvider, dispatch_table

    return Service.for_provider(ChatbotProvider(), dispatch_table_factory=dispatch_table)


@aws_provider(api="organizations", name="default")
def organizations() -> Service:
    from secretwatch.localstack.organizations.provider import OrganizationsProvider, dispatch_table

    return Service.for_provider(OrganizationsProvider(), dispatch_table_factory=dispatch_table)


@aws_provider(api="dynamodb", name="secretwatch")
def dynamodb() -> Service:
    from secretwatch.localstack.dynamodb import DynamoDbProvider

    return _or_moto(DynamoDbProvider())


@aws_provider(api="ec2", name="secretwatch")
def ec2() -> Service:
    from secretwatch.localstack.ec2.provider import DefaultKeyEc2Provider

    return _or_moto(DefaultKeyEc2Provider())


@aws_provider(api="sts", name="secretwatch")
def sts() -> Service:
    from secretwatch.localstack.sts.provider import SessionStsProvider

    return _or_moto(SessionStsProvider())


@aws_provider(api="events", name="secretwatch")
def events() -> Service:
    from secretwatch.localstack.events.provider import RecordingEventsProvider
    from secretwatch.localstack.sts.service_roles import record_with

    record_with(record)
    return Service.for_provider(RecordingEventsProvider(EVENT_BRIDGE))


@aws_provider(api="logs", name="secretwatch")
def logs() -> Service:
    from secretwatch.localstack.logs.provider import CountingLogsProvider

    return _or_moto(CountingLogsProvider())


@aws_provider(api="cloudwatch", name="secretwatch")
def cloudwatch() -> Service:
    from secretwatch.localstack.cloudwatch.provider import AlarmingCloudwatchProvider

    return Service.for_provider(AlarmingCloudwatchProvider(EVENT_BRIDGE.announce))


@aws_provider(api="sns", name="secretwatch")
def sns() -> Service:
    from secretwatch.localstack.sns.mail import MailingSnsProvider

    return _or_moto(MailingSnsProvider())


@aws_provider(api="s3", name="secretwatch")
def s3() -> Service:
    from localstack.services.s3.provider import S3Provider
    from localstack.services.s3.storage.ephemeral import EphemeralS3ObjectStore

    # LocalStack's own folder is one for all that run on a machine, under a name that everybody knows.
    return Service.for_provider(S3Provider(EphemeralS3ObjectStore(os.path.join(config.dirs.tmp, "s3"))))


@aws_provider(api="stepfunctions", name="secretwatch")
def stepfunctions() -> Service:
    from secretwatch.localstack.states.stubs import standing_in
    from secretwatch.localstack.sts.service_roles import record_with

    with standing_in():
        from secretwatch.localstack.states.provider import StatesProvider

    record_with(record)
    return Service.for_provider(StatesProvider())
