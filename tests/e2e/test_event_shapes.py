"""Events have the shape that AWS's have: compared with recorded ones if they are there, and with facts."""

from __future__ import annotations

import io
import json
import urllib.request
import uuid
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from deployment import wait_for
from event_forms import FACTS, Forms, differences, form_of, shape_of

ACCOUNT = "555566667777"
RECORDED = Path("cloudtrail") / "stratus.jsonl"
PARTS = ("userIdentity", "requestParameters", "responseElements", "resources", "readOnly", "eventCategory")
FACT_PARTS = (*PARTS[1:], "additionalEventData", "errorMessage", "userAgent")

Call = tuple[str, str, str | None]
"""Service, event name and error code."""

# What differs because LocalStack's answer does: a size where no policy was sent, a time without a zone.
ALLOWED = {
    ("route53resolver", "DeleteResolverQueryLogConfig", None): {
        "responseElements.resolverQueryLogConfig.creationTime is ['text'] here, and ['ISO time'] on AWS"
    },
    ("sts", "AssumeRole", None): {"responseElements.packedPolicySize is number here, and not there on AWS"},
}
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def call_of(event: dict[str, Any]) -> Call:
    return event["eventSource"].removesuffix(".amazonaws.com"), event["eventName"], event.get("errorCode")


class Caller:
    """A user of an account of its own that makes every call whose shape is known."""

    def __init__(self) -> None:
        self.name = f"shapes-{uuid.uuid4().hex[:8]}"
        self.root = self._session(ACCOUNT, "test")
        iam = self.root.client("iam")
        iam.create_user(UserName=f"{self.name}-caller")
        iam.put_user_policy(UserName=f"{self.name}-caller", PolicyName="all", PolicyDocument=POLICY)
        key = iam.create_access_key(UserName=f"{self.name}-caller")["AccessKey"]
        self.session = self._session(key["AccessKeyId"], key["SecretAccessKey"])
        self.made = 0

    @staticmethod
    def _session(key: str, secret: str) -> boto3.Session:
        return boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1")

    def call(self, service: str, operation: str, **parameters: Any) -> Any:
        """The answer, or None for what is refused."""
        self.made += 1
        try:
            return getattr(self.session.client(service), operation)(**parameters)
        except ClientError:
            return None

    def make_all(self) -> None:
        self._iam()
        self._sts()
        self._cloudtrail()
        self._s3()
        self._kms()
        self._secrets()
        self._others()

    def _iam(self) -> None:
        trust = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
                ],
            }
        )
        user = {"UserName": self.name}
        tags = [{"Key": "k", "Value": "v"}]
        self.call("iam", "create_user", **user, Tags=tags)
        self.call("iam", "attach_user_policy", **user, PolicyArn=ADMINISTRATOR)
        self.call("iam", "create_access_key", **user)
        password = f"Aa1!{uuid.uuid4()}"
        self.call("iam", "create_login_profile", **user, Password=password, PasswordResetRequired=False)
        self.call("iam", "update_login_profile", **user, Password=password)
        role = {"RoleName": self.name}
        boundary = "arn:aws:iam::aws:policy/AWSDenyAll"
        self.call("iam", "create_role", **role, AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
        self.call("iam", "attach_role_policy", **role, PolicyArn=ADMINISTRATOR)
        self.call("iam", "update_assume_role_policy", **role, PolicyDocument=trust)
        self.call("iam", "get_user", UserName="nobody")

    def _sts(self) -> None:
        role = f"arn:aws:iam::{ACCOUNT}:role/{self.name}"
        self.call("sts", "assume_role", RoleArn=role, RoleSessionName="shapes", DurationSeconds=900)
        self.call("sts", "get_caller_identity")
        self.call("sts", "get_federation_token", Name="federated", Policy=POLICY)

    def _cloudtrail(self) -> None:
        s3 = self.root.client("s3")
        bucket = f"{self.name}-trail"
        s3.create_bucket(Bucket=bucket)
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": ["s3:GetBucketAcl", "s3:PutObject"],
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        }
        s3.put_bucket_policy(
            Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )
        self.call("cloudtrail", "create_trail", Name=self.name, S3BucketName=bucket)
        resources = [
            {"Type": "AWS::S3::Object", "Values": []},
            {"Type": "AWS::Lambda::Function", "Values": []},
        ]
        selector = {
            "ReadWriteType": "ReadOnly",
            "IncludeManagementEvents": False,
            "DataResources": resources,
            "ExcludeManagementEventSources": [],
        }
        self.call("cloudtrail", "put_event_selectors", TrailName=self.name, EventSelectors=[selector])
        self.call("cloudtrail", "stop_logging", Name=self.name)
        self.call("cloudtrail", "delete_trail", Name=self.name)

    def _s3(self) -> None:
        bucket = {"Bucket": self.name}
        self.call("s3", "create_bucket", **bucket)
        block = dict.fromkeys(
            ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
        )
        self.call("s3", "put_public_access_block", **bucket, PublicAccessBlockConfiguration=block)
        self.call("s3", "get_public_access_block", **bucket)
        self.call("s3", "delete_public_access_block", **bucket)
        rule = {"ID": "i", "Status": "Enabled", "Filter": {"Prefix": "p"}, "Expiration": {"Days": 1}}
        self.call(
            "s3", "put_bucket_lifecycle_configuration", **bucket, LifecycleConfiguration={"Rules": [rule]}
        )
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{self.name}/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.call("s3", "put_bucket_policy", **bucket, Policy=policy)
        tags = [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}]
        self.call("s3", "put_bucket_tagging", **bucket, Tagging={"TagSet": tags})
        self.call("s3", "put_bucket_acl", **bucket, ACL="private")
        self.call("s3", "get_object_lock_configuration", **bucket)
        function = {
            "Id": "i",
            "LambdaFunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
            "Events": ["s3:ObjectCreated:*"],
        }
        self.call(
            "s3",
            "put_bucket_notification_configuration",
            **bucket,
            NotificationConfiguration={"LambdaFunctionConfigurations": [function]},
            SkipDestinationValidation=True,
        )

    def _kms(self) -> None:
        key = self.call("kms", "create_key")["KeyMetadata"]["KeyId"]
        other = self.call("kms", "create_key")["KeyMetadata"]["KeyId"]
        alias = f"alias/{self.name}"
        context = {"Department": "IT"}
        self.call("kms", "create_alias", AliasName=alias, TargetKeyId=key)
        text = self.call("kms", "encrypt", KeyId=alias, Plaintext=b"p", EncryptionContext=context)
        blob = text["CiphertextBlob"]
        self.call("kms", "decrypt", CiphertextBlob=blob, EncryptionContext=context)
        self.call("kms", "decrypt", CiphertextBlob=blob, EncryptionContext=context, KeyId=other)
        self.call("kms", "generate_data_key", KeyId=key, KeySpec="AES_256")
        self.call("kms", "delete_alias", AliasName=alias)
        self.call("kms", "disable_key", KeyId=key)
        self.call("kms", "schedule_key_deletion", KeyId=other, PendingWindowInDays=7)

    def _secrets(self) -> None:
        arn = self.call("secretsmanager", "create_secret", Name=self.name, SecretString="none of yours")[
            "ARN"
        ]
        self.call("secretsmanager", "put_secret_value", SecretId=self.name, SecretString="nor this")
        self.call("secretsmanager", "get_secret_value", SecretId=arn)
        tagged = [{"Key": "tag-key", "Values": ["k"]}]
        self.call("secretsmanager", "batch_get_secret_value", Filters=tagged)
        self.call("secretsmanager", "list_secrets", Filters=tagged, MaxResults=100)
        self.call("secretsmanager", "delete_secret", SecretId=self.name, RecoveryWindowInDays=7)
        self.call("ssm", "put_parameter", Name=f"/{self.name}", Value="nor this", Type="SecureString")
        self.call("ssm", "get_parameter", Name=f"/{self.name}", WithDecryption=True)
        self.call("ssm", "get_parameters", Names=[f"/{self.name}"], WithDecryption=True)
        self.call("ssm", "describe_parameters", MaxResults=10)

    def _others(self) -> None:
        self.call("ec2", "delete_vpc", VpcId="vpc-0123456789abcdef0")
        self.call(
            "cloudwatch",
            "put_metric_alarm",
            AlarmName="a",
            MetricName="m",
            Namespace="n",
            Period=7,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            Statistic="Sum",
        )
        self.call("logs", "create_log_group", logGroupName="n" * 513)
        self.call("ecr", "describe_repositories")
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("f.py", "")
        self.call(
            "lambda",
            "create_function",
            FunctionName=self.name,
            Runtime="python3.11",
            Role=f"arn:aws:iam::{ACCOUNT}:role/{self.name}",
            Handler="f.f",
            Code={"ZipFile": code.getvalue()},
            Environment={"Variables": {"ORDER": "none of yours"}},
        )
        permission = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "*"}
        self.call("lambda", "add_permission", FunctionName=self.name, **permission)
        config = self.call(
            "route53resolver",
            "create_resolver_query_log_config",
            Name=self.name,
            DestinationArn=f"arn:aws:s3:::{self.name}",
            CreatorRequestId=self.name,
        )["ResolverQueryLogConfig"]["Id"]
        self.call("route53resolver", "delete_resolver_query_log_config", ResolverQueryLogConfigId=config)

    def events(self) -> dict[Call, list[dict[str, Any]]]:
        """What was recorded of this caller, by call."""
        pages = self.root.client("cloudtrail").get_paginator("lookup_events")
        attribute = {"AttributeKey": "Username", "AttributeValue": f"{self.name}-caller"}
        found = pages.paginate(LookupAttributes=[attribute]).build_full_result()["Events"]
        by_call = defaultdict(list)
        for each in found:
            event = json.loads(each["CloudTrailEvent"])
            by_call[call_of(event)].append(event)
        return by_call


@pytest.fixture(scope="module")
def ours(aws: dict[str, str]) -> dict[Call, list[dict[str, Any]]]:
    caller = Caller()
    caller.make_all()
    return wait_for(
        "every event",
        lambda: events if sum(map(len, (events := caller.events()).values())) >= caller.made else None,
    )


@pytest.fixture(scope="module")
def recorded(repo: Path) -> dict[Call, list[Forms]]:
    file = repo.parent / "shared" / "data" / RECORDED
    if not file.exists():
        pytest.skip(f"no recorded events to compare with: {file} is not there")
    shapes = defaultdict(list)
    for line in file.read_text().splitlines():
        event = json.loads(line)
        shapes[call_of(event)].append(shape_of(event))
    return shapes


def test_events_agree_with_recorded_ones(
    ours: dict[Call, list[dict[str, Any]]],
    recorded: dict[Call, list[Forms]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    covered = sorted(set(ours) & set(recorded), key=str)
    with capsys.disabled():
        uncovered = sorted(f"{source}:{name}" for source, name, _ in set(recorded) - set(covered))
        print(f"\n{len(covered)} of {len(recorded)} recorded calls are compared: {_list(covered)}")
        print(f"not compared: {', '.join(uncovered)}")
    wrong = {
        call: found
        for call in covered
        for event in ours[call]
        if (
            found := [
                each
                for each in differences(shape_of(event), _same_caller(recorded[call]), PARTS)
                if each not in ALLOWED.get(call, set())
            ]
        )
    }
    assert wrong == {}
    assert len(covered) >= 18


def test_events_agree_with_what_is_known(
    ours: dict[Call, list[dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\n{len(FACTS)} calls are compared with our table: {_list(sorted(FACTS, key=str))}")
        rest = sorted(set(ours) - set(FACTS), key=str)
        print(f"made, and not in the table: {_list(rest)}")
    assert set(FACTS) <= set(ours), set(FACTS) - set(ours)
    wrong = {}
    for call, known in FACTS.items():
        for event in ours[call]:
            shape = shape_of(event)
            for part in ("userAgent", "errorMessage"):
                if part in known:
                    shape[part] = {form_of(event.get(part))}
            parts = tuple(part for part in FACT_PARTS if any(path.startswith(part) for path in known))
            if found := differences(shape, [known], parts):
                wrong[call] = found
    assert wrong == {}


def test_who_calls_s3_without_a_header(aws: dict[str, str]) -> None:
    """A presigned URL is its signer's call, and one without a signature nobody's: never root's."""
    name = f"callers-{uuid.uuid4().hex[:8]}"
    boto3.client("s3").create_bucket(Bucket=name)
    iam = boto3.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=POLICY)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    statement = {"Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="locate", PolicyDocument=policy)
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")
    signer = session.client("s3", config=Config(signature_version="s3v4"))
    url = signer.generate_presigned_url("get_bucket_location", Params={"Bucket": name})
    with urllib.request.urlopen(url, timeout=30) as answer:
        answer.read()
    boto3.client("s3", config=Config(signature_version=UNSIGNED)).get_bucket_versioning(Bucket=name)

    def events() -> dict[str, dict[str, Any]]:
        attribute = {"AttributeKey": "ResourceName", "AttributeValue": name}
        found = boto3.client("cloudtrail").lookup_events(LookupAttributes=[attribute])["Events"]
        return {each["EventName"]: json.loads(each["CloudTrailEvent"]) for each in found}

    wanted = {"GetBucketLocation", "GetBucketVersioning"}
    seen = wait_for("both calls", lambda: seen if wanted <= set(seen := events()) else None)
    assert seen["GetBucketLocation"]["userIdentity"]["userName"] == name
    assert seen["GetBucketLocation"]["additionalEventData"]["AuthenticationMethod"] == "QueryString"
    assert "X-Amz-Signature" not in seen["GetBucketLocation"]["requestParameters"]
    assert seen["GetBucketVersioning"]["userIdentity"] == {
        "type": "AWSAccount",
        "principalId": "",
        "accountId": "anonymous",
    }
    assert "AuthenticationMethod" not in seen["GetBucketVersioning"]["additionalEventData"]


def _same_caller(shapes: list[Forms]) -> list[Forms]:
    """Recorded events of users: ours are a user's. Where there are none, who called is not compared."""
    users = [shape for shape in shapes if "userIdentity.userName" in shape]
    if users:
        return users
    return [shape | _USER for shape in shapes]


_USER: Forms = {
    "userIdentity.type": {"text"},
    "userIdentity.principalId": {"user id"},
    "userIdentity.arn": {"arn"},
    "userIdentity.accountId": {"text"},
    "userIdentity.accessKeyId": {"access key"},
    "userIdentity.userName": {"text"},
}


def _list(calls: list[Call]) -> str:
    return ", ".join(f"{source}:{name}{f' ({error})' if error else ''}" for source, name, error in calls)
