"""What other people's modules and alarms use of the local cloud, beside reads of secrets."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from accounts import new_account_id
from benchmark import REGION, Account, policy, trust
from botocore.exceptions import ClientError
from deployment import wait_for
from sinks import queue_for_rules
from test_service_metrics import total

from secretwatch import local
from secretwatch.filterpattern import FilterPattern

ANYBODY = policy({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
SECRETS = policy({"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"})


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account(new_account_id())


def user_of(account: Account, name: str = "anaya") -> Account:
    """The account as a new user of it."""
    account.client("iam").create_user(UserName=name)
    may = policy({"Effect": "Allow", "Action": "sts:*", "Resource": "*"})
    account.client("iam").put_user_policy(UserName=name, PolicyName="sessions", PolicyDocument=may)
    keys = account.client("iam").create_access_key(UserName=name)["AccessKey"]
    return Account(account.id, key=keys["AccessKeyId"], secret=keys["SecretAccessKey"])


def with_keys(account: Account, answer: dict[str, Any]) -> Account:
    """The account with the temporary keys of an answer of STS."""
    keys = answer["Credentials"]
    made = Account(account.id, key=keys["AccessKeyId"], secret=keys["SecretAccessKey"])
    made.session = boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name=REGION,
    )
    return made


def recorded(account: Account, name: str) -> dict[str, Any]:
    """The newest event of the call in the account's history."""
    found = account.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}], MaxResults=1
    )["Events"]
    event: dict[str, Any] = json.loads(found[0]["CloudTrailEvent"])
    return event


def who(account: Account, caller: Account) -> dict[str, Any]:
    """The identity that a call of this caller's is recorded with."""
    told = caller.client("sts").get_caller_identity()
    identity: dict[str, Any] = recorded(account, "GetCallerIdentity")["userIdentity"]
    assert told["Arn"] == identity["arn"]
    assert told["UserId"] == identity["principalId"]
    assert told["Account"] == account.id
    return identity


# Identities

MFA = {"TokenCode": "123456"}


@pytest.mark.parametrize("mfa", [False, True])
def test_keys_of_a_users_session_are_the_users(account: Account, mfa: bool) -> None:
    user = user_of(account)
    code = {"SerialNumber": account.iam_arn("mfa/anaya"), **MFA} if mfa else {}
    identity = who(account, with_keys(account, user.client("sts").get_session_token(**code)))
    assert (identity["type"], identity["userName"]) == ("IAMUser", "anaya")
    assert identity["sessionContext"]["attributes"]["mfaAuthenticated"] == ("true" if mfa else "false")
    # What alarms on missing MFA look at, and those on root.
    without = FilterPattern.parse('{ $.userIdentity.sessionContext.attributes.mfaAuthenticated != "true" }')
    root = FilterPattern.parse('{ $.userIdentity.type = "Root" }')
    event = recorded(account, "GetCallerIdentity")
    assert without.matches_event(event) is not mfa
    assert not root.matches_event(event)


def test_keys_of_roots_session_are_roots(account: Account) -> None:
    identity = who(account, with_keys(account, account.client("sts").get_session_token()))
    assert identity["type"] == "Root"
    assert identity["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"


def test_keys_of_a_federation_token_are_a_federated_users(account: Account) -> None:
    user = user_of(account)
    federated = with_keys(account, user.client("sts").get_federation_token(Name="bob"))
    identity = who(account, federated)
    assert identity["type"] == "FederatedUser"
    assert identity["arn"] == f"arn:aws:sts::{account.id}:federated-user/bob"
    issuer = identity["sessionContext"]["sessionIssuer"]
    assert (issuer["type"], issuer["userName"]) == ("IAMUser", "anaya")


def test_an_unknown_key_is_still_root(account: Account) -> None:
    assert who(account, account)["type"] == "Root"


@pytest.mark.parametrize("mfa", [False, True])
def test_a_role_taken_with_mfa_says_so(account: Account, mfa: bool) -> None:
    role = account.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument=ANYBODY)["Role"]["Arn"]
    code = {"SerialNumber": account.iam_arn("mfa/anaya"), **MFA} if mfa else {}
    answer = user_of(account).client("sts").assume_role(RoleArn=role, RoleSessionName="session", **code)
    identity = who(account, with_keys(account, answer))
    assert identity["type"] == "AssumedRole"
    assert identity["sessionContext"]["attributes"]["mfaAuthenticated"] == ("true" if mfa else "false")


def test_what_sts_refuses(account: Account) -> None:
    user = user_of(account)
    session = with_keys(account, user.client("sts").get_session_token()).client("sts")
    with pytest.raises(ClientError, match="Cannot call GetSessionToken with session credentials"):
        session.get_session_token()
    with pytest.raises(ClientError, match="Cannot call GetFederationToken with session credentials"):
        session.get_federation_token(Name="bob")
    with pytest.raises(ClientError, match="must provide both MFA serial number and one time pass code"):
        user.client("sts").get_session_token(**MFA)
    with pytest.raises(ClientError, match="ValidationError"):
        user.client("sts").get_session_token(DurationSeconds=200_000)


def test_a_federated_user_may_no_more_than_it_asked_for_and_its_user_may(account: Account) -> None:
    account.client("secretsmanager").create_secret(Name="secret", SecretString="x")
    user = user_of(account)

    def may_read(**arguments: Any) -> bool:
        answer = user.client("sts").get_federation_token(Name="bob", **arguments)
        try:
            with_keys(account, answer).client("secretsmanager").get_secret_value(SecretId="secret")
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
            return False
        return True

    assert not may_read(Policy=SECRETS)
    account.client("iam").put_user_policy(UserName="anaya", PolicyName="all", PolicyDocument=SECRETS)
    assert may_read(Policy=SECRETS)
    assert not may_read()


# EC2


def test_a_dry_run_makes_nothing(account: Account) -> None:
    client = account.client("ec2")
    before = [each["VpcId"] for each in client.describe_vpcs()["Vpcs"]]
    with pytest.raises(ClientError, match="DryRunOperation") as refused:
        client.create_vpc(CidrBlock="10.9.0.0/16", DryRun=True)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    event = recorded(account, "CreateVpc")
    assert event["errorCode"] == "Client.DryRunOperation"
    assert event["errorMessage"] == "Request would have succeeded, but DryRun flag is set."
    assert event["requestParameters"]["cidrBlock"] == "10.9.0.0/16"
    assert [each["VpcId"] for each in client.describe_vpcs()["Vpcs"]] == before


def test_a_port_that_is_open_to_the_world_can_be_told(account: Account) -> None:
    client = account.client("ec2")
    vpc = client.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    group = client.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    client.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    event = recorded(account, "AuthorizeSecurityGroupIngress")
    items = "$.requestParameters.ipPermissions.items[0]"
    pattern = f'{{ {items}.fromPort = 22 && {items}.ipRanges.items[0].cidrIp = "0.0.0.0/0" }}'
    assert FilterPattern.parse(pattern).matches_event(event)
    assert event["responseElements"]["_return"] is True
    assert event["responseElements"]["requestId"] == event["requestID"]
    assert recorded(account, "CreateSecurityGroup")["requestParameters"]["groupDescription"] == "web"


def test_what_is_not_there_is_the_callers_fault(account: Account) -> None:
    with pytest.raises(ClientError, match=r"InvalidVpcID\.NotFound"):
        account.client("ec2").delete_vpc(VpcId="vpc-00000000000000000")
    assert recorded(account, "DeleteVpc")["errorCode"] == "Client.InvalidVpcID.NotFound"


def test_the_default_key_of_ebs(account: Account) -> None:
    client = account.client("ec2")
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    assert client.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    assert client.modify_ebs_default_kms_key_id(KmsKeyId=key.rpartition("/")[2])["KmsKeyId"] == key
    assert client.get_ebs_default_kms_key_id()["KmsKeyId"] == key
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        client.modify_ebs_default_kms_key_id(KmsKeyId="alias/nowhere")
    client.reset_ebs_default_kms_key_id()
    assert client.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    assert client.enable_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True


# Lambda, DynamoDB


def archive() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        made.writestr("main.py", "def handler(event, context): pass")
    return written.getvalue()


def test_a_function_is_stored_and_not_run(account: Account) -> None:
    client = account.client("lambda")
    role = account.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument=trust("lambda"))
    client.create_function(
        FunctionName="function",
        Runtime="python3.12",
        Handler="main.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": archive()},
    )

    def state() -> str:
        return str(client.get_function_configuration(FunctionName="function")["State"])

    wait_for("the function", lambda: state() != "Pending")
    assert state() == "Active"
    with pytest.raises(ClientError, match="stores functions and does not run them"):
        client.invoke(FunctionName="function")
    client.delete_function(FunctionName="function")


def test_a_table_holds_items(account: Account) -> None:
    client = account.client("dynamodb")
    client.create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.put_item(TableName="table", Item={"id": {"S": "one"}})
    assert client.get_item(TableName="table", Key={"id": {"S": "one"}})["Item"] == {"id": {"S": "one"}}


def test_elasticsearch_answers(account: Account) -> None:
    assert account.client("es").list_domain_names()["DomainNames"] == []


# CloudTrail's insights


def test_insight_selectors_are_kept(account: Account) -> None:
    client, bucket = account.client("cloudtrail"), make_bucket(account)
    client.create_trail(Name="trail", S3BucketName=bucket)
    with pytest.raises(client.exceptions.InsightNotEnabledException):
        client.get_insight_selectors(TrailName="trail")
    wanted = [{"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}]
    client.put_insight_selectors(TrailName="trail", InsightSelectors=wanted)
    assert client.get_insight_selectors(TrailName="trail")["InsightSelectors"] == wanted
    assert client.get_trail(Name="trail")["Trail"]["HasInsightSelectors"] is True
    client.put_insight_selectors(TrailName="trail", InsightSelectors=[])
    with pytest.raises(client.exceptions.InsightNotEnabledException):
        client.get_insight_selectors(TrailName="trail")
    client.put_event_selectors(
        TrailName="trail", EventSelectors=[{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}]
    )
    with pytest.raises(client.exceptions.InvalidInsightSelectorsException):
        client.put_insight_selectors(TrailName="trail", InsightSelectors=wanted)
    with pytest.raises(client.exceptions.TrailNotFoundException):
        client.put_insight_selectors(TrailName="another", InsightSelectors=wanted)
    client.delete_trail(Name="trail")


def make_bucket(account: Account) -> str:
    """A bucket that CloudTrail may write to."""
    name = f"others-{account.id}"
    service = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    account.client("s3").create_bucket(Bucket=name)
    statements = (
        service | {"Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{name}"},
        service | {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{name}/*"},
    )
    account.client("s3").put_bucket_policy(Bucket=name, Policy=policy(*statements))
    return name


# EventBridge


@pytest.fixture
def logged(account: Account) -> Iterator[Account]:
    """An account whose events come to EventBridge."""
    account.client("cloudtrail").create_trail(Name="trail", S3BucketName=make_bucket(account))
    account.client("cloudtrail").start_logging(Name="trail")
    yield account
    account.client("cloudtrail").delete_trail(Name="trail")


def test_a_sign_in_comes_to_eventbridge(logged: Account, local_cloud: local.LocalCloud) -> None:
    sqs, events = logged.client("sqs"), logged.client("events")
    url, arn = queue_for_rules(sqs, "sign-ins")
    pattern = {
        "source": ["aws.signin"],
        "detail-type": ["AWS Console Sign In via CloudTrail"],
        "detail": {"userIdentity": {"type": ["Root"]}},
    }
    events.put_rule(Name="sign-ins", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="sign-ins", Targets=[{"Id": "queue", "Arn": arn}])
    user_of(logged)
    local_cloud.sign_in(account_id=logged.id, user="anaya")
    made = local_cloud.sign_in(account_id=logged.id, mfa=True)
    received: list[Any] = wait_for(
        "the sign-in", lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages")
    )
    assert [json.loads(each["Body"])["detail"]["eventID"] for each in received] == [made["eventID"]]
    assert recorded(logged, "ConsoleLogin")["eventID"] == made["eventID"]


def test_who_cannot_sign_in(account: Account, local_cloud: local.LocalCloud) -> None:
    with pytest.raises(local.SignInRefused, match="has no user nobody"):
        local_cloud.sign_in(account_id=account.id, user="nobody")
    with pytest.raises(local.SignInRefused, match="has no role nothing"):
        local_cloud.sign_in(account_id=account.id, role="nothing")
    with pytest.raises(local.SignInRefused, match="12 digits"):
        local_cloud.sign_in(account_id="123")
    account.client("iam").create_role(RoleName="admin", AssumeRolePolicyDocument=ANYBODY)
    with pytest.raises(local.SignInRefused, match="cannot fail"):
        local_cloud.sign_in(account_id=account.id, role="admin", failed=True)
    event = local_cloud.sign_in(account_id=account.id, role="admin", session="bob", region="eu-west-1")
    assert event["userIdentity"]["arn"].endswith(":assumed-role/admin/bob")
    assert event["awsRegion"] == "eu-west-1"


def test_nobody_speaks_for_aws(account: Account) -> None:
    entry = {"DetailType": "test", "Detail": "{}"}
    answer = account.client("events").put_events(
        Entries=[{"Source": "aws.signin", **entry}, {"Source": "mine", **entry}]
    )
    refused, taken = answer["Entries"]
    assert answer["FailedEntryCount"] == 1
    assert refused == {
        "ErrorCode": "NotAuthorizedForSourceException",
        "ErrorMessage": "Not authorized for the source.",
    }
    assert taken["EventId"]


def test_rules_that_match_are_counted(account: Account) -> None:
    events, cloudwatch = account.client("events"), account.client("cloudwatch")
    events.create_event_bus(Name="own")
    for bus, rules in (("default", ("one", "two", "none")), ("own", ("other",))):
        for rule in rules:
            source = "nobody" if rule == "none" else "mine"
            events.put_rule(Name=rule, EventBusName=bus, EventPattern=json.dumps({"source": [source]}))
    entry = {"Source": "mine", "DetailType": "test", "Detail": "{}"}
    events.put_events(Entries=[entry, entry, {**entry, "EventBusName": "own"}])

    def counted(metric: str, **dimensions: str) -> float:
        return total(cloudwatch, "AWS/Events", metric, **dimensions)

    wait_for("all", lambda: counted("MatchedEvents") == 3)
    for metric in ("MatchedEvents", "TriggeredRules"):
        assert counted(metric, RuleName="one") == 2
        assert counted(metric, RuleName="two") == 2
        assert counted(metric, RuleName="none") == 0
        assert counted(metric, RuleName="other", EventBusName="own") == 1
