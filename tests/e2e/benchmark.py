"""The alarms that the CIS AWS Foundations Benchmark asks for, and the calls that have to ring them.

The names are the benchmark's (versions 1.2 to 5.0, sections 3 and 4, "Ensure … is monitored"), as facts; each
call is made through boto3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3

REGION = "us-east-1"

# control: (source of the events, or none; their names)
BY_NAME: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "IAM policies": (
        None,
        (
            *("CreatePolicy", "CreatePolicyVersion", "DeletePolicyVersion"),
            *("PutGroupPolicy", "PutRolePolicy", "PutUserPolicy"),
            *("AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy"),
            *("DetachGroupPolicy", "DetachRolePolicy", "DetachUserPolicy"),
            *("DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "DeletePolicy"),
        ),
    ),
    "CloudTrail": (None, ("CreateTrail", "UpdateTrail", "StartLogging", "StopLogging", "DeleteTrail")),
    "KMS keys": ("kms.amazonaws.com", ("DisableKey", "ScheduleKeyDeletion")),
    "S3 bucket policies": (
        "s3.amazonaws.com",
        (
            *(
                "PutBucketAcl",
                "PutBucketPolicy",
                "PutBucketCors",
                "PutBucketLifecycle",
                "PutBucketReplication",
            ),
            *("DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication"),
        ),
    ),
    "Config": (
        "config.amazonaws.com",
        (
            *("PutConfigurationRecorder", "PutDeliveryChannel"),
            *("StopConfigurationRecorder", "DeleteDeliveryChannel"),
        ),
    ),
    "security groups": (
        None,
        (
            *("CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"),
            *("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "DeleteSecurityGroup"),
        ),
    ),
    "network ACLs": (
        None,
        (
            *("CreateNetworkAcl", "CreateNetworkAclEntry", "ReplaceNetworkAclEntry"),
            *("ReplaceNetworkAclAssociation", "DeleteNetworkAclEntry", "DeleteNetworkAcl"),
        ),
    ),
    "gateways": (
        None,
        (
            *("CreateCustomerGateway", "DeleteCustomerGateway", "CreateInternetGateway"),
            *("AttachInternetGateway", "DetachInternetGateway", "DeleteInternetGateway"),
        ),
    ),
    "route tables": (
        None,
        (
            *("CreateRouteTable", "CreateRoute", "ReplaceRoute", "ReplaceRouteTableAssociation"),
            *("DisassociateRouteTable", "DeleteRoute", "DeleteRouteTable"),
        ),
    ),
    "VPCs": (
        None,
        (
            *("CreateVpc", "ModifyVpcAttribute", "CreateVpcPeeringConnection", "AcceptVpcPeeringConnection"),
            *("RejectVpcPeeringConnection", "DeleteVpcPeeringConnection", "EnableVpcClassicLink"),
            *("AttachClassicLinkVpc", "DetachClassicLinkVpc", "DisableVpcClassicLink", "DeleteVpc"),
        ),
    ),
    "Organizations": (
        "organizations.amazonaws.com",
        (
            *("CreateAccount", "CreateOrganizationalUnit", "UpdateOrganizationalUnit", "MoveAccount"),
            *("EnablePolicyType", "CreatePolicy", "UpdatePolicy", "AttachPolicy", "DetachPolicy"),
            *("DeletePolicy", "DisablePolicyType", "InviteAccountToOrganization", "AcceptHandshake"),
            *("DeclineHandshake", "LeaveOrganization", "RemoveAccountFromOrganization"),
            *("DeleteOrganizationalUnit", "DeleteOrganization"),
        ),
    ),
}

# Those that look at more than a name.
PATTERNS = {
    "unauthorized calls": '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
    "sign-in without MFA": (
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && '
        '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
    ),
    "failed sign-in": '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
    "root": (
        '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && '
        '$.eventType != "AwsServiceEvent" }'
    ),
}


def pattern_of(control: str) -> str:
    if control in PATTERNS:
        return PATTERNS[control]
    source, names = BY_NAME[control]
    named = " || ".join(f"($.eventName = {name})" for name in names)
    return f"{{ ($.eventSource = {source}) && ({named}) }}" if source else f"{{ {named} }}"


CONTROLS = (*BY_NAME, *PATTERNS)


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


ALLOW = policy({"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"})


def trust(service: str) -> str:
    principal = {"Service": f"{service}.amazonaws.com"}
    return policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


class Account:
    """An account of its own, and what is made in it: ids by what they are of."""

    def __init__(self, account_id: str, *, key: str | None = None, secret: str = "test") -> None:
        self.id = account_id
        self.session = boto3.Session(
            aws_access_key_id=key or account_id, aws_secret_access_key=secret, region_name=REGION
        )
        self.made: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self.made:
            self.made[service] = self.session.client(service)
        return self.made[service]

    def iam_arn(self, what: str) -> str:
        return f"arn:aws:iam::{self.id}:{what}"


Steps = Iterator[tuple[str, Callable[[], Any]]]
"""Names of events, and the calls that make them, in an order in which they can be made."""
