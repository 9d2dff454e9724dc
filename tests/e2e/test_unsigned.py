"""Calls without a signature: refused as AWS refuses them, but for what AWS lets somebody do without keys."""

from __future__ import annotations

import json
import urllib.request
import uuid
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError


@pytest.fixture(autouse=True)
def _cloud(aws: dict[str, str]) -> None: ...


def unsigned(service: str) -> Any:
    return boto3.client(service, config=Config(signature_version=UNSIGNED))


def asked(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("cloudwatch", "delete_alarms", {"AlarmNames": ["x"]}),
        ("cloudtrail", "stop_logging", {"Name": "x"}),
        ("ec2", "describe_vpcs", {}),
        ("events", "list_rules", {}),
        ("iam", "create_user", {"UserName": "x"}),
        ("kms", "create_key", {}),
        ("lambda", "list_functions", {}),
        ("logs", "describe_log_groups", {}),
        ("secretsmanager", "list_secrets", {}),
        ("sns", "create_topic", {"Name": "x"}),
        ("sns", "publish", {"TopicArn": "arn:aws:sns:us-east-1:000000000000:x", "Message": "x"}),
        ("sqs", "create_queue", {"QueueName": "x"}),
        ("sts", "get_caller_identity", {}),
    ],
)
def test_a_call_without_a_signature(service: str, operation: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as error:
        getattr(unsigned(service), operation)(**arguments)
    answer = error.value.response
    assert answer["Error"]["Code"] == "MissingAuthenticationToken"
    assert answer["Error"]["Message"] == "Request is missing Authentication Token"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_no_event_tells_of_it() -> None:
    name = f"unsigned-{uuid.uuid4().hex[:8]}"
    with pytest.raises(ClientError):
        unsigned("secretsmanager").create_secret(Name=name, SecretString="x")
    boto3.client("secretsmanager").create_secret(Name=name, SecretString="x")
    attribute = {"AttributeKey": "EventName", "AttributeValue": "CreateSecret"}
    events = boto3.client("cloudtrail").lookup_events(LookupAttributes=[attribute])["Events"]
    assert [json.loads(each["CloudTrailEvent"]).get("errorCode") for each in events if name in str(each)] == [
        None
    ]


def test_a_password_in_a_link_is_no_signature(local_cloud: Any) -> None:
    link = f"{local_cloud.url}/?Action=CreateTopic&Name=x&Version=2010-03-31"
    status, text = asked(link, Authorization="Basic dGVzdDp0ZXN0")
    assert status == 403
    assert "MissingAuthenticationToken" in text
    status, text = asked(f"{local_cloud.url}/some-bucket/key", Authorization="Basic dGVzdDp0ZXN0")
    assert status == 400
    assert "Unsupported Authorization Type" in text


def test_a_proof_by_another_is_enough_for_sts() -> None:
    answer = unsigned("sts").assume_role_with_web_identity(
        RoleArn="arn:aws:iam::000000000000:role/somebody", RoleSessionName="session", WebIdentityToken="token"
    )
    assert answer["Credentials"]


@pytest.mark.parametrize("form", ["{cloud}/{account}/{name}", "{cloud}/queue/us-east-1/{account}/{name}"])
def test_a_queues_address_wants_a_signature(local_cloud: Any, form: str) -> None:
    name = f"unsigned-{uuid.uuid4().hex[:8]}"
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    address = form.format(cloud=local_cloud.url, account=urlsplit(url).path.split("/")[1], name=name)
    for method, body in (("GET", None), ("POST", b"Action=PurgeQueue")):
        status, text = asked(f"{address}?Action=PurgeQueue", method, body)
        assert status == 403
        assert "MissingAuthenticationToken" in text
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "kept"


class Bucket:
    def __init__(self) -> None:
        self.name = f"unsigned-{uuid.uuid4().hex[:8]}"
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket=self.name)

    def opened(self, *actions: str) -> None:
        """To everybody, by its policy."""
        self.s3.delete_public_access_block(Bucket=self.name)
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": actions,
            "Resource": f"arn:aws:s3:::{self.name}/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.s3.put_bucket_policy(Bucket=self.name, Policy=policy)

    def keys(self) -> list[str]:
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])]


def denied(call: Any, **arguments: Any) -> bool:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return bool(error.value.response["Error"]["Code"] == "AccessDenied")


def test_nobody_changes_a_bucket_that_is_not_public() -> None:
    bucket, nobody = Bucket(), unsigned("s3")
    bucket.s3.put_object(Bucket=bucket.name, Key="kept")
    where = {"Bucket": bucket.name}
    assert denied(nobody.put_object, **where, Key="new")
    assert denied(nobody.delete_object, **where, Key="kept")
    assert denied(nobody.delete_objects, **where, Delete={"Objects": [{"Key": "kept"}]})
    assert denied(nobody.delete_bucket_policy, **where)
    assert denied(nobody.create_bucket, Bucket=f"{bucket.name}-2")
    assert bucket.keys() == ["kept"]


def test_everybody_does_what_a_buckets_policy_says() -> None:
    bucket, nobody = Bucket(), unsigned("s3")
    bucket.opened("s3:PutObject")
    nobody.put_object(Bucket=bucket.name, Key="new")
    assert denied(nobody.delete_object, Bucket=bucket.name, Key="new")
    block = {"RestrictPublicBuckets": True}
    bucket.s3.put_public_access_block(Bucket=bucket.name, PublicAccessBlockConfiguration=block)
    assert denied(nobody.put_object, Bucket=bucket.name, Key="newer")
    assert bucket.keys() == ["new"]


def test_everybody_writes_where_the_acl_says_so() -> None:
    bucket, nobody = Bucket(), unsigned("s3")
    bucket.s3.delete_public_access_block(Bucket=bucket.name)
    rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    bucket.s3.put_bucket_ownership_controls(Bucket=bucket.name, OwnershipControls=rules)
    bucket.s3.put_bucket_acl(Bucket=bucket.name, ACL="public-read-write")
    nobody.put_object(Bucket=bucket.name, Key="new")
    assert denied(nobody.delete_bucket, Bucket=bucket.name)
    assert bucket.keys() == ["new"]


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_address_is_a_signature(version: str) -> None:
    bucket = Bucket()
    signer = boto3.client("s3", config=Config(signature_version=version))
    given = {"Bucket": bucket.name, "Key": "new"}
    assert asked(signer.generate_presigned_url("put_object", given), "PUT", b"x")[0] == 200
    assert asked(signer.generate_presigned_url("get_object", given))[1] == "x"
    assert asked(signer.generate_presigned_url("delete_object", given), "DELETE")[0] == 204
    assert bucket.keys() == []


@pytest.mark.parametrize("signed", [True, False])
def test_a_form_is_signed_in_its_fields(local_cloud: Any, signed: bool) -> None:
    bucket = Bucket()
    post = bucket.s3.generate_presigned_post(bucket.name, "new")
    fields = post["fields"] if signed else {"key": "new"}
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]  # fmt: skip # noqa: E501
    body = (
        "".join(parts)
        + '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--b--\r\n'
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    status, text = asked(f"{local_cloud.url}/{bucket.name}", "POST", body.encode(), **headers)
    assert status == (204 if signed else 403), text
    assert bucket.keys() == (["new"] if signed else [])


def test_localstacks_own_changes_want_a_header_that_no_page_sends(local_cloud: Any) -> None:
    url = f"{local_cloud.url}/_localstack/health"
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        status, text = asked(url, "POST", b"{}", **{"Content-Type": kind})
        assert (status, "Content-Type: application/json" in text) == (403, True)
    assert asked(url, "PUT", b"{}", **{"Content-Type": "application/json"})[0] == 200


def test_no_answer_lets_another_origin_read_it(local_cloud: Any) -> None:
    bucket = Bucket()
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    bucket.s3.put_bucket_cors(Bucket=bucket.name, CORSConfiguration={"CORSRules": [rule]})
    bucket.s3.put_object(Bucket=bucket.name, Key="k", Body=b"x")
    paths = ["/", "/_localstack/health", "/_secretwatch/inbox", f"/{bucket.name}/k"]
    for origin in (local_cloud.url, "https://app.localstack.cloud", "null"):
        for path in paths:
            for method in ("GET", "OPTIONS"):
                request = urllib.request.Request(
                    local_cloud.url + path, headers={"Origin": origin}, method=method
                )
                try:
                    answer = urllib.request.urlopen(request, timeout=30)
                except HTTPError as error:
                    answer = error
                with answer:
                    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
                    assert origin == local_cloud.url or answer.status == 403
