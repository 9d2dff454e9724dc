"""What can silence a watch: every write call of the services that an instance is made of, judged.

Long because it is one table: a row a call, and what belongs together stands together.

Theory
------
An instance is a chain of parts. A read becomes an event; the trail takes it, and carries it into a bucket
and, with a role, into a log group; filters count it; an alarm tells a topic; the topic's key lets the
alarm in; the topic's subscriptions tell people. Beside it stands a rule of EventBridge, which tells a
topic directly. Whoever wants to read unseen breaks one part first. So each part is a place to attack, and
each write call of the service that holds the part is a way to do it. A row says of a part and of calls
what comes of them:

    silences   some read, or some change to the instance, is told to nobody from then on
    degrades   everything is told, and less of it, later, to more people, or with less evidence
    harmless   neither

A row that silences says how its calls name the part (``requests``, as CloudTrail writes
``requestParameters``, with ``{trail}`` and the like for what is this instance's), and which of the two
ways hears of it: ``fast``, the rules of modules/fast-self-watch (seconds), and ``slow``, the filters and
the alarm of modules/self-watch (minutes, like a read). Tests hold the HCL to these two columns, event by
event, and ask of the list of all write actions (scripts/actions.txt) that each has a row. A call that is in
no trail of management events has neither: those are judged by what else tells of them.

Calls that name a part are heard whatever they are called, so that an action that AWS adds next year is
heard by the way that is fast; the rows are for people, and to know which of them have to be.

Where it is ugly
----------------
- An event arrives after its effect. Who deletes the alarm is not told of by the alarm. That is not said
  by a row, which is about one call: `model` puts rows together.
- Some calls name no instance (an account's policies, an organisation's): those of this account and region
  ring, whatever they were meant for. So does, in the slow way, a mute rule for a neighbour whose name
  begins as this instance's.
- CloudTrail omits parameters that are too large, and with them the name of the part. A policy may be padded
  with blanks for just that. So each write whose parameters were omitted rings, in every service that holds a
  part, whatever it was about.
- Policies of an organisation are made in its management account, and recorded there. An instance
  elsewhere hears nothing of them but that its heartbeat stops.
- An e-mail's unsubscribe link leaves no event. The subscription is gone, and only a drill or the doctor
  shows it.
- Where AWS does not say whether a call silences, the row says silences.

Names of calls and parameters are those of events (`cloudtrail.names`), sources are AWS's API references
of each service, and
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = ["ROWS", "Row", "Verdict"]

Requests = tuple[Mapping[str, Any], ...]


class Verdict(Enum):
    SILENCES = "silences"
    DEGRADES = "degrades"
    HARMLESS = "harmless"


@dataclass(frozen=True)
class Row:
    """Calls that do the same to a part."""

    verdict: Verdict
    part: str
    """What of an instance; empty where it is none of them."""
    service: str
    """``logs`` for logs.amazonaws.com."""
    actions: tuple[str, ...]
    """Names in events."""
    why: str
    """What comes of them, or why nothing does: one sentence."""
    requests: Requests = ()
    """How they name the part: each of these is a complete ``requestParameters`` as far as it matters."""
    fast: bool = False
    slow: bool = False

    @property
    def event_source(self) -> str:
        return f"{self.service}.amazonaws.com"


def _named(field: str, *forms: str, **more: Any) -> Requests:
    return tuple({field: form, **more} for form in forms)


# Parts by the ways in which calls name them.
_TRAIL = _named("name", "{trail}", "{trail_arn}")
_SELECTORS = tuple(
    {**trail, **selectors}
    for trail in _named("trailName", "{trail}", "{trail_arn}")
    for selectors in (
        {"eventSelectors": [{"readWriteType": "WriteOnly", "includeManagementEvents": True}]},
        {"eventSelectors": [{"readWriteType": "All", "includeManagementEvents": False}]},
        {
            "eventSelectors": [
                {
                    "readWriteType": "All",
                    "includeManagementEvents": True,
                    "excludeManagementEventSources": ["secretsmanager.amazonaws.com"],
                }
            ]
        },
        {
            "advancedEventSelectors": [
                {"name": "x", "fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]}]}
            ]
        },
    )
)
_TRAIL_NAME = _named("trailName", "{trail}", "{trail_arn}")
_GROUP = _named("logGroupName", "{log_group}")
_GROUP_OR_RESOURCE = _GROUP + _named("resourceIdentifier", "{log_group_arn}", "{log_group_arn}:*")
_GROUP_ID = _named("logGroupIdentifier", "{log_group}", "{log_group_arn}", "{log_group_arn}:*")
_GROUP_ARN = _named("resourceArn", "{log_group_arn}", "{log_group_arn}:*")
_FILTER = _named("filterName", "{filter}", logGroupName="{log_group}")
_ALARM = _named("alarmName", "{alarm}")
_ALARMS = ({"alarmNames": ["{alarm}"]}, {"alarmNames": ["somebody-elses", "{alarm}"]})
_MUTED = (
    {"name": "quiet", "muteTargets": {"alarmNames": ["{alarm}"]}},
    {"name": "quiet", "muteTargets": {"alarmNames": ["somebody-elses", "{alarm}"]}},
)
_TOPIC = _named("topicArn", "{topic_arn}")
_TOPIC_RESOURCE = _named("resourceArn", "{topic_arn}")
_SUBSCRIPTION = _named("subscriptionArn", "{topic_arn}:0f3c8a5e-1b2d-4c6f-9a7b-5d4e3f2a1b0c")
_RULE = _named("name", "{rule}") + _named("name", "{rule}", eventBusName="default")
_TARGETS = _named("rule", "{rule}") + _named("rule", "{rule}", eventBusName="default")
_BUS = ({"eventBusName": "default"}, {"policy": "{}"}, {"eventBusName": "{bus_arn}"})
_BUCKET = _named("bucketName", "{bucket}")
_KEY = _named("keyId", "{key_id}", "{key_arn}")
_ROLE = _named("roleName", "{role}")
_ANY: Requests = ({},)
_REGION = _named("regionName", "{region}")
_MACHINE = _named("stateMachineArn", "{state_machine_arn}")
_DETAILS = _named("stateMachineArn", "{details_arn}")
_HEARTBEAT = _named("secretId", "{heartbeat}", "{heartbeat_arn}")


def _rows(verdict: Verdict, fast: bool, slow: bool) -> Any:
    def row(part: str, service: str, actions: str, why: str, requests: Requests = ()) -> Row:
        return Row(verdict, part, service, tuple(actions.split()), why, requests, fast, slow)

    return row


_silences = _rows(Verdict.SILENCES, fast=True, slow=True)
_silences_fast = _rows(Verdict.SILENCES, fast=True, slow=False)
_silences_heartbeat = _rows(Verdict.SILENCES, fast=False, slow=False)
_degrades = _rows(Verdict.DEGRADES, fast=False, slow=False)
_degrades_fast = _rows(Verdict.DEGRADES, fast=True, slow=False)
_degrades_heard = _rows(Verdict.DEGRADES, fast=True, slow=True)
_harmless = _rows(Verdict.HARMLESS, fast=False, slow=False)

_OTHERS = "Makes, changes or removes something that no part of an instance needs."
_NEW = "Makes something new, and leaves alone what is there."
_UNDOES = "Undoes what silences."
_DATA = "A data event: in no trail of management events."
_LAKE = "CloudTrail Lake has its own stores of events: the trail goes on."

ROWS: tuple[Row, ...] = (
    # --- The trail -----------------------------------------------------------------------------------------
    _silences(
        "trail",
        "cloudtrail",
        "StopLogging",
        "Nothing is recorded from then on, and EventBridge gets no calls.",
        _TRAIL,
    ),
    _silences(
        "trail",
        "cloudtrail",
        "DeleteTrail",
        "Nothing is recorded from then on. AWS does not say whether this very call still is: if not, the "
        "alarm on blindness tells after an hour, and the heartbeat's after its period.",
        _TRAIL,
    ),
    _silences(
        "trail",
        "cloudtrail",
        "UpdateTrail",
        "Takes the log group, other regions or other accounts away from the trail.",
        _TRAIL,
    ),
    _silences(
        "selectors",
        "cloudtrail",
        "PutEventSelectors",
        "Reads are not recorded any more.",
        _SELECTORS,
    ),
    _degrades_fast(
        "selectors",
        "cloudtrail",
        "PutEventConfiguration",
        "Events may grow past 256 KB, and then reach neither the log group nor EventBridge; a "
        "read's event is far below.",
        _TRAIL_NAME,
    ),
    _harmless(
        "selectors",
        "cloudtrail",
        "PutInsightSelectors",
        "Insights are events beside the management events, which go on.",
    ),
    _degrades_fast(
        "trail",
        "cloudtrail",
        "AddTags RemoveTags",
        "If access depends on tags: changes who may change the trail.",
        _named("resourceId", "{trail_arn}"),
    ),
    _harmless(
        "trail",
        "cloudtrail",
        "StartLogging",
        _UNDOES,
    ),
    _harmless(
        "trail",
        "cloudtrail",
        "CreateTrail",
        "A trail of this name is there, so AWS refuses another.",
    ),
    _harmless(
        "trail",
        "cloudtrail",
        "RegisterOrganizationDelegatedAdmin DeregisterOrganizationDelegatedAdmin",
        "An organisation's trail belongs to the management account and goes on.",
    ),
    _harmless(
        "",
        "cloudtrail",
        "CreateEventDataStore DeleteEventDataStore RestoreEventDataStore UpdateEventDataStore "
        "StartEventDataStoreIngestion StopEventDataStoreIngestion CreateChannel DeleteChannel "
        "UpdateChannel CreateDashboard DeleteDashboard UpdateDashboard StartDashboardRefresh "
        "PutResourcePolicy DeleteResourcePolicy EnableFederation DisableFederation StartImport "
        "StopImport StartQuery CancelQuery GenerateQuery",
        _LAKE,
    ),
    # --- The log group -------------------------------------------------------------------------------------
    _silences(
        "log group",
        "logs",
        "DeleteLogGroup",
        "The filters are gone with it, and nothing more arrives.",
        _GROUP,
    ),
    _silences(
        "log group",
        "logs",
        "AssociateKmsKey",
        "With a key that CloudWatch Logs may not use, nothing more is taken in.",
        _GROUP_OR_RESOURCE,
    ),
    _degrades_heard(
        "log group",
        "logs",
        "DisassociateKmsKey",
        "New events are no longer encrypted with the instance's key.",
        _GROUP_OR_RESOURCE,
    ),
    _silences(
        "data protection",
        "logs",
        "PutDataProtectionPolicy",
        "Metric filters see only the masked text: a pattern finds no name, or no reader, any more.",
        _GROUP_ID,
    ),
    _silences(
        "data protection",
        "logs",
        "PutAccountPolicy",
        "As a policy of the log group, for all of the account's; it names none.",
        _ANY,
    ),
    _harmless(
        "data protection",
        "logs",
        "DeleteDataProtectionPolicy DeleteAccountPolicy",
        _UNDOES,
    ),
    _degrades_heard(
        "log group",
        "logs",
        "PutRetentionPolicy DeleteRetentionPolicy DeleteLogStream",
        "Counted events can be searched for a shorter time, or no longer; the bucket has them.",
        _GROUP,
    ),
    _degrades_heard(
        "log group",
        "logs",
        "PutSubscriptionFilter",
        "Every event goes to somebody else as well.",
        _GROUP,
    ),
    _degrades_fast(
        "log group",
        "logs",
        "DeleteSubscriptionFilter CreateExportTask",
        "Adds another receiver of the events; the alarms go on.",
        _GROUP,
    ),
    _degrades_fast(
        "log group",
        "logs",
        "PutTransformer PutLogGroupDeletionProtection PutBearerTokenAuthentication "
        "PutSyslogConfiguration DeleteSyslogConfiguration",
        "How the group stores events, who may write into it or delete it; a metric filter reads "
        "the event as it came, unless it asks for the transformed one.",
        _GROUP_ID,
    ),
    _degrades_fast(
        "log group",
        "logs",
        "TagLogGroup UntagLogGroup",
        "If access depends on tags: changes who may change the log group.",
        _GROUP,
    ),
    _degrades_fast(
        "log group",
        "logs",
        "TagResource UntagResource",
        "If access depends on tags: changes who may change the log group.",
        _GROUP_ARN,
    ),
    _degrades(
        "log group",
        "logs",
        "PutLogEvents",
        "A data event. Forged events raise false alarms and hide no read; of a trail that is dead already "
        "they hide the silence (`guardrails`).",
    ),
    _harmless(
        "log group",
        "logs",
        "CreateLogStream",
        "CloudTrail makes its stream by this call.",
    ),
    _harmless(
        "log group",
        "logs",
        "PutResourcePolicy DeleteResourcePolicy",
        "Such a policy is for calls of AWS's services; the trail writes with its role.",
    ),
    _harmless(
        "log group",
        "logs",
        "CreateLogGroup",
        "A log group of this name is there, so AWS refuses another.",
    ),
    _harmless(
        "log group",
        "logs",
        "DeleteTransformer PutIndexPolicy DeleteIndexPolicy PutStorageTierPolicy",
        "How stored events are found and kept, not what a metric filter sees.",
    ),
    _harmless(
        "",
        "logs",
        "AssociateSourceToS3TableIntegration DisassociateSourceFromS3TableIntegration "
        "CancelExportTask CancelImportTask CreateDelivery CreateImportTask "
        "CreateLogAnomalyDetector CreateLookupTable CreateScheduledQuery DeleteDelivery "
        "DeleteDeliveryDestination DeleteDeliveryDestinationPolicy DeleteDeliverySource "
        "DeleteDestination DeleteIntegration DeleteLogAnomalyDetector DeleteLookupTable "
        "DeleteQueryDefinition DeleteScheduledQuery PutDeliveryDestination "
        "PutDeliveryDestinationPolicy PutDeliverySource PutDestination PutDestinationPolicy "
        "PutIntegration PutQueryDefinition StartLiveTail UpdateAnomaly "
        "UpdateDeliveryConfiguration UpdateLogAnomalyDetector UpdateLookupTable "
        "UpdateScheduledQuery",
        _OTHERS,
    ),
    _silences(
        "log group",
        "observabilityadmin",
        "CreateTelemetryPipeline UpdateTelemetryPipeline",
        "A pipeline can drop or rewrite events on their way into their log group; it names kinds "
        "of logs, not groups.",
        _ANY,
    ),
    _harmless(
        "",
        "observabilityadmin",
        "DeleteTelemetryPipeline",
        _UNDOES,
    ),
    _harmless(
        "",
        "observabilityadmin",
        "CreateCentralizationRuleForOrganization CreateConnector CreateDatasetIntegration "
        "CreateS3TableIntegration CreateTelemetryRule CreateTelemetryRuleForOrganization "
        "DeleteCentralizationRuleForOrganization DeleteConnector DeleteDatasetIntegration "
        "DeleteS3TableIntegration DeleteTelemetryRule DeleteTelemetryRuleForOrganization "
        "PutConnectorTelemetryManifest StartTelemetryEnrichment StartTelemetryEvaluation "
        "StartTelemetryEvaluationForOrganization StartTelemetryPipelineRefresh "
        "StartThirdPartyTelemetryEnrichment StopTelemetryEnrichment StopTelemetryEvaluation "
        "StopTelemetryEvaluationForOrganization StopThirdPartyTelemetryEnrichment TagResource "
        "UntagResource UpdateCentralizationRuleForOrganization UpdateDatasetIntegration "
        "UpdateTelemetryRule UpdateTelemetryRuleForOrganization",
        "Turns other telemetry on and off, or copies logs: the group gets its events.",
    ),
    # --- Filters and alarms --------------------------------------------------------------------------------
    _silences(
        "filters",
        "logs",
        "DeleteMetricFilter",
        "Nothing is counted any more.",
        _FILTER,
    ),
    _silences(
        "filters",
        "logs",
        "PutMetricFilter",
        "Replaces the filter of that name: another pattern, metric or value.",
        _FILTER,
    ),
    _silences(
        "alarms",
        "monitoring",
        "DeleteAlarms",
        "Reads are counted, but no alarm rings.",
        _ALARMS,
    ),
    _silences(
        "alarms",
        "monitoring",
        "DisableAlarmActions",
        "The alarm changes its state and tells nobody.",
        _ALARMS,
    ),
    _silences(
        "alarms",
        "monitoring",
        "PutMetricAlarm PutCompositeAlarm PutLogAlarm",
        "Replaces the alarm of that name: another threshold, metric or action.",
        _ALARM,
    ),
    _silences(
        "alarms",
        "monitoring",
        "SetAlarmState",
        "After a call that sets it to ALARM, a read changes no state, so no message is sent.",
        _ALARM,
    ),
    _silences(
        "mute rules",
        "monitoring",
        "PutAlarmMuteRule",
        "The alarm changes its state and tells nobody while the rule's window is open.",
        _MUTED,
    ),
    _harmless(
        "alarms",
        "monitoring",
        "EnableAlarmActions DeleteAlarmMuteRule",
        _UNDOES,
    ),
    _silences(
        "metrics",
        "monitoring",
        "AssociateDatasetKmsKey",
        "With a key that is taken away later, metrics cannot be read, by alarms neither; it is "
        "the account's in the region.",
        _ANY,
    ),
    _harmless(
        "metrics",
        "monitoring",
        "DisassociateDatasetKmsKey",
        _UNDOES,
    ),
    _degrades(
        "metrics",
        "monitoring",
        "PutMetricData",
        "A data event. No value lowers a maximum or a count; a flood keeps the alarm in ALARM, "
        "which an alarm of its own tells.",
    ),
    _degrades(
        "alarms",
        "monitoring",
        "TagResource UntagResource",
        "If access depends on tags: changes who may change the alarm.",
        _named("resourceARN", "{alarm_arn}"),
    ),
    _harmless(
        "",
        "monitoring",
        "CreateResourceMetricsConfiguration DeleteAnomalyDetector DeleteDashboards "
        "DeleteInsightRules DeleteMetricDataQueryDefinition DeleteMetricStream "
        "DeleteResourceMetricsConfiguration DisableInsightRules EnableInsightRules "
        "PutAnomalyDetector PutDashboard PutInsightRule PutManagedInsightRules "
        "PutMetricDataQueryDefinition PutMetricStream StartMetricStreams StartOTelEnrichment "
        "StopMetricStreams StopOTelEnrichment UpdateOTelEnrichment "
        "UpdateResourceMetricsConfiguration",
        _OTHERS,
    ),
    # --- Topics and subscriptions --------------------------------------------------------------------------
    _silences(
        "topics",
        "sns",
        "DeleteTopic",
        "Alarms and rules tell nobody.",
        _TOPIC,
    ),
    _silences(
        "topics",
        "sns",
        "SetTopicAttributes",
        "A policy or a key that keeps the alarms out.",
        _TOPIC,
    ),
    _silences(
        "topics",
        "sns",
        "RemovePermission",
        "The policy no longer lets the alarms in.",
        _TOPIC,
    ),
    _degrades_heard(
        "topics",
        "sns",
        "AddPermission",
        "Somebody else may publish to the topic, or subscribe.",
        _TOPIC,
    ),
    _silences(
        "topics",
        "sns",
        "PutDataProtectionPolicy",
        "Messages that hold an address or a name are refused or masked.",
        _TOPIC_RESOURCE,
    ),
    _silences(
        "subscriptions",
        "sns",
        "Unsubscribe",
        "That person is told nothing any more.",
        _SUBSCRIPTION,
    ),
    _silences(
        "subscriptions",
        "sns",
        "SetSubscriptionAttributes",
        "A filter policy that no message passes.",
        _SUBSCRIPTION,
    ),
    _degrades_fast(
        "subscriptions",
        "sns",
        "Subscribe ConfirmSubscription",
        "Somebody else is told as well.",
        _TOPIC,
    ),
    _degrades_fast(
        "topics",
        "sns",
        "TagResource UntagResource",
        "If access depends on tags: changes who may change the topic.",
        _TOPIC_RESOURCE,
    ),
    _degrades(
        "topics",
        "sns",
        "Publish PublishBatch",
        "A data event. False messages, and enough of them slow down e-mails; none is lost.",
    ),
    _degrades(
        "subscriptions",
        "sns",
        "SetSMSAttributes",
        "A spending limit that ends text messages of a given topic; e-mails go on.",
    ),
    _harmless(
        "topics",
        "sns",
        "CreateTopic",
        "A topic of this name is there, and is not changed.",
    ),
    _harmless(
        "",
        "sns",
        "CreatePlatformApplication CreatePlatformEndpoint CreateSMSSandboxPhoneNumber "
        "DeleteEndpoint DeletePlatformApplication DeleteSMSSandboxPhoneNumber OptInPhoneNumber "
        "SetEndpointAttributes SetPlatformApplicationAttributes VerifySMSSandboxPhoneNumber",
        _OTHERS,
    ),
    # --- Rules of EventBridge ------------------------------------------------------------------------------
    _silences(
        "rules",
        "events",
        "PutRule",
        "Replaces the rule of that name: another pattern or state.",
        _RULE,
    ),
    _silences(
        "rules",
        "events",
        "DeleteRule DisableRule",
        "EventBridge tells nothing.",
        _RULE,
    ),
    _silences(
        "rules",
        "events",
        "EnableRule",
        "Enables the rule without read-only calls, which are then not told.",
        _RULE,
    ),
    _silences(
        "targets",
        "events",
        "PutTargets RemoveTargets",
        "The rule matches and tells nobody, or somebody else.",
        _TARGETS,
    ),
    _silences(
        "bus",
        "events",
        "PutPermission",
        "A policy that denies keeps events of other regions out of the bus.",
        _BUS,
    ),
    _silences(
        "bus",
        "events",
        "UpdateEventBus",
        "With a key that is taken away later, EventBridge cannot read its rules and targets.",
        _named("name", "default", "{bus_arn}"),
    ),
    _degrades(
        "rules",
        "events",
        "TagResource UntagResource",
        "If access depends on tags: changes who may change the rule.",
        _named("resourceARN", "{rule_arn}"),
    ),
    _harmless(
        "bus",
        "events",
        "RemovePermission",
        "Rules and regions of the account itself need no permission on its bus.",
    ),
    _harmless(
        "bus",
        "events",
        "CreateEventBus DeleteEventBus",
        "The default bus cannot be deleted, and another bus is nothing to it.",
    ),
    _harmless(
        "rules",
        "events",
        "StartReplay CancelReplay",
        "Old events are told once more.",
    ),
    _harmless(
        "",
        "events",
        "PutEvents PutPartnerEvents PutRawEvents",
        "Nobody but AWS can send an event whose source begins with aws.",
    ),
    _harmless(
        "",
        "events",
        "ActivateEventSource DeactivateEventSource CreatePartnerEventSource "
        "DeletePartnerEventSource CreateApiDestination DeleteApiDestination UpdateApiDestination "
        "CreateArchive DeleteArchive UpdateArchive CreateEndpoint DeleteEndpoint UpdateEndpoint",
        _OTHERS,
    ),
    _harmless(
        "",
        "events",
        "CreateEventSource CreateSubscriber DeleteEventSource DeleteResourcePolicy "
        "DeleteSubscriber PutResourcePolicy RevokeResource RotateWebhookCredentials "
        "UpdateEventSource UpdateSubscriber",
        "EventBridge's second edition has buses and subscribers of its own.",
    ),
    _degrades(
        "queue",
        "sqs",
        "DeleteQueue SetQueueAttributes RemovePermission AddPermission PurgeQueue TagQueue "
        "UntagQueue StartMessageMoveTask",
        "Messages that the fast path could not deliver are not kept; the rules' alarm still counts them.",
        _named("queueUrl", "{queue_url}"),
    ),
    _harmless(
        "queue",
        "sqs",
        "CreateQueue CancelMessageMoveTask ChangeMessageVisibility ChangeMessageVisibilityBatch "
        "DeleteMessage DeleteMessageBatch ReceiveMessage SendMessage SendMessageBatch",
        "An alarm has already told of the messages in the queue.",
    ),
    # --- The bucket ----------------------------------------------------------------------------------------
    _silences(
        "bucket",
        "s3",
        "DeleteBucket PutBucketPolicy DeleteBucketPolicy PutBucketEncryption",
        "Log files no longer arrive: no evidence, no digests. Whether a trail then goes on to the "
        "log group, AWS does not say.",
        _BUCKET,
    ),
    _degrades_heard(
        "bucket",
        "s3",
        "PutBucketAcl PutBucketLifecycle PutBucketVersioning PutBucketPublicAccessBlock "
        "DeleteBucketPublicAccessBlock PutBucketObjectLockConfiguration PutBucketReplication "
        "DeleteBucketReplication PutBucketLogging PutBucketOwnershipControls "
        "DeleteBucketOwnershipControls DeleteBucketEncryption PutBucketNotification "
        "PutBucketTagging DeleteBucketTagging PutBucketRequestPayment",
        "Changes how long evidence is kept, who may read it, or who gets messages about it.",
        _BUCKET,
    ),
    _degrades_heard(
        "bucket",
        "s3",
        "DeleteBucketLifecycle PutBucketAbac PutBucketWebsite DeleteBucketWebsite PutBucketCors "
        "DeleteBucketCors PutBucketAnalyticsConfiguration DeleteBucketAnalyticsConfiguration "
        "PutBucketIntelligentTieringConfiguration DeleteBucketIntelligentTieringConfiguration "
        "PutBucketInventoryConfiguration DeleteBucketInventoryConfiguration "
        "PutBucketMetricsConfiguration DeleteBucketMetricsConfiguration",
        "Settings of the bucket that evidence does not hang on; who changes them has no business there.",
        _BUCKET,
    ),
    _degrades_fast(
        "bucket",
        "s3",
        "PutAccelerateConfiguration CreateBucketMetadataConfiguration "
        "CreateBucketMetadataTableConfiguration UpdateBucketMetadataAnnotationTableConfiguration "
        "UpdateBucketMetadataInventoryTableConfiguration "
        "UpdateBucketMetadataJournalTableConfiguration",
        "As above.",
        _BUCKET,
    ),
    _degrades_heard(
        "bucket",
        "s3",
        "DeleteBucketMetadataConfiguration DeleteBucketMetadataTableConfiguration",
        "As above.",
        _BUCKET,
    ),
    _degrades(
        "bucket",
        "s3",
        "AbortMultipartUpload CompleteMultipartUpload CopyObject CreateMultipartUpload "
        "DeleteObject DeleteObjectAnnotation DeleteObjectTagging DeleteObjects PutObject "
        "PutObjectAcl PutObjectAnnotation PutObjectLegalHold PutObjectRetention PutObjectTagging "
        "RenameObject RestoreObject UpdateObjectEncryption UploadPart UploadPartCopy "
        "WriteGetObjectResponse",
        "Data events on log files: versions keep what is deleted, and digests show what is missing.",
    ),
    _degrades(
        "bucket",
        "s3",
        "CreateJob UpdateJobPriority UpdateJobStatus DeleteJobTagging PutJobTagging",
        "A batch job on log files does what calls on objects do.",
    ),
    _degrades(
        "bucket",
        "s3",
        "TagResource UntagResource",
        "If access depends on tags: changes who may change the bucket.",
    ),
    _harmless(
        "bucket",
        "s3",
        "CreateBucket",
        "A bucket of this name is there.",
    ),
    _harmless(
        "bucket",
        "s3",
        "DeleteBucketLifecycleConfiguration PutBucketLifecycleConfiguration",
        "The names of Outposts' buckets' calls, and a trail's bucket is none.",
    ),
    _harmless(
        "bucket",
        "s3",
        "PutAccountPublicAccessBlock DeleteAccountPublicAccessBlock",
        "Shuts out the public, which the bucket's policy does not let in, or leaves that to the "
        "bucket's own setting.",
    ),
    _harmless(
        "bucket",
        "s3",
        "CreateAccessPoint DeleteAccessPoint PutAccessPointPolicy DeleteAccessPointPolicy "
        "PutAccessPointScope DeleteAccessPointScope CreateMultiRegionAccessPoint "
        "DeleteMultiRegionAccessPoint PutMultiRegionAccessPointPolicy "
        "SubmitMultiRegionAccessPointRoutes CreateAccessPointForObjectLambda "
        "DeleteAccessPointForObjectLambda PutAccessPointConfigurationForObjectLambda "
        "PutAccessPointPolicyForObjectLambda DeleteAccessPointPolicyForObjectLambda "
        "CreateAccessGrant DeleteAccessGrant CreateAccessGrantsInstance "
        "DeleteAccessGrantsInstance PutAccessGrantsInstanceResourcePolicy "
        "DeleteAccessGrantsInstanceResourcePolicy CreateAccessGrantsLocation "
        "DeleteAccessGrantsLocation UpdateAccessGrantsLocation "
        "AssociateAccessGrantsIdentityCenter DissociateAccessGrantsIdentityCenter",
        "Other ways to objects: CloudTrail writes by the bucket's own name.",
    ),
    _harmless(
        "",
        "s3",
        "CreateStorageLensGroup DeleteStorageLensConfiguration "
        "DeleteStorageLensConfigurationTagging DeleteStorageLensGroup PutStorageLensConfiguration "
        "PutStorageLensConfigurationTagging UpdateStorageLensGroup",
        _OTHERS,
    ),
    # --- Keys ----------------------------------------------------------------------------------------------
    _silences(
        "keys",
        "kms",
        "DisableKey",
        "Nothing can be written or read that the key encrypts: log files, log group, or messages.",
        _KEY,
    ),
    _silences(
        "keys",
        "kms",
        "ScheduleKeyDeletion",
        "As a disabled key at once, and for good in the end.",
        _KEY,
    ),
    _silences(
        "keys",
        "kms",
        "PutKeyPolicy",
        "A policy that keeps CloudTrail, CloudWatch or EventBridge out: messages are dropped silently.",
        _KEY,
    ),
    _silences_fast(
        "keys",
        "kms",
        "DeleteImportedKeyMaterial",
        "As a disabled key, where a given key's material was imported.",
        _KEY,
    ),
    _silences_fast(
        "keys",
        "kms",
        "DisconnectCustomKeyStore UpdateCustomKeyStore",
        "As a disabled key, where a given key lives in such a store; the call names the store.",
        _ANY,
    ),
    _degrades_fast(
        "keys",
        "kms",
        "CreateGrant RevokeGrant RetireGrant",
        "A grant lets somebody else use the key, and takes nothing from those whom its policy lets in.",
        _KEY,
    ),
    _degrades_fast(
        "keys",
        "kms",
        "DisableKeyRotation EnableKeyRotation RotateKeyOnDemand UpdatePrimaryRegion ReplicateKey "
        "UpdateKeyDescription ImportKeyMaterial TagResource UntagResource",
        "How the key is kept; where tags carry access, who may change it.",
        _KEY,
    ),
    _harmless(
        "keys",
        "kms",
        "EnableKey CancelKeyDeletion ConnectCustomKeyStore",
        _UNDOES,
    ),
    _harmless(
        "keys",
        "kms",
        "CreateAlias DeleteAlias UpdateAlias",
        "Every part that the module makes names its key by ARN, not by alias.",
    ),
    _harmless(
        "",
        "kms",
        "CreateKey CreateCustomKeyStore DeleteCustomKeyStore",
        "Makes something new, or removes a store that holds no key.",
    ),
    _harmless(
        "",
        "kms",
        "Decapsulate Encapsulate",
        "Uses a key, and changes none.",
    ),
    # --- The role that carries events into the log group ---------------------------------------------------
    _silences(
        "role",
        "iam",
        "DeleteRole DeleteRolePolicy PutRolePolicy AttachRolePolicy DetachRolePolicy "
        "PutRolePermissionsBoundary UpdateAssumeRolePolicy",
        "CloudTrail may no longer use the role, or the role no longer write: no events in the log group.",
        _ROLE,
    ),
    _degrades_heard(
        "role",
        "iam",
        "DeleteRolePermissionsBoundary UpdateRole UpdateRoleDescription",
        "Changes what else the role may do, or its description.",
        _ROLE,
    ),
    _degrades_fast(
        "role",
        "iam",
        "TagRole UntagRole AddRoleToInstanceProfile RemoveRoleFromInstanceProfile",
        "Changes who else may change or use the role.",
        _ROLE,
    ),
    _harmless(
        "role",
        "iam",
        "CreatePolicy CreatePolicyVersion SetDefaultPolicyVersion DeletePolicy "
        "DeletePolicyVersion TagPolicy UntagPolicy",
        "The instance's roles have no managed policies: attaching one is what silences.",
    ),
    _harmless(
        "role",
        "iam",
        "CreateRole AcquireRole",
        "A role of this name is there, so AWS refuses another.",
    ),
    _harmless(
        "role",
        "iam",
        "CreateServiceLinkedRole DeleteServiceLinkedRole",
        "AWS deletes no role that a service still uses.",
    ),
    _harmless(
        "",
        "iam",
        "AddUserToGroup AttachGroupPolicy AttachUserPolicy ChangePassword CreateAccessKey "
        "CreateGroup CreateLoginProfile CreateServiceSpecificCredential CreateUser "
        "CreateVirtualMFADevice DeactivateMFADevice DeleteAccessKey DeleteGroup DeleteGroupPolicy "
        "DeleteLoginProfile DeleteSSHPublicKey DeleteServiceSpecificCredential "
        "DeleteSigningCertificate DeleteUser DeleteUserPermissionsBoundary DeleteUserPolicy "
        "DeleteVirtualMFADevice DetachGroupPolicy DetachUserPolicy EnableMFADevice PutGroupPolicy "
        "PutUserPermissionsBoundary PutUserPolicy RemoveUserFromGroup "
        "ResetServiceSpecificCredential ResyncMFADevice TagMFADevice TagUser UntagMFADevice "
        "UntagUser UpdateAccessKey UpdateGroup UpdateLoginProfile UpdateSSHPublicKey "
        "UpdateServiceSpecificCredential UpdateSigningCertificate UpdateUser UploadSSHPublicKey "
        "UploadSigningCertificate",
        "Changes what people may do: no part of an instance is a user or a group.",
    ),
    _harmless(
        "",
        "iam",
        "AcceptDelegationRequest AddClientIDToOpenIDConnectProvider AssociateDelegationRequest "
        "CreateAccountAlias CreateDelegationRequest CreateInstanceProfile "
        "CreateOpenIDConnectProvider CreateSAMLProvider DeleteAccountAlias "
        "DeleteAccountPasswordPolicy DeleteInstanceProfile DeleteOpenIDConnectProvider "
        "DeleteSAMLProvider DeleteServerCertificate DisableOrganizationsRootCredentialsManagement "
        "DisableOrganizationsRootSessions DisableOutboundWebIdentityFederation "
        "EnableOrganizationsRootCredentialsManagement EnableOrganizationsRootSessions "
        "EnableOutboundWebIdentityFederation GenerateCredentialReport "
        "GenerateOrganizationsAccessReport GenerateServiceLastAccessedDetails "
        "PutAccountProperties RejectDelegationRequest RemoveClientIDFromOpenIDConnectProvider "
        "SendDelegationToken SetSecurityTokenServicePreferences TagInstanceProfile "
        "TagOpenIDConnectProvider TagSAMLProvider TagServerCertificate UntagInstanceProfile "
        "UntagOpenIDConnectProvider UntagSAMLProvider UntagServerCertificate "
        "UpdateAccountPasswordPolicy UpdateDelegationRequest UpdateOpenIDConnectProvider "
        "UpdateOpenIDConnectProviderThumbprint UpdateSAMLProvider UpdateServerCertificate "
        "UploadServerCertificate",
        "How people and other systems sign in: CloudTrail assumes its role by itself.",
    ),
    # --- The account and its organisation ------------------------------------------------------------------
    _silences(
        "organisation's policies",
        "organizations",
        "AttachPolicy DetachPolicy UpdatePolicy MoveAccount",
        "A policy that denies the trail's role its writes, or CloudTrail its bucket. Recorded in "
        "the management account.",
        _ANY,
    ),
    _silences(
        "organisation",
        "organizations",
        "DisableAWSServiceAccess DeleteOrganization RemoveAccountFromOrganization "
        "LeaveOrganization CloseAccount AcceptHandshake",
        "An organisation's trail records the account no longer, or another organisation's "
        "policies hold. Recorded in the account that calls.",
        _ANY,
    ),
    _harmless(
        "organisation",
        "organizations",
        "CreatePolicy DeletePolicy EnablePolicyType DisablePolicyType EnableAllFeatures",
        "No policy holds before it is attached; kinds of policies begin with one that allows everything.",
    ),
    _harmless(
        "organisation",
        "organizations",
        "DeregisterDelegatedAdministrator RegisterDelegatedAdministrator EnableAWSServiceAccess "
        "DeleteResourcePolicy PutResourcePolicy",
        "Changes who may manage the organisation; its trail belongs to the management account and goes on.",
    ),
    _harmless(
        "",
        "organizations",
        "CancelHandshake CreateAccount CreateGovCloudAccount CreateOrganization "
        "CreateOrganizationalUnit DeclineHandshake DeleteOrganizationalUnit "
        "InviteAccountToOrganization InviteOrganizationToTransferResponsibility TagResource "
        "TerminateResponsibilityTransfer UntagResource UpdateOrganizationalUnit "
        "UpdateResponsibilityTransfer",
        "New accounts, empty units, names, invoices: nothing that holds for an account that is there.",
    ),
    _silences(
        "account",
        "account",
        "DisableRegion",
        "Everything in the region stops, if it is one that has to be enabled.",
        _REGION,
    ),
    _harmless(
        "account",
        "account",
        "EnableRegion",
        _UNDOES,
    ),
    _harmless(
        "",
        "account",
        "AcceptPrimaryEmailUpdate DeleteAlternateContact PutAccountName PutAlternateContact "
        "PutContactInformation SendPhoneNumberVerification StartPrimaryEmailUpdate",
        "Changes the addresses that AWS writes to: subscriptions have their own.",
    ),
    _harmless(
        "quotas",
        "servicequotas",
        "AssociateServiceQuotaTemplate CreateSupportCase "
        "DeleteServiceQuotaIncreaseRequestFromTemplate DisassociateServiceQuotaTemplate "
        "PutServiceQuotaIncreaseRequestIntoTemplate RequestServiceQuotaIncrease "
        "StartAutoManagement StartQuotaUtilizationReport StopAutoManagement TagResource "
        "UntagResource UpdateAutoManagement",
        "Quotas are only raised by calls. Filling them up keeps new parts out, and takes none away.",
    ),
    _degrades(
        "account",
        "tagging",
        "TagResources UntagResources",
        "If access depends on tags: changes who may change parts; each service records its own call as well.",
    ),
    _harmless(
        "",
        "tagging",
        "StartReportCreation",
        _OTHERS,
    ),
    # --- Details -------------------------------------------------------------------------------------------
    _degrades_heard(
        "details",
        "states",
        "DeleteStateMachine UpdateStateMachine",
        "Nobody is told who it was that an alarm rings for; the alarm itself rings.",
        _DETAILS,
    ),
    _degrades_fast(
        "details",
        "states",
        "TagResource UntagResource",
        "If access depends on tags: changes who may change the details.",
        _named("resourceArn", "{details_arn}"),
    ),
    _degrades_fast(
        "details",
        "states",
        "StopExecution RedriveExecution",
        "An alarm is not told of further; that executions were stopped rings an alarm.",
        _named("executionArn", "{execution_arn}"),
    ),
    # --- The heartbeat -------------------------------------------------------------------------------------
    _silences_fast(
        "heartbeat",
        "states",
        "DeleteStateMachine UpdateStateMachine",
        "The heartbeat stops, and its alarm rings for that.",
        _MACHINE,
    ),
    _degrades_fast(
        "heartbeat",
        "states",
        "TagResource UntagResource",
        "If access depends on tags: changes who may change the heartbeat.",
        _named("resourceArn", "{state_machine_arn}"),
    ),
    _harmless(
        "heartbeat",
        "states",
        "StartExecution StopExecution StartSyncExecution RedriveExecution",
        "One heartbeat more or less; without any its alarm rings.",
    ),
    _harmless(
        "",
        "states",
        "CreateActivity CreateStateMachine CreateStateMachineAlias DeleteActivity "
        "DeleteStateMachineAlias DeleteStateMachineVersion PublishStateMachineVersion "
        "SendTaskFailure SendTaskHeartbeat SendTaskSuccess UpdateMapRun UpdateStateMachineAlias",
        _OTHERS,
    ),
    _silences_fast(
        "heartbeat",
        "secretsmanager",
        "DeleteSecret PutResourcePolicy",
        "The heartbeat has nothing to read, and its alarm rings for that.",
        _HEARTBEAT,
    ),
    _degrades(
        "watched secrets",
        "secretsmanager",
        "ReplicateSecretToRegions",
        "A replica is read in another region: the trail brings that, the fast path has rules "
        "there only with modules/global-events.",
    ),
    _harmless(
        "watched secrets",
        "secretsmanager",
        "CreateSecret UpdateSecret PutSecretValue UpdateSecretVersionStage RotateSecret "
        "CancelRotateSecret RestoreSecret RemoveRegionsFromReplication StopReplicationToReplica "
        "AssociateCrossAccountReplica DisassociateCrossAccountReplica DeleteResourcePolicy "
        "TagResource UntagResource",
        'Changes a secret, and not the watch on it; a watch of events = ["changes"] tells of it.',
    ),
    _silences_fast(
        "heartbeat",
        "events",
        "DeleteConnection UpdateConnection DeauthorizeConnection",
        "The heartbeat's ping does not go out, and whoever waits for it tells.",
        _named("name", "{connection}"),
    ),
    _harmless(
        "heartbeat",
        "events",
        "CreateConnection",
        _NEW,
    ),
)
