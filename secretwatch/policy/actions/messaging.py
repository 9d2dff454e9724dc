"""SNS, SQS, EventBridge and its scheduler, Step Functions, Lambda; and who else is handed roles."""

from __future__ import annotations

from collections.abc import Sequence

from secretwatch.policy.actions.table import (
    ANY,
    Ask,
    Parameters,
    Resource,
    Service,
    Where,
    on,
    passing,
    same,
    values,
)

_REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference"

_TOPIC = "arn:{partition}:sns:{region}:{account}:{Name}"


def _subscribed(parameters: Parameters, _where: Where) -> Sequence[str]:
    """The topic of a subscription."""
    return [str(each).rpartition(":")[0] for each in values(parameters, "SubscriptionArn")] or ["*"]


SNS = Service(
    "sns",
    f"{_REFERENCE}/list_amazonsns.html",
    named=(
        ("TopicArn", "{TopicArn}"),
        ("TargetArn", "{TargetArn}"),
        ("ResourceArn", "{ResourceArn}"),
    ),
    operations={
        "CreateTopic": (Ask("CreateTopic", _TOPIC), Ask("TagResource", _TOPIC, when="Tags")),
        "PublishBatch": (Ask("Publish"),),
        # The reference gives these no resource; the messages of refused calls name these (observed).
        **on("ListTopics ListSubscriptions", "arn:{partition}:sns:{region}:{account}:*"),
        **on("GetSubscriptionAttributes SetSubscriptionAttributes Unsubscribe", _subscribed),
    },
    keys={"sns:Protocol": "Protocol", "sns:Endpoint": "Endpoint"},
)


def _queue(parameters: Parameters, where: Where) -> Sequence[str]:
    account, name = where.account, ""
    if url := values(parameters, "QueueUrl"):
        # https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, and LocalStack's forms with the same ending.
        *_, account, name = ("", *str(url[0]).rstrip("/").split("/"))
    elif given := values(parameters, "QueueName"):
        name = str(given[0])
        account = str((values(parameters, "QueueOwnerAWSAccountId") or [account])[0])
    owner = account if account.isdigit() and len(account) == 12 else where.account
    return [f"arn:{where.partition}:sqs:{where.region}:{owner}:{name}"]


SQS = Service(
    "sqs",
    f"{_REFERENCE}/list_amazonsqs.html",
    named=(("QueueUrl", _queue), ("QueueName", _queue), ("SourceArn", "{SourceArn}")),
    operations={
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
        "SendMessageBatch": (Ask("SendMessage", _queue),),
        "DeleteMessageBatch": (Ask("DeleteMessage", _queue),),
        "ChangeMessageVisibilityBatch": (Ask("ChangeMessageVisibility", _queue),),
        "CreateQueue": (Ask("CreateQueue", _queue), Ask("TagQueue", _queue, when="tags")),
        **on("CancelMessageMoveTask", ANY),
        # In the messages of refused calls (observed); the reference gives it no resource.
        **on("ListQueues", "arn:{partition}:sqs:{region}:{account}:"),
    },
)


def _rule(parameter: str) -> Resource:
    def resource(parameters: Parameters, where: Where) -> Sequence[str]:
        name = str((values(parameters, parameter) or ["*"])[0])
        bus = str((values(parameters, "EventBusName") or ["default"])[0])
        start = f"arn:{where.partition}:events:{where.region}:{where.account}:rule/"
        if bus.startswith("arn:"):
            start = ":".join(bus.split(":")[:5]) + ":rule/"
            bus = bus.rpartition("/")[2]
        return [f"{start}{name}" if bus == "default" else f"{start}{bus}/{name}"]

    return resource


def _buses(parameters: Parameters, where: Where) -> Sequence[str]:
    start = f"arn:{where.partition}:events:{where.region}:{where.account}:event-bus/"
    entries = parameters.get("Entries") or [{}]
    names = dict.fromkeys(str(entry.get("EventBusName") or "default") for entry in entries)
    return [name if name.startswith("arn:") else start + name for name in names]


_NAMED_RULE, _RULE = _rule("Name"), _rule("Rule")
_BUS = "arn:{partition}:events:{region}:{account}:event-bus/{Name=default}"


def _of(kind: str, parameter: str = "Name") -> str:
    return "arn:{partition}:events:{region}:{account}:%s/{%s}" % (kind, parameter)  # noqa: UP031


_CONNECTION = _of("connection")
_CONNECTION_SECRET = "arn:{partition}:secretsmanager:{region}:{account}:secret:events!connection/{Name}/*"
_CONNECTION_ROLE = (
    "arn:{partition}:iam::{account}:role/aws-service-role/"
    + "apidestinations.events.amazonaws.com/AWSServiceRoleForAmazonEventBridgeApiDestinations"
)


def _connecting(operation: str, *secrets: str, role: bool = False) -> dict[str, tuple[Ask, ...]]:
    """EventBridge keeps a connection's credentials in a secret, on behalf of whoever makes the call.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html says what is needed
    for connections, and not for which call.
    """
    asks = [
        Ask(operation, _CONNECTION),
        *(Ask(f"secretsmanager:{each}", _CONNECTION_SECRET) for each in secrets),
    ]
    if role:
        service = {"iam:AWSServiceName": "apidestinations.events.amazonaws.com"}
        asks.append(Ask("iam:CreateServiceLinkedRole", _CONNECTION_ROLE, keys=service))
    return {operation: tuple(asks)}


EVENTS = Service(
    "events",
    f"{_REFERENCE}/list_amazoneventbridge.html",
    named=(("ResourceARN", "{ResourceARN}"),),
    operations={
        **on("DeleteRule DescribeRule DisableRule EnableRule", _NAMED_RULE),
        **on("RemoveTargets ListTargetsByRule", _RULE),
        "PutRule": (
            Ask("PutRule", _NAMED_RULE),
            Ask("TagResource", _NAMED_RULE, when="Tags"),
            passing("RoleArn", "events.amazonaws.com"),
        ),
        "PutTargets": (Ask("PutTargets", _RULE), passing("Targets[].RoleArn", "events.amazonaws.com")),
        **on("PutEvents", _buses),
        # In the messages of refused calls (observed); the reference gives them no resource.
        **on("ListRules", "arn:{partition}:events:{region}:{account}:rule/*"),
        **on("ListEventBuses", "arn:{partition}:events:{region}:{account}:event-bus/*"),
        **on("DeleteEventBus DescribeEventBus UpdateEventBus", _BUS),
        "CreateEventBus": (Ask("CreateEventBus", _BUS), Ask("TagResource", _BUS, when="Tags")),
        "CreateArchive": (
            Ask("CreateArchive", _of("archive", "ArchiveName")),
            Ask("CreateArchive", "{EventSourceArn}"),
        ),
        **on("DeleteArchive DescribeArchive UpdateArchive", _of("archive", "ArchiveName")),
        **on("CancelReplay DescribeReplay", _of("replay", "ReplayName")),
        "StartReplay": (
            Ask("StartReplay", _of("replay", "ReplayName")),
            Ask("StartReplay", "{EventSourceArn}"),
            Ask("StartReplay", "{Destination.Arn}"),
        ),
        **on("DeauthorizeConnection DescribeConnection", _CONNECTION),
        **_connecting("CreateConnection", "CreateSecret", "GetSecretValue", "PutSecretValue", role=True),
        **_connecting("UpdateConnection", "GetSecretValue", "PutSecretValue", "UpdateSecret"),
        **_connecting("DeleteConnection", "DeleteSecret"),
        "CreateApiDestination": (
            Ask("CreateApiDestination", _of("api-destination")),
            Ask("CreateApiDestination", "{ConnectionArn}"),
        ),
        **on("DeleteApiDestination DescribeApiDestination UpdateApiDestination", _of("api-destination")),
        **on("CreateEndpoint DeleteEndpoint DescribeEndpoint UpdateEndpoint", _of("endpoint")),
        **on(
            "ActivateEventSource CreatePartnerEventSource DeactivateEventSource DeletePartnerEventSource"
            " DescribeEventSource DescribePartnerEventSource ListPartnerEventSourceAccounts",
            ANY,
        ),
    },
    keys={
        "events:source": "Entries[].Source",
        "events:detail-type": "Entries[].DetailType",
        "events:TargetArn": "Targets[].Arn",
    },
)

_SCHEDULE = "arn:{partition}:scheduler:{region}:{account}:schedule/{GroupName=default}/{Name}"
_GROUP = "arn:{partition}:scheduler:{region}:{account}:schedule-group/{Name}"

SCHEDULER = Service(
    "scheduler",
    f"{_REFERENCE}/list_amazoneventbridgescheduler.html",
    named=(("ResourceArn", "{ResourceArn}"),),
    operations={
        **on("DeleteSchedule GetSchedule", _SCHEDULE),
        **same(
            "CreateSchedule UpdateSchedule",
            Ask("", _SCHEDULE),
            passing("Target.RoleArn", "scheduler.amazonaws.com"),
        ),
        "CreateScheduleGroup": (
            Ask("CreateScheduleGroup", _GROUP),
            Ask("TagResource", _GROUP, when="Tags"),
        ),
        **on("DeleteScheduleGroup GetScheduleGroup", _GROUP),
    },
)


def _state(kind: str, parameter: str) -> str:
    return "arn:{partition}:states:{region}:{account}:%s:{%s}" % (kind, parameter)  # noqa: UP031


STATES = Service(
    "states",
    f"{_REFERENCE}/list_awsstepfunctions.html",
    named=(
        ("stateMachineArn", "{stateMachineArn}"),
        ("stateMachineAliasArn", "{stateMachineAliasArn}"),
        ("stateMachineVersionArn", "{stateMachineVersionArn}"),
        ("executionArn", "{executionArn}"),
        ("mapRunArn", "{mapRunArn}"),
        ("activityArn", "{activityArn}"),
        ("resourceArn", "{resourceArn}"),
    ),
    operations={
        "CreateStateMachine": (
            Ask("CreateStateMachine", _state("stateMachine", "name")),
            Ask("TagResource", _state("stateMachine", "name"), when="tags"),
            passing("roleArn", "states.amazonaws.com"),
        ),
        "UpdateStateMachine": (Ask("UpdateStateMachine"), passing("roleArn", "states.amazonaws.com")),
        "CreateActivity": (
            Ask("CreateActivity", _state("activity", "name")),
            Ask("TagResource", _state("activity", "name"), when="tags"),
        ),
        "TestState": (Ask("TestState", "*"), passing("roleArn", "states.amazonaws.com")),
        "ValidateStateMachineDefinition": (Ask("ValidateStateMachineDefinition", "*"),),
        **on(
            "CreateStateMachineAlias ListActivities ListStateMachines ListExecutions SendTaskFailure"
            " SendTaskHeartbeat SendTaskSuccess ListMapRuns",
            ANY,
        ),
    },
)


def _function(parameters: Parameters, where: Where) -> Sequence[str]:
    """A function by name, by `ACCOUNT:function:NAME` or by ARN, with its version or alias.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    name = str((values(parameters, "FunctionName") or ["*"])[0])
    account = where.account
    if ":function:" in name and not name.startswith("arn:"):
        owner, _, name = name.partition(":function:")
        account = owner or account
    if not name.startswith("arn:"):
        name = f"arn:{where.partition}:lambda:{where.region}:{account}:function:{name}"
    qualifier = values(parameters, "Qualifier")
    return [f"{name}:{qualifier[0]}" if qualifier and name.count(":") == 6 else name]


_LAYER = "arn:{partition}:lambda:{region}:{account}:layer:{LayerName}"
_LAYER_VERSION = _LAYER + ":{VersionNumber}"
_MAPPING = "arn:{partition}:lambda:{region}:{account}:event-source-mapping:{UUID}"

LAMBDA = Service(
    "lambda",
    f"{_REFERENCE}/list_awslambda.html",
    named=(("UUID", _MAPPING), ("FunctionName", _function), ("Resource", "{Resource}")),
    otherwise="*",
    operations={
        **same("Invoke InvokeWithResponseStream", Ask("InvokeFunction", _function)),
        "CreateFunction": (
            Ask("CreateFunction", _function),
            Ask("TagResource", _function, when="Tags"),
            passing("Role", "lambda.amazonaws.com"),
        ),
        "UpdateFunctionConfiguration": (
            Ask("UpdateFunctionConfiguration", _function),
            passing("Role", "lambda.amazonaws.com"),
        ),
        # The function is a condition key of these: lambda:FunctionArn.
        **on("CreateEventSourceMapping ListEventSourceMappings", "*"),
        **on("PublishLayerVersion", _LAYER),
        **on(
            "AddLayerVersionPermission DeleteLayerVersion GetLayerVersion GetLayerVersionPolicy"
            " RemoveLayerVersionPermission",
            _LAYER_VERSION,
        ),
        "GetLayerVersionByArn": (Ask("GetLayerVersion", "{Arn}"),),
        **on("ListLayerVersions", "*"),
        **on(
            "DeleteCodeSigningConfig GetCodeSigningConfig UpdateCodeSigningConfig"
            " PutFunctionCodeSigningConfig ListFunctionsByCodeSigningConfig CreateCapacityProvider"
            " DeleteCapacityProvider GetCapacityProvider UpdateCapacityProvider"
            " ListFunctionVersionsByCapacityProvider CheckpointDurableExecution GetDurableExecution"
            " GetDurableExecutionHistory StopDurableExecution GetDurableExecutionState"
            " SendDurableExecutionCallbackFailure SendDurableExecutionCallbackHeartbeat"
            " SendDurableExecutionCallbackSuccess",
            ANY,
        ),
    },
    keys={"lambda:FunctionArn": "FunctionName", "lambda:Principal": "Principal"},
)

CONFIG = Service(
    "config",
    f"{_REFERENCE}/list_awsconfig.html",
    otherwise=ANY,
    operations={
        "PutConfigurationRecorder": (
            Ask("PutConfigurationRecorder", ANY),
            passing("ConfigurationRecorder.roleARN", "config.amazonaws.com"),
        )
    },
)

FIREHOSE = Service(
    "firehose",
    f"{_REFERENCE}/list_amazonkinesisfirehose.html",
    named=(
        (
            "DeliveryStreamName",
            "arn:{partition}:firehose:{region}:{account}:deliverystream/{DeliveryStreamName}",
        ),
    ),
    operations={
        "CreateDeliveryStream": (
            Ask("CreateDeliveryStream"),
            *(
                passing(f"{kind}DestinationConfiguration.RoleARN", "firehose.amazonaws.com")
                for kind in ("S3", "ExtendedS3", "Redshift", "Elasticsearch", "HttpEndpoint")
            ),
        )
    },
)


def _channels(kind: str, type: str) -> dict[str, tuple[Ask, ...]]:
    """The writes of one kind of chat; type: as in its ARNs."""
    role = passing("IamRoleArn", "chatbot.amazonaws.com")
    made = "arn:{partition}:chatbot::{account}:chat-configuration/" + type + "/{ConfigurationName}"
    create, update = f"Create{kind}ChannelConfiguration", f"Update{kind}ChannelConfiguration"
    return {
        create: (Ask(create, "*"), Ask("TagResource", made, when="Tags"), role),
        update: (Ask(update), role),
    }


CHATBOT = Service(
    "chatbot",
    f"{_REFERENCE}/list_chatbot.html",
    named=(("ChatConfigurationArn", "{ChatConfigurationArn}"), ("ResourceARN", "{ResourceARN}")),
    operations={
        **_channels("MicrosoftTeams", "microsoft-teams-channel"),
        **_channels("Slack", "slack-channel"),
        # The reference gives these no resource.
        **on("DescribeSlackChannelConfigurations ListMicrosoftTeamsChannelConfigurations", "*"),
    },
)
