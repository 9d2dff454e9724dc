"""What is asked for, and by whom, stands in events as it was sent; what is secret does not."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from deployment import wait_for

from secretwatch import local

ACCOUNTS = iter(f"4700{number:08}" for number in range(1, 1000))


@pytest.fixture
def account(aws: dict[str, str]) -> str:
    return next(ACCOUNTS)


def client(key: str, service: str, secret: str = "test", token: str | None = None) -> Any:
    return boto3.client(service, aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token)


def events(account: str, name: str) -> list[dict[str, Any]]:
    """The events of that name, the latest first; one that comes later is waited for."""

    def found() -> list[dict[str, Any]]:
        wanted = [{"AttributeKey": "EventName", "AttributeValue": name}]
        pages = client(account, "cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=wanted)
        return [json.loads(each["CloudTrailEvent"]) for page in pages for each in page["Events"]]

    return list(wait_for(f"an event {name}", found))


def refused(call: Callable[[], Any]) -> tuple[str, int]:
    with pytest.raises(ClientError) as error:
        call()
    answer = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


# service, call, code and status for keys that open nothing
OF_NOBODY: list[tuple[str, Callable[[Any], Any], str, int]] = [
    ("sts", lambda c: c.get_caller_identity(), "InvalidClientTokenId", 403),
    ("iam", lambda c: c.list_users(), "InvalidClientTokenId", 403),
    ("sns", lambda c: c.list_topics(), "InvalidClientTokenId", 403),
    ("sqs", lambda c: c.list_queues(), "InvalidClientTokenId", 403),
    ("secretsmanager", lambda c: c.list_secrets(), "UnrecognizedClientException", 400),
    ("lambda", lambda c: c.list_functions(), "UnrecognizedClientException", 403),
    ("s3", lambda c: c.list_buckets(), "InvalidAccessKeyId", 403),
    ("ec2", lambda c: c.describe_vpcs(), "AuthFailure", 401),
]


@pytest.mark.parametrize("take_away", ["delete", "deactivate"])
def test_keys_that_were_taken_away_open_nothing(account: str, take_away: str) -> None:
    iam = client(account, "iam")
    iam.create_user(UserName="ann")
    iam.put_user_policy(
        UserName="ann",
        PolicyName="all",
        PolicyDocument='{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*",'
        ' "Resource": "*"}}',
    )
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    keys = key["AccessKeyId"], key["SecretAccessKey"]
    assert keys[0].startswith("AKIA")
    identity = client(keys[0], "sts", keys[1]).get_caller_identity()
    assert (identity["Account"], identity["Arn"].split(":")[-1]) == (account, "user/ann")
    url = client(keys[0], "s3", keys[1]).generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"})
    if take_away == "delete":
        iam.delete_access_key(UserName="ann", AccessKeyId=keys[0])
    else:
        iam.update_access_key(UserName="ann", AccessKeyId=keys[0], Status="Inactive")
    for service, call, *expected in OF_NOBODY:
        made = client(keys[0], service, keys[1])
        assert refused(lambda made=made, call=call: call(made)) == tuple(expected), service
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(url)
    assert (error.value.code, b"InvalidAccessKeyId" in error.value.read()) == (403, True)
    # Of all these calls only the one before is recorded.
    assert [each["userIdentity"]["type"] for each in events(account, "GetCallerIdentity")] == ["IAMUser"]


def test_keys_of_sessions_begin_as_on_aws_and_name_their_account(account: str) -> None:
    trust = {"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}
    role = client(account, "iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
    sts = client(account, "sts")
    answers = [
        sts.assume_role(RoleArn=role["Role"]["Arn"], RoleSessionName="session"),
        sts.get_session_token(),
        sts.get_federation_token(Name="fed"),
    ]
    for made in (answer["Credentials"] for answer in answers):
        assert made["AccessKeyId"].startswith("ASIA")
        keys = made["AccessKeyId"], "sts", made["SecretAccessKey"], made["SessionToken"]
        assert client(*keys).get_caller_identity()["Account"] == account


def test_what_is_recorded_is_what_was_sent(account: str) -> None:
    ssm, s3 = client(account, "ssm"), client(account, "s3")
    ssm.put_parameter(Name="/p", Value="3 coffees", Type="String")
    s3.create_bucket(Bucket=f"sent-{account}")
    s3.put_public_access_block(
        Bucket=f"sent-{account}", PublicAccessBlockConfiguration={"BlockPublicAcls": True}
    )
    (put,) = events(account, "PutParameter")
    assert put["requestParameters"]["name"] == "/p"
    (block,) = events(account, "PutBucketPublicAccessBlock")
    assert block["requestParameters"]["PublicAccessBlockConfiguration"] == {
        "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
        "BlockPublicAcls": True,
    }


def test_an_error_that_repeats_a_secret_does_not_bring_it_into_the_event(account: str) -> None:
    kms = client(account, "kms")
    key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    for token, material in ((b"3-coffees-please", b"x"), (b"x", b"3-coffees-please")):
        refused(
            lambda token=token, material=material: kms.import_key_material(
                KeyId=key, ImportToken=token, EncryptedKeyMaterial=material
            )
        )
    assert "3-coffees" not in json.dumps(events(account, "ImportKeyMaterial"))


def test_texts_of_messages_are_not_logged(account: str, local_cloud: Any) -> None:
    client(account, "sns").publish(PhoneNumber="+4917000000000", Message="3 coffees to go")
    # The text is logged, if it is, before the call is answered, and so before any later call's line.
    client(account, "sns").get_topic_attributes(
        TopicArn=client(account, "sns").create_topic(Name="after-the-message")["TopicArn"]
    )
    log = local.StateDir(local_cloud.state_dir).log_file
    wait_for("the log", lambda: "sns.GetTopicAttributes" in log.read_text())
    assert "3 coffees to go" not in local.StateDir(local_cloud.state_dir).log_file.read_text()


def test_what_is_not_there_is_refused_and_named_as_on_aws(account: str) -> None:
    arn = f"arn:aws:iam::{account}:role/none"
    sts = client(account, "sts")
    assert refused(lambda: sts.assume_role(RoleArn=arn, RoleSessionName="session")) == ("AccessDenied", 403)
    with pytest.raises(ClientError, match="The vpc ID 'vpc-12345678' does not exist"):
        client(account, "ec2").describe_vpcs(VpcIds=["vpc-12345678"])
    secrets = client(account, "secretsmanager")
    secret = secrets.create_secret(Name="db", SecretString="3 coffees")["ARN"]
    secrets.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": "eu-west-1"}])
    (replicated,) = events(account, "ReplicateSecretToRegions")
    assert replicated["responseElements"]["aRN"] == secret


def test_a_replica_is_read_in_its_region(account: str) -> None:
    secret = client(account, "secretsmanager").create_secret(
        Name="db", SecretString="3 coffees", AddReplicaRegions=[{"Region": "eu-west-1"}]
    )["ARN"]
    there = boto3.client(
        "secretsmanager", aws_access_key_id=account, aws_secret_access_key="test", region_name="eu-west-1"
    )
    for secret_id in ("db", secret.replace("us-east-1", "eu-west-1")):
        assert there.get_secret_value(SecretId=secret_id)["Name"] == "db"
