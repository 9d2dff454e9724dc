"""CloudWatch Logs on the local cloud: classes, keys, data protection, subscriptions, and what is refused."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from accounts import new_account_id
from botocore.exceptions import ClientError
from deployment import wait_for

REGION = "us-east-1"
ARN = "arn:aws:dataprotection::aws:data-identifier/"


class Account:
    """An account of the test's own, with one log group and one stream."""

    def __init__(self) -> None:
        self.id = new_account_id()
        self.logs, self.kms, self.s3 = self.client("logs"), self.client("kms"), self.client("s3")
        self.group = "/group"
        self.make("/group")

    def client(self, service: str, **credentials: str) -> Any:
        keys = {"aws_access_key_id": self.id, "aws_secret_access_key": "test"} | credentials
        return boto3.client(service, region_name=REGION, **keys)

    def make(self, name: str, **settings: Any) -> None:
        self.logs.create_log_group(logGroupName=name, **settings)
        self.logs.create_log_stream(logGroupName=name, logStreamName="stream")

    def put(self, *messages: str, group: str | None = None) -> None:
        self.logs.put_log_events(
            logGroupName=group or self.group,
            logStreamName="stream",
            logEvents=[{"timestamp": int(time.time() * 1000), "message": each} for each in messages],
        )

    def seen(self, **how: Any) -> list[str]:
        found = self.logs.filter_log_events(logGroupName=self.group, **how)["events"]
        return [event["message"] for event in found]

    def described(self, name: str) -> dict[str, Any]:
        (found,) = self.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return dict(found)

    def arn(self, name: str) -> str:
        return f"arn:aws:logs:{REGION}:{self.id}:log-group:{name}"


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account()


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]


def metric_filter(group: str, **changes: Any) -> dict[str, Any]:
    transformation = {"metricName": "m", "metricNamespace": group, "metricValue": "1"}
    return {
        "logGroupName": group,
        "filterName": "f",
        "filterPattern": "",
        "metricTransformations": [transformation],
    } | changes


# Classes


def test_a_log_group_of_the_class_infrequent_access_has_no_filters(account: Account) -> None:
    account.make("/rare", logGroupClass="INFREQUENT_ACCESS")
    only = ("ValidationException", "This operation is only supported on the Standard log class.")
    assert refused(account.logs.put_metric_filter, **metric_filter("/rare")) == only
    subscription = {"logGroupName": "/rare", "filterName": "f", "filterPattern": "", "destinationArn": "arn"}
    assert refused(account.logs.put_subscription_filter, **subscription) == only
    assert refused(account.logs.describe_subscription_filters, logGroupName="/rare") == only
    assert account.logs.describe_metric_filters(logGroupName="/rare")["metricFilters"] == []
    account.put("still stored", group="/rare")
    assert account.described("/rare")["logGroupClass"] == "INFREQUENT_ACCESS"
    rare = account.logs.describe_log_groups(logGroupClass="INFREQUENT_ACCESS")["logGroups"]
    assert [each["logGroupName"] for each in rare] == ["/rare"]
    assert account.described("/group")["logGroupClass"] == "STANDARD"
    listed = {
        each["logGroupName"]: each["logGroupClass"] for each in account.logs.list_log_groups()["logGroups"]
    }
    assert listed == {"/group": "STANDARD", "/rare": "INFREQUENT_ACCESS"}


# What is refused


def test_names_of_log_groups(account: Account) -> None:
    create = account.logs.create_log_group
    assert refused(create, logGroupName="n" * 513) == (
        "InvalidParameterException",
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
    )
    assert "regular expression pattern" in refused(create, logGroupName="a:b")[1]
    assert refused(create, logGroupName="aws/mine")[0] == "InvalidParameterException"
    already = ("ResourceAlreadyExistsException", "The specified log group already exists")
    assert refused(create, logGroupName="/group") == already
    assert refused(create, logGroupName="/g", logGroupClass="COLD")[0] == "InvalidParameterException"


def test_days_of_retention(account: Account) -> None:
    put = account.logs.put_retention_policy
    for days in (1, 3653):
        put(logGroupName="/group", retentionInDays=days)
        assert account.described("/group")["retentionInDays"] == days
    code, message = refused(put, logGroupName="/group", retentionInDays=15)
    assert code == "InvalidParameterException"
    assert "Value '15' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum" in message
    assert refused(put, logGroupName="/none", retentionInDays=1)[0] == "ResourceNotFoundException"


def test_a_log_group_is_protected_from_deletion(account: Account) -> None:
    account.make("/kept", deletionProtectionEnabled=True)
    assert refused(account.logs.delete_log_group, logGroupName="/kept") == (
        "ValidationException",
        "Cannot delete log group with deletion protection enabled. Disable deletion protection first.",
    )
    account.logs.put_log_group_deletion_protection(
        logGroupIdentifier=account.arn("/kept"), deletionProtectionEnabled=False
    )
    account.logs.delete_log_group(logGroupName="/kept")


def test_what_put_metric_filter_refuses_beyond_its_parameters(account: Account) -> None:
    put = account.logs.put_metric_filter
    missing = ("ResourceNotFoundException", "The specified log group does not exist.")
    assert refused(put, **metric_filter("/none")) == missing
    for number in range(100):
        put(**metric_filter("/group", filterName=str(number)))
    limit = ("LimitExceededException", "Resource limit exceeded.")
    assert refused(put, **metric_filter("/group", filterName="100")) == limit
    put(**metric_filter("/group", filterName="99", filterPattern="other"))
    assert account.described("/group")["metricFilterCount"] == 100


# Keys


def key_policy(account: Account, service: str, group: str) -> str:
    root = {"AWS": f"arn:aws:iam::{account.id}:root"}
    own = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    logs = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": account.arn(group)}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [own, logs]})


def test_a_key_lets_cloudwatch_logs_use_it_for_this_group(account: Account) -> None:
    key = account.kms.create_key(Policy=key_policy(account, f"logs.{REGION}.amazonaws.com", "/group"))
    arn = key["KeyMetadata"]["Arn"]
    account.logs.associate_kms_key(logGroupName="/group", kmsKeyId=arn)
    assert account.described("/group")["kmsKeyId"] == arn
    said = "The specified KMS key does not exist or is not allowed to be used with Arn '{}'"
    other = ("AccessDeniedException", said.format(account.arn("/other")))
    assert refused(account.logs.create_log_group, logGroupName="/other", kmsKeyId=arn) == other
    account.logs.disassociate_kms_key(logGroupName="/group")
    assert "kmsKeyId" not in account.described("/group")
    account.kms.disable_key(KeyId=arn)
    code, _ = refused(account.logs.associate_kms_key, logGroupName="/group", kmsKeyId=arn)
    assert code == "InvalidParameterException"


@pytest.mark.parametrize("service", ["logs.eu-west-1.amazonaws.com", "cloudtrail.amazonaws.com"])
def test_a_key_that_lets_another_service(account: Account, service: str) -> None:
    key = account.kms.create_key(Policy=key_policy(account, service, "/group"))["KeyMetadata"]["Arn"]
    assert refused(account.logs.associate_kms_key, logGroupName="/group", kmsKeyId=key)[0] == (
        "AccessDeniedException"
    )


def test_keys_that_are_none(account: Account) -> None:
    associate = account.logs.associate_kms_key
    gone = f"arn:aws:kms:{REGION}:{account.id}:key/{uuid.uuid4()}"
    assert refused(associate, logGroupName="/group", kmsKeyId=gone)[0] == "AccessDeniedException"
    assert refused(associate, logGroupName="/group", kmsKeyId="a-key")[0] == "InvalidParameterException"
    assert refused(associate, kmsKeyId=gone)[0] == "InvalidParameterException"


# Data protection


def document(*identifiers: str, custom: dict[str, str] | None = None) -> str:
    listed = [*(ARN + each for each in identifiers), *(custom or {})]
    policy: dict[str, Any] = {
        "Name": "protect",
        "Version": "2021-06-01",
        "Statement": [
            {"DataIdentifier": listed, "Operation": {"Audit": {"FindingsDestination": {}}}},
            {"DataIdentifier": listed, "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
    }
    if custom:
        entries = [{"Name": name, "Regex": regex} for name, regex in custom.items()]
        policy["Configuration"] = {"CustomDataIdentifier": entries}
    return json.dumps(policy)


def test_masked_data_is_masked_for_searches_unless_unmasked(account: Account) -> None:
    logs = account.logs
    account.put("before: ann@example.com")
    answer = logs.put_data_protection_policy(
        logGroupIdentifier=account.arn("/group"),
        policyDocument=document("EmailAddress", custom={"Id": "id-[0-9]+"}),
    )
    assert answer["logGroupIdentifier"] == account.arn("/group")
    account.put("after: bob@example.com id-17")
    masked = "after: *************** *****"
    assert account.seen() == ["before: ann@example.com", masked]
    assert account.seen(unmask=True) == ["before: ann@example.com", "after: bob@example.com id-17"]
    assert account.seen(filterPattern="bob") == []
    assert account.seen(filterPattern="bob", unmask=True) == ["after: bob@example.com id-17"]
    got = logs.get_log_events(logGroupName="/group", logStreamName="stream", startFromHead=True)["events"]
    assert [event["message"] for event in got] == ["before: ann@example.com", masked]
    assert account.described("/group")["dataProtectionStatus"] == "ACTIVATED"

    logs.delete_data_protection_policy(logGroupIdentifier="/group")
    account.put("open again: cat@example.com")
    assert account.seen()[1:] == [masked, "open again: cat@example.com"]
    assert account.described("/group")["dataProtectionStatus"] == "DELETED"
    assert "policyDocument" not in logs.get_data_protection_policy(logGroupIdentifier="/group")
    code, _ = refused(logs.delete_data_protection_policy, logGroupIdentifier="/group")
    assert code == "ResourceNotFoundException"


def test_a_masked_field_is_not_counted_by_a_metric_filter(account: Account) -> None:
    """This is how a masked log group makes a watch blind: a secret's name that is masked never matches."""
    pattern = '{ $.requestParameters.secretId = "prod/db" }'
    account.logs.put_metric_filter(**metric_filter("/group", filterName="blind", filterPattern=pattern))
    sighted = metric_filter("/group", filterName="sighted", filterPattern='{ $.eventName = "Get*" }')
    sighted["metricTransformations"][0]["metricName"] = "sighted"
    account.logs.put_metric_filter(**sighted)
    account.logs.put_data_protection_policy(
        logGroupIdentifier="/group", policyDocument=document(custom={"Secret": "prod/[a-z]+"})
    )
    account.put('{"eventName":"GetSecretValue","requestParameters":{"secretId":"prod/db"}}')
    cloudwatch = account.client("cloudwatch")

    def names() -> list[str]:
        return [each["MetricName"] for each in cloudwatch.list_metrics(Namespace="/group")["Metrics"]]

    wait_for("the metric of what is not masked", names)
    assert names() == ["sighted"]


def test_unmasking_needs_a_permission_of_its_own(account: Account) -> None:
    iam = account.client("iam")
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = account.client(
        "logs", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )

    def allow(*actions: str) -> None:
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)

    allow("logs:FilterLogEvents")
    account.logs.put_data_protection_policy(
        logGroupIdentifier="/group", policyDocument=document("EmailAddress")
    )
    account.put("ann@example.com")
    reader.filter_log_events(logGroupName="/group")
    code, message = refused(reader.filter_log_events, logGroupName="/group", unmask=True)
    assert code == "AccessDeniedException"
    assert "is not authorized to perform: logs:Unmask on resource" in message
    allow("logs:FilterLogEvents", "logs:Unmask")
    (event,) = reader.filter_log_events(logGroupName="/group", unmask=True)["events"]
    assert event["message"] == "ann@example.com"


def test_an_account_policy_masks_all_log_groups_and_adds_up(account: Account) -> None:
    logs = account.logs
    put = {"policyName": "all", "policyType": "DATA_PROTECTION_POLICY"}
    answer = logs.put_account_policy(**put, policyDocument=document("EmailAddress"))["accountPolicy"]
    assert (answer["scope"], answer["accountId"]) == ("ALL", account.id)
    logs.put_data_protection_policy(logGroupIdentifier="/group", policyDocument=document("IpAddress"))
    account.make("/later")
    account.put("ann@example.com 10.0.0.1")
    assert account.seen() == ["*************** ********"]
    assert account.described("/later")["inheritedProperties"] == ["ACCOUNT_DATA_PROTECTION"]
    code, _ = refused(
        logs.put_account_policy, **(put | {"policyName": "second"}), policyDocument=document("IpAddress")
    )
    assert code == "LimitExceededException"
    (described,) = logs.describe_account_policies(policyType="DATA_PROTECTION_POLICY")["accountPolicies"]
    assert described["policyName"] == "all"
    logs.delete_account_policy(**put)
    assert refused(logs.delete_account_policy, **put)[0] == "ResourceNotFoundException"
    code, _ = refused(logs.put_account_policy, **put, policyDocument="{}")
    assert code == "InvalidParameterException"


# Subscriptions


def test_account_subscriptions_that_are_refused(account: Account) -> None:
    put = {"policyName": "feed", "policyType": "SUBSCRIPTION_FILTER_POLICY"}
    policy = {"DestinationArn": "arn:aws:sns:us-east-1:1:topic", "FilterPattern": "ERROR"}
    for wrong in (
        policy,
        policy | {"FilterPattern": "{ $.a"},
        policy | {"DestinationArn": "arn"},
        policy | {"Distribution": "ByChance"},
        policy | {"Else": 1},
        [],
    ):
        code, _ = refused(account.logs.put_account_policy, **put, policyDocument=json.dumps(wrong))
        assert code == "InvalidParameterException"
    assert account.logs.describe_account_policies(policyType=put["policyType"])["accountPolicies"] == []


DESTINATIONS = {
    "a topic": (
        {"destinationArn": "arn:aws:sns:us-east-1:1:topic"},
        "PutSubscriptionFilter operation cannot work with destinationArn for vendor sns",
    ),
    "a stream without a role": (
        {"destinationArn": "arn:aws:firehose:us-east-1:1:deliverystream/none"},
        "destinationArn for vendor firehose cannot be used without roleArn",
    ),
    "a function with a role": (
        {"destinationArn": "arn:aws:lambda:us-east-1:{}:function:f", "roleArn": "arn:aws:iam::1:role/r"},
        "destinationArn for vendor lambda cannot be used with roleArn",
    ),
    "a function that is not there": (
        {"destinationArn": "arn:aws:lambda:us-east-1:{}:function:f"},
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission",
    ),
    "a destination that is not there": (
        {"destinationArn": "arn:aws:logs:us-east-1:1:destination:d"},
        "The specified destination does not exist.",
    ),
    "no ARN": ({"destinationArn": "queue"}, "Invalid destination ARN"),
}


@pytest.mark.parametrize("wrong", DESTINATIONS)
def test_destinations_that_are_refused(account: Account, wrong: str) -> None:
    arguments, words = DESTINATIONS[wrong]
    where = {"logGroupName": "/group", "filterName": "f", "filterPattern": ""}
    arguments = {name: value.format(account.id) for name, value in arguments.items()}
    code, message = refused(account.logs.put_subscription_filter, **where, **arguments)
    assert (code, words in message) == ("InvalidParameterException", True)


def test_a_function_of_another_account_is_refused_first(account: Account) -> None:
    put = {"logGroupName": "/none", "filterName": "f", "filterPattern": ""}
    foreign = "arn:aws:lambda:us-east-1:111122223333:function:f"
    assert refused(account.logs.put_subscription_filter, **put, destinationArn=foreign) == (
        "AccessDeniedException",
        "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create "
        "cross account lambda triggers.",
    )
