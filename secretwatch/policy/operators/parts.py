"""The parts of an instance, and the calls that the AWS provider makes for each of them.

The calls are botocore's names of operations. Those of an apply, a plan, a destroy and a change were seen on
the local cloud: scripts/calls.json has them, and the tests compare. What only AWS itself or a newer provider
brings about stands here with its reason.

A row is about one service; several rows may be about one part. `given` are the parameters that say which
resource a call is about, by which `secretwatch.policy.actions` finds its ARN: names of the module, `*` where
only AWS knows them (ids of keys). All rows of one resource become one statement.
"""

from __future__ import annotations

from secretwatch.policy.operators.shapes import (
    ANY_KEY,
    ARN,
    Part,
    alias,
    connection,
    filters,
    machine,
    named_secret,
    role,
    rule,
    rules,
    secret,
    subscriptions,
    topics,
)

_TRAIL = {
    "Name": "{name}",
    "TrailName": "{name}",
    "ResourceId": ARN % ("cloudtrail", "trail/{name}"),
    "ResourceIdList": [ARN % ("cloudtrail", "trail/{name}")],
    "CloudWatchLogsRoleArn": "arn:{partition}:iam::{account}:role/{name}-trail-{region}",
}
_BUCKET = {"Bucket": "{name}-{account}-{region}"}
_ALARMS = {
    "AlarmName": "{name}-*",
    "AlarmNames": ["{name}-*"],
    "ResourceARN": ARN % ("cloudwatch", "alarm:{name}-*"),
}
_HEARTBEAT = "{name}-heartbeat"
_DETAILS = "{name}-details-*"
_CHATS = "arn:{partition}:chatbot::{account}:chat-configuration/*/{name}-*-{region}"
_OWN_KEYS = "secret-key self-watch-topic topic-key trail-key"


PARTS: tuple[Part, ...] = (
    ############################################################################
    # What is only looked at. First: where both are, these name the statement of what is looked at.
    ############################################################################
    Part("SecretNames", "secretsmanager", {}, "look-up", reads="ListSecrets"),
    Part(
        "ExistingTrail",
        "cloudcontrol",
        {"TypeName": "AWS::CloudTrail::Trail", "Identifier": "{existing_trail}"},
        "existing-trail",
        reads="GetResource",
    ),
    # Its class comes with its tags.
    Part(
        "ExistingLogGroup",
        "logs",
        {"resourceArn": ARN % ("logs", "log-group:{log_group}")},
        "existing-trail",
        reads="ListTagsForResource",
    ),
    Part(
        "ExistingTopics",
        "cloudcontrol",
        {"TypeName": "AWS::SNS::Topic", "Identifier": "{existing_topic}"},
        "existing-topics",
        reads="GetResource",
    ),
    ############################################################################
    # What counts reads, and rings
    ############################################################################
    # A group's name is only a prefix to this call, which is about all groups.
    Part("AllLogGroups", "logs", {}, reads="DescribeLogGroups"),
    Part(
        "LogGroup",
        "logs",
        {"logGroupName": "{log_group}"},
        reads="DescribeMetricFilters",
        changes="DeleteMetricFilter PutMetricFilter",
    ),
    # Refused with `alarm:*` as its resource, whatever was asked for (observed).
    Part("AllAlarms", "cloudwatch", {"AlarmNames": ["*"]}, reads="DescribeAlarms"),
    Part(
        "Alarms",
        "cloudwatch",
        _ALARMS,
        reads="ListTagsForResource",
        changes="DeleteAlarms PutMetricAlarm",
        tags="TagResource UntagResource",
    ),
    Part(
        "Dashboard",
        "cloudwatch",
        {"DashboardName": "{name}", "DashboardNames": ["{name}"]},
        "dashboard",
        reads="GetDashboard",
        changes="DeleteDashboards PutDashboard",
    ),
    ############################################################################
    # Where events come from
    ############################################################################
    Part(
        "Trail",
        "cloudtrail",
        _TRAIL,
        "trail",
        # Selectors are read where AWS says that a trail has some: the module's, or somebody's change of them.
        reads="DescribeTrails GetEventSelectors GetInsightSelectors GetTrailStatus ListTags",
        changes="CreateTrail DeleteTrail PutEventSelectors StartLogging UpdateTrail",
        tags="AddTags RemoveTags",
    ),
    Part(
        "Organization",
        "cloudtrail",
        {**_TRAIL, "IsOrganizationTrail": True},
        "organization",
        changes="CreateTrail UpdateTrail",
    ),
    Part(
        "LogGroupTags",
        "logs",
        {"resourceArn": ARN % ("logs", "log-group:/aws/cloudtrail/{name}")},
        "trail",
        reads="ListTagsForResource",
        tags="TagResource UntagResource",
    ),
    Part(
        "LogGroup",
        "logs",
        {"logGroupName": "/aws/cloudtrail/{name}"},
        "trail",
        changes="AssociateKmsKey CreateLogGroup DeleteLogGroup PutRetentionPolicy",
    ),
    role("{name}-trail-{region}", "trail"),
    Part(
        "Bucket",
        "s3",
        _BUCKET,
        "bucket",
        reads="GetBucketAccelerateConfiguration GetBucketAcl GetBucketCors GetBucketEncryption"
        " GetBucketLifecycleConfiguration GetBucketLogging GetBucketOwnershipControls GetBucketPolicy"
        " GetBucketReplication GetBucketRequestPayment GetBucketTagging GetBucketVersioning"
        " GetBucketWebsite GetObjectLockConfiguration GetPublicAccessBlock HeadBucket",
        changes="CreateBucket DeleteBucket DeleteBucketEncryption DeleteBucketOwnershipControls"
        " DeleteBucketPolicy DeletePublicAccessBlock PutBucketEncryption PutBucketOwnershipControls"
        " PutBucketPolicy PutBucketVersioning PutPublicAccessBlock",
        tags="DeleteBucketTagging PutBucketTagging",
    ),
    # How the provider knows tags of buckets from 6.23 on.
    # https://github.com/hashicorp/terraform-provider-aws/pull/45251
    Part(
        "Bucket",
        "s3control",
        {"ResourceArn": "arn:{partition}:s3:::{name}-{account}-{region}"},
        "bucket",
        reads="ListTagsForResource",
        tags="TagResource UntagResource",
    ),
    Part(
        "Bucket", "s3", _BUCKET, "expiration", changes="DeleteBucketLifecycle PutBucketLifecycleConfiguration"
    ),
    Part("Bucket", "s3", _BUCKET, "emptying", changes="ListObjectVersions"),
    Part(
        "Evidence",
        "s3",
        {**_BUCKET, "Delete": {"Objects": [{"Key": "*", "VersionId": "*"}]}},
        "emptying",
        changes="DeleteObjects",
    ),
    topics("{name}-log-files", "notifications"),
    ############################################################################
    # Whom it tells
    ############################################################################
    topics("{name}", "topics"),
    topics("{name}-*", "topics"),
    topics("{name}-self-watch", "self-watch-topic"),
    subscriptions("{name}", "subscriptions"),
    subscriptions("{name}-*", "subscriptions"),
    subscriptions("{name}-self-watch", "self-watch-subscriptions"),
    filters("{name}"),
    filters("{name}-*"),
    rules("{name}-*", "realtime"),
    rules("{name}-self-watch-*", "self-watch"),
    Part(
        "Queues",
        "sqs",
        {"QueueName": "{name}-*-undelivered"},
        "endpoints realtime",
        reads="GetQueueAttributes ListQueueTags",
        changes="CreateQueue DeleteQueue SetQueueAttributes",
        tags="TagQueue UntagQueue",
    ),
    role("{name}-chat-{region}", "chat"),
    Part(
        "Guardrail",
        "iam",
        {
            "PolicyArn": "arn:{partition}:iam::{account}:policy/{name}-chat-{region}",
            "PolicyName": "{name}-chat-{region}",
        },
        "chat",
        reads="GetPolicy GetPolicyVersion",
        changes="CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion ListPolicyVersions",
        tags="TagPolicy UntagPolicy",
    ),
    # A policy for each kind of chat would be a third longer.
    Part(
        "Chats",
        "chatbot",
        {
            "ChatConfigurationArn": _CHATS,
            "ConfigurationName": "{name}-*-{region}",
            "IamRoleArn": "arn:{partition}:iam::{account}:role/{name}-chat-{region}",
            "ResourceARN": _CHATS,
        },
        "chat",
        reads="DescribeSlackChannelConfigurations ListMicrosoftTeamsChannelConfigurations",
        changes="CreateMicrosoftTeamsChannelConfiguration CreateSlackChannelConfiguration"
        " DeleteMicrosoftTeamsChannelConfiguration DeleteSlackChannelConfiguration"
        " UpdateMicrosoftTeamsChannelConfiguration UpdateSlackChannelConfiguration",
        tags="TagResource UntagResource",
    ),
    ############################################################################
    # Another account that is told
    ############################################################################
    Part(
        "Rules",
        "events",
        rule("{name}-self-watch-*", role="{name}-witness-{region}"),
        "witness",
        changes="PutTargets",
    ),
    role("{name}-witness-{region}", "witness"),
    ############################################################################
    # Keys
    ############################################################################
    # Nothing of a key is known to go by: KMS gives its id, and the alias comes later and goes earlier.
    Part(
        "Keys",
        "kms",
        ANY_KEY,
        _OWN_KEYS,
        reads="DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags",
        changes="CreateKey EnableKey EnableKeyRotation PutKeyPolicy ScheduleKeyDeletion UpdateKeyDescription",
        tags="TagResource UntagResource",
    ),
    alias("{name}-alerts", "topic-key"),
    alias("{name}-self-watch-alerts", "self-watch-topic"),
    alias("{name}-trail", "trail-key"),
    ############################################################################
    # A secret to watch from birth
    ############################################################################
    secret("{secret}", "secret"),
    Part(
        "Secret",
        "secretsmanager",
        named_secret("{secret}"),
        "secret",
        changes="DeleteResourcePolicy PutResourcePolicy",
    ),
    Part(
        "Secret",
        "secretsmanager",
        named_secret("{secret}"),
        "secret-value",
        reads="GetSecretValue",
        changes="PutSecretValue UpdateSecretVersionStage",
    ),
    # What Secrets Manager asks for in the caller's name. The module's own key lets it without this.
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    Part(
        "SecretKey",
        "kms",
        {"KeyId": "{secret_key}"},
        "given-secret-key",
        reads="Decrypt",
        changes="Encrypt GenerateDataKey",
        # Which of the two it is in China AWS does not say.
        only={
            "kms:ViaService": tuple(
                f"secretsmanager.{{region}}.{each}" for each in ("amazonaws.com", "{suffix}")
            )
        },
    ),
    ############################################################################
    # The heartbeat
    ############################################################################
    # Nobody may read its secret, or the alarm would ring.
    secret(_HEARTBEAT, "heartbeat"),
    machine(_HEARTBEAT, "heartbeat", "{name}-heartbeat-{region}"),
    rules(_HEARTBEAT, "heartbeat", role="{name}-heartbeat-start-{region}"),
    role("{name}-heartbeat-{region}", "heartbeat"),
    role("{name}-heartbeat-start-{region}", "heartbeat"),
    # Its ARN has an id behind the name. AWS does not say whether that has to be allowed as well.
    connection(_HEARTBEAT),
    connection(f"{_HEARTBEAT}/*"),
    ############################################################################
    # What says who
    ############################################################################
    machine(_DETAILS, "details", _DETAILS),
    rules(_DETAILS, "details", role=_DETAILS),
    role(_DETAILS, "details"),
)
