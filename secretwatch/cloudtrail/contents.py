"""What stands in an event: its fields, and of some of them the few values that there are.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
"""

from __future__ import annotations

import re

FIELDS = frozenset(
    {
        *("additionalEventData", "awsRegion", "errorCode", "errorMessage", "eventCategory", "eventName"),
        *("eventSource", "eventType", "managementEvent", "readOnly", "recipientAccountId"),
        *("requestParameters", "responseElements", "serviceEventDetails", "sessionCredentialFromConsole"),
        *("sourceIPAddress", "userAgent", "userIdentity", "vpcEndpointId"),
    }
)
"""Fields at an event's top that filters look at."""

BOOLEANS = ("managementEvent", "readOnly")
"""Fields that are JSON's true and false."""

WRITTEN_BOOLEANS = ("userIdentity.sessionContext.attributes.mfaAuthenticated",)
"""Fields that are "true" and "false", which is text."""

NEVER_NULL = ("errorCode", "errorMessage", "eventName", "eventSource", "sourceIPAddress", "userAgent")
"""Fields that every event has, or leaves out: they are never null. Nor is anything of userIdentity."""

VALUES = {
    "additionalEventData.MFAUsed": ("Yes", "No"),
    "errorMessage": ("Failed authentication",),
    "eventCategory": ("Management", "Data", "NetworkActivity", "Insight"),
    "eventType": (
        *("AwsApiCall", "AwsServiceEvent", "AwsConsoleAction", "AwsConsoleSignIn", "AwsVpceEvent"),
        *("AwsVpceEvents", "AwsCloudTrailInsight"),
    ),
    "responseElements.ConsoleLogin": ("Success", "Failure"),
    "userIdentity.type": (
        *("Root", "IAMUser", "AssumedRole", "Role", "FederatedUser", "Directory", "AWSAccount", "AWSService"),
        *("SAMLUser", "WebIdentityUser", "IdentityCenterUser", "Unknown"),
    ),
}
"""Path of a field → values that are known of it. There may be others, but none that differs in case alone."""

CATEGORY_OF_TYPE = {
    "AwsCloudTrailInsight": "Insight",
    "AwsVpceEvent": "NetworkActivity",
    "AwsVpceEvents": "NetworkActivity",
}
"""The category of an event, where its type says that."""

EVENT_SOURCE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")
EVENT_NAME = re.compile(r"[\w.-]+")
