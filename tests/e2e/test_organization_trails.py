"""Trails of an organization: who may have one, whose events it records, and where these land."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from accounts import new_account_id
from botocore.exceptions import ClientError
from deployment import wait_for
from sinks import REGION, allow, document, queue_for_rules


class Account:
    """An account of a test's own; a member's id is given by its organization."""

    def __init__(self, account_id: str | None = None) -> None:
        self.id = account_id or new_account_id()
        self.session = boto3.Session(
            aws_access_key_id=self.id, aws_secret_access_key="test", region_name=REGION
        )
        self.cloudtrail = self.session.client("cloudtrail")
        self.organizations = self.session.client("organizations")

    def read(self) -> str:
        """Read a secret; the request's id."""
        client = self.session.client("secretsmanager")
        name = f"secret-{uuid.uuid4()}"
        client.create_secret(Name=name, SecretString="x")
        return str(client.get_secret_value(SecretId=name)["ResponseMetadata"]["RequestId"])


class Keeper(Account):
    """An account that has all that a trail of its organization needs, which its management account owns."""

    def prepare(self, organization: str, management: str) -> None:
        self.organization, self.management = organization, management
        self.name = f"organization-{self.id}"
        self.trail_arn = f"arn:aws:cloudtrail:{REGION}:{management}:trail/{self.name}"
        self.group = f"arn:aws:logs:{REGION}:{self.id}:log-group:{self.name}:*"
        self.s3, self.logs = self.session.client("s3"), self.session.client("logs")
        self.s3.create_bucket(Bucket=self.name)
        self.logs.create_log_group(logGroupName=self.name)
        trust = allow("sts:AssumeRole", "*", "cloudtrail.amazonaws.com")
        del trust["Resource"]
        self.iam = self.session.client("iam")
        self.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=document(trust))
        self.bucket_policy(management, organization)
        self.role_policy(f"{organization}_*")

    def bucket_policy(self, *folders: str) -> None:
        arn, source = f"arn:aws:s3:::{self.name}", {"aws:SourceArn": self.trail_arn}
        places = [f"{arn}/kept/AWSLogs/{folder}/*" for folder in folders]
        policy = document(
            allow("s3:GetBucketAcl", arn, equals=source), allow("s3:PutObject", places, equals=source)
        )
        self.s3.put_bucket_policy(Bucket=self.name, Policy=policy)

    def role_policy(self, stream: str) -> None:
        statement = {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": self.group.removesuffix("*") + f"log-stream:{stream}",
        }
        self.iam.put_role_policy(RoleName=self.name, PolicyName="write", PolicyDocument=document(statement))

    def create_trail(self, **changes: Any) -> None:
        settings = {
            "Name": self.name,
            "S3BucketName": self.name,
            "S3KeyPrefix": "kept",
            "CloudWatchLogsLogGroupArn": self.group,
            "CloudWatchLogsRoleArn": f"arn:aws:iam::{self.id}:role/{self.name}",
            "EnableLogFileValidation": True,
            "IsMultiRegionTrail": True,
            "IsOrganizationTrail": True,
        }
        self.cloudtrail.create_trail(**settings | changes)
        self.cloudtrail.start_logging(Name=self.trail_arn)

    def request_ids(self, stream: str) -> list[str]:
        """Of all events in a stream of the trail's log group."""
        try:
            events = self.logs.get_log_events(
                logGroupName=self.name, logStreamName=stream, startFromHead=True
            )["events"]
        except self.logs.exceptions.ResourceNotFoundException:
            return []
        return [json.loads(each["message"])["requestID"] for each in events]

    def files(self, folder: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.name, Prefix=f"kept/AWSLogs/{folder}")
        return [each["Key"] for each in found.get("Contents", [])]

    def records(self, folder: str) -> list[dict[str, Any]]:
        return [
            record
            for key in self.files(folder)
            for record in json.loads(
                gzip.decompress(self.s3.get_object(Bucket=self.name, Key=key)["Body"].read())
            )["Records"]
        ]


class Management(Keeper):
    """An account that manages an organization with one member."""

    def __init__(self) -> None:
        super().__init__()
        organization = self.organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        self.organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
        self.member = self.create_member("member")
        self.prepare(organization, self.id)

    def create_member(self, name: str) -> Account:
        status = self.organizations.create_account(AccountName=name, Email=f"{name}@example.com")
        return Account(status["CreateAccountStatus"]["AccountId"])


@pytest.fixture
def management(aws: dict[str, str]) -> Iterator[Management]:
    made = Management()
    yield made
    for trail in made.cloudtrail.list_trails()["Trails"]:
        made.cloudtrail.delete_trail(Name=trail["TrailARN"])


@pytest.fixture
def delegate(management: Management) -> Keeper:
    """A member that administers CloudTrail."""
    made = Keeper(management.create_member("delegate").id)
    made.prepare(management.organization, management.id)
    management.cloudtrail.register_organization_delegated_admin(MemberAccountId=made.id)
    return made


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return str(error.value.response["Error"]["Code"])


def test_events_of_all_accounts_land_in_bucket_and_log_group(management: Management) -> None:
    management.create_trail()
    stranger = Account()
    new = management.create_member("new")
    read = {account.id: account.read() for account in (management, management.member, new, stranger)}

    organization = management.organization
    for account in (management, management.member, new):
        stream = f"{organization}_{account.id}_CloudTrail_{REGION}"
        wait_for("the event", lambda: read[account.id] in management.request_ids(stream))  # noqa: B023
        folder = f"{organization}/{account.id}/CloudTrail/{REGION}/"
        records = wait_for("the file", lambda: management.records(folder))  # noqa: B023
        assert {record["recipientAccountId"] for record in records} == {account.id}
    assert {key.split("/")[3] for key in management.files("")} == {
        management.id,
        management.member.id,
        new.id,
    }


def test_members_see_the_trail_and_change_nothing(management: Management) -> None:
    management.create_trail()
    cloudtrail = management.member.cloudtrail
    (trail,) = cloudtrail.describe_trails()["trailList"]
    assert (trail["TrailARN"], trail["IsOrganizationTrail"]) == (management.trail_arn, True)
    assert cloudtrail.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert cloudtrail.get_trail(Name=management.trail_arn)["Trail"] == trail
    assert [each["TrailARN"] for each in cloudtrail.list_trails()["Trails"]] == [management.trail_arn]
    assert cloudtrail.get_trail_status(Name=management.trail_arn)["IsLogging"]

    code = "NotOrganizationMasterAccountException"
    assert refused(cloudtrail.stop_logging, Name=management.trail_arn) == code
    assert refused(cloudtrail.delete_trail, Name=management.trail_arn) == code
    assert refused(Account().cloudtrail.get_trail, Name=management.trail_arn) == "TrailNotFoundException"


def test_rules_of_members_get_events(management: Management) -> None:
    management.create_trail()
    session = management.member.session
    sqs, events = session.client("sqs"), session.client("events")
    queue, arn = queue_for_rules(sqs, "events")
    events.put_rule(
        Name="reads",
        EventPattern=json.dumps({"detail": {"eventName": ["GetSecretValue"]}}),
        State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
    )
    events.put_targets(Rule="reads", Targets=[{"Id": "queue", "Arn": arn}])
    request_id = management.member.read()

    (message,) = wait_for("the event", lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    event = json.loads(message["Body"])
    assert (event["account"], event["detail"]["requestID"]) == (management.member.id, request_id)


def test_a_trail_becomes_an_accounts_own(management: Management) -> None:
    management.create_trail()
    management.role_policy("*")
    management.cloudtrail.update_trail(Name=management.name, IsOrganizationTrail=False)
    assert management.member.cloudtrail.describe_trails()["trailList"] == []
    other = management.member.read()
    request_id = management.read()
    stream = f"{management.id}_CloudTrail_{REGION}"
    wait_for("the event", lambda: request_id in management.request_ids(stream))
    assert other not in management.request_ids(stream)


def test_what_is_refused(management: Management) -> None:
    create = management.create_trail
    management.bucket_policy(management.id)
    assert refused(create) == "InsufficientS3BucketPolicyException"
    management.bucket_policy(management.id, management.organization)
    management.role_policy(f"{management.id}_CloudTrail_{REGION}*")
    assert refused(create) == "InvalidCloudWatchLogsLogGroupArnException"
    management.role_policy(f"{management.organization}_{management.id}_CloudTrail_{REGION}*")
    management.organizations.disable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    assert refused(create) == "CloudTrailAccessNotEnabledException"

    settings = {"Name": "trail", "S3BucketName": management.name, "IsOrganizationTrail": True}
    member, stranger = management.member.cloudtrail, Account().cloudtrail
    assert refused(member.create_trail, **settings) == "NotOrganizationMasterAccountException"
    assert refused(stranger.create_trail, **settings) == "OrganizationsNotInUseException"


def test_an_organization_without_all_features(aws: dict[str, str]) -> None:
    account = Account()
    account.organizations.create_organization(FeatureSet="CONSOLIDATED_BILLING")
    answer = refused(
        account.cloudtrail.create_trail, Name="trail", S3BucketName="bucket", IsOrganizationTrail=True
    )
    assert answer == "OrganizationNotInAllFeaturesModeException"


################################################################################
# Trails of a delegated administrator
################################################################################


def key_for(account: Keeper) -> str:
    """A key that only the trail may encrypt with."""
    kms = account.session.client("kms")
    own = allow("kms:*", "*")
    own["Principal"] = {"AWS": f"arn:aws:iam::{account.id}:root"}
    source = {"aws:SourceArn": account.trail_arn}
    encrypting = source | {"kms:EncryptionContext:aws:cloudtrail:arn": account.trail_arn}
    policy = document(
        own,
        allow("kms:GenerateDataKey*", "*", equals=encrypting),
        allow("kms:DescribeKey", "*", equals=source),
    )
    return str(kms.create_key(Policy=policy)["KeyMetadata"]["Arn"])


def test_a_delegated_administrators_trail_is_its_management_accounts(
    management: Management, delegate: Keeper
) -> None:
    delegate.create_trail(KmsKeyId=key_for(delegate))
    (trail,) = management.cloudtrail.describe_trails(includeShadowTrails=False)["trailList"]
    assert trail["TrailARN"] == delegate.trail_arn
    assert trail["CloudWatchLogsLogGroupArn"] == delegate.group
    assert delegate.cloudtrail.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert delegate.cloudtrail.describe_trails()["trailList"] == [trail]

    read = {account.id: account.read() for account in (management, management.member, delegate)}
    for account_id, request_id in read.items():
        stream = f"{management.organization}_{account_id}_CloudTrail_{REGION}"
        wait_for("the event", lambda: request_id in delegate.request_ids(stream))  # noqa: B023
        folder = f"{management.organization}/{account_id}/CloudTrail/{REGION}/"
        wait_for("the file", lambda: delegate.records(folder))  # noqa: B023
    assert management.logs.describe_log_streams(logGroupName=management.name)["logStreams"] == []
    status = management.cloudtrail.get_trail_status(Name=delegate.name)
    assert not {"LatestDeliveryError", "LatestCloudWatchLogsDeliveryError"} & status.keys()


def test_a_delegated_administrator_changes_its_organizations_trails(
    management: Management, delegate: Keeper
) -> None:
    management.create_trail()
    arn, cloudtrail = management.trail_arn, delegate.cloudtrail
    cloudtrail.stop_logging(Name=arn)
    assert not management.cloudtrail.get_trail_status(Name=arn)["IsLogging"]
    cloudtrail.start_logging(Name=arn)
    cloudtrail.put_event_selectors(TrailName=arn, EventSelectors=[{"ReadWriteType": "ReadOnly"}])
    cloudtrail.add_tags(ResourceId=arn, TagsList=[{"Key": "by", "Value": "delegate"}])
    (tags,) = cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"]
    assert tags["TagsList"] == [{"Key": "by", "Value": "delegate"}]
    # The log group and the role, which nobody names, stay the management account's.
    assert not cloudtrail.update_trail(Name=arn, EnableLogFileValidation=False)["LogFileValidationEnabled"]

    assert refused(cloudtrail.stop_logging, Name=management.name) == "TrailNotFoundException"
    code = "NotOrganizationMasterAccountException"
    assert refused(cloudtrail.update_trail, Name=arn, IsOrganizationTrail=False) == code
    member = management.member.cloudtrail
    assert refused(member.stop_logging, Name=arn) == code
    assert refused(member.list_tags, ResourceIdList=[arn]) == "CloudTrailARNInvalidException"
    cloudtrail.delete_trail(Name=arn)
    assert management.cloudtrail.list_trails()["Trails"] == []


def test_trails_stay_without_their_delegated_administrator(management: Management, delegate: Keeper) -> None:
    delegate.create_trail()
    management.cloudtrail.deregister_organization_delegated_admin(DelegatedAdminAccountId=delegate.id)
    stop = {"Name": delegate.trail_arn}
    assert refused(delegate.cloudtrail.stop_logging, **stop) == "NotOrganizationMasterAccountException"
    management.cloudtrail.update_trail(Name=delegate.name, EnableLogFileValidation=False)
    request_id = management.member.read()
    stream = f"{management.organization}_{management.member.id}_CloudTrail_{REGION}"
    wait_for("the event", lambda: request_id in delegate.request_ids(stream))

    # Organizations registers as well.
    register = management.organizations.register_delegated_administrator
    register(AccountId=delegate.id, ServicePrincipal="cloudtrail.amazonaws.com")
    delegate.cloudtrail.stop_logging(**stop)


def test_what_a_delegated_administrator_is_refused(management: Management, delegate: Keeper) -> None:
    create = delegate.create_trail
    # Both have to be in the account that names them.
    others = {
        "CloudWatchLogsLogGroupArn": management.group,
        "CloudWatchLogsRoleArn": f"arn:aws:iam::{management.id}:role/{management.name}",
    }
    for member in others:
        code = f"Invalid{member.removesuffix('Arn')}ArnException"
        assert refused(create, **{member: others[member]}) == code
    delegate.trail_arn = delegate.trail_arn.replace(management.id, delegate.id)
    delegate.bucket_policy(management.id, management.organization)
    assert refused(create) == "InsufficientS3BucketPolicyException"
    # A name is taken once for the whole organization.
    management.create_trail()
    taken = {"Name": management.name, "S3BucketName": "x", "IsOrganizationTrail": True}
    assert refused(delegate.cloudtrail.create_trail, **taken) == "TrailAlreadyExistsException"


def test_users_of_a_delegated_administrator(management: Management, delegate: Keeper) -> None:
    management.create_trail()
    delegate.iam.create_user(UserName="operator")
    key = delegate.iam.create_access_key(UserName="operator")["AccessKey"]
    cloudtrail = boto3.client(
        "cloudtrail",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        region_name=REGION,
    )
    assert refused(cloudtrail.stop_logging, Name=management.trail_arn) == "AccessDeniedException"
    may = {"Effect": "Allow", "Action": "cloudtrail:StopLogging", "Resource": management.trail_arn}
    delegate.iam.put_user_policy(UserName="operator", PolicyName="stop", PolicyDocument=document(may))
    cloudtrail.stop_logging(Name=management.trail_arn)
