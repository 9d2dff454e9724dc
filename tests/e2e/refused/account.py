"""An account of its own for each refusal, and what is made in it before."""

from __future__ import annotations

import json
from typing import Any

import clients

REGION = "us-east-1"
NO_KEY = "00000000-0000-0000-0000-000000000000"


def policy(**elements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [elements]})


TRUST = policy(Effect="Allow", Principal={"Service": "cloudtrail.amazonaws.com"}, Action="sts:AssumeRole")
WRITE = policy(Effect="Allow", Action="logs:PutLogEvents", Resource="*")


class Account:
    """An account of its own: `account.kms` is its client; botocore does not look at what it sends."""

    def __init__(self, account_id: str) -> None:
        self.id = account_id
        self.arn = f"arn:aws:iam::{account_id}:root"
        self._clients: dict[str, Any] = {}

    def client(
        self, service: str, region: str = REGION, account_id: str | None = None, secret: str = "test"
    ) -> Any:
        """account_id: another one, or the id of a key whose secret is given."""
        return clients.Lent(service, account_id or self.id, region, secret)

    def __getattr__(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.client(service)
        return self._clients[service]

    def nobody(self, service: str, *actions: str) -> Any:
        """A client of a user who may do nothing but these."""
        self.iam.create_user(UserName="nobody")
        if actions:
            document = policy(Effect="Allow", Action=actions, Resource="*")
            self.iam.put_user_policy(UserName="nobody", PolicyName="own", PolicyDocument=document)
        key = self.iam.create_access_key(UserName="nobody")["AccessKey"]
        return self.client(service, account_id=key["AccessKeyId"], secret=key["SecretAccessKey"])

    def key(self, **settings: Any) -> str:
        return str(self.kms.create_key(**settings)["KeyMetadata"]["KeyId"])

    def dying_key(self) -> str:
        key = self.key()
        self.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        return key

    def disabled_key(self) -> str:
        key = self.key()
        self.kms.disable_key(KeyId=key)
        return key

    def key_policy(self, **elements: Any) -> str:
        allowed = {"Effect": "Allow", "Principal": {"AWS": self.arn}, "Action": "kms:*", "Resource": "*"}
        return policy(**(allowed | elements))

    def role(self, name: str = "x", **settings: Any) -> str:
        settings.setdefault("AssumeRolePolicyDocument", TRUST)
        self.iam.create_role(RoleName=name, **settings)
        return name

    def put_role_policy(self, document: str = WRITE, name: str = "write") -> str:
        role = self.role()
        self.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)
        return role

    def secret(self, **settings: Any) -> str:
        self.secretsmanager.create_secret(Name="x", SecretString="value", **settings)
        return "x"

    def deleted_secret(self) -> str:
        self.secretsmanager.delete_secret(SecretId=self.secret())
        return "x"

    def secret_policy(self, secret: str, document: str, **settings: Any) -> None:
        self.secretsmanager.put_resource_policy(SecretId=secret, ResourcePolicy=document, **settings)

    def bucket(self, name: str | None = None) -> str:
        name = name or f"refusals-{self.id}"
        self.s3.create_bucket(Bucket=name)
        return name

    def bucket_policy(self, document: str | None = None, **elements: Any) -> None:
        bucket = self.bucket()
        denied = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": f"arn:aws:s3:::{bucket}/*",
        }
        self.s3.put_bucket_policy(Bucket=bucket, Policy=document or policy(**(denied | elements)))

    def topic(self) -> str:
        return str(self.sns.create_topic(Name="x")["TopicArn"])

    def queue(self, **attributes: str) -> str:
        return str(self.sqs.create_queue(QueueName="x", Attributes=attributes)["QueueUrl"])

    def rule(self) -> str:
        self.events.put_rule(Name="x", EventPattern='{"source": ["x"]}')
        return "x"

    def log_group(self, **settings: Any) -> str:
        self.logs.create_log_group(logGroupName="x", **settings)
        return "x"

    def organization(self) -> None:
        self.organizations.create_organization(FeatureSet="ALL")
        self.organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")

    def organization_trail(self) -> str:
        self.organization()
        return self.trail(IsOrganizationTrail=True)

    def trail(self, name: str = "trail", region: str = REGION, **settings: Any) -> str:
        """A trail with a bucket that lets every trail in."""
        bucket = f"trails-{self.id}"
        self.s3.create_bucket(Bucket=bucket)
        allow = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
        statements = [
            allow | {"Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"},
            allow | {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.s3.put_bucket_policy(Bucket=bucket, Policy=document)
        client = self.client("cloudtrail", region)
        return str(client.create_trail(Name=name, S3BucketName=bucket, **settings)["TrailARN"])
