"""A trail that somebody else made, with its bucket, log group and role: what an instance is built on."""

from __future__ import annotations

import json
from typing import Any

import boto3


def a_trail() -> dict[str, str]:
    """Somebody else's trail, with a log group that it delivers to."""
    iam, logs, s3 = (boto3.client(name) for name in ("iam", "logs", "s3"))
    cloudtrail = boto3.client("cloudtrail")
    account = boto3.client("sts").get_caller_identity()["Account"]
    name = f"somebodys-trail-{account}"
    s3.create_bucket(Bucket=name)
    allow = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    bucket = f"arn:aws:s3:::{name}"
    statements = [
        {**allow, "Action": "s3:GetBucketAcl", "Resource": bucket},
        {**allow, "Action": "s3:PutObject", "Resource": f"{bucket}/AWSLogs/{account}/*"},
    ]
    s3.put_bucket_policy(Bucket=name, Policy=policy(*statements))
    logs.create_log_group(logGroupName="somebodys")
    role = iam.create_role(
        RoleName="somebodys", AssumeRolePolicyDocument=policy({**allow, "Action": "sts:AssumeRole"})
    )
    write = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
    iam.put_role_policy(RoleName="somebodys", PolicyName="write", PolicyDocument=policy(write))
    trail = cloudtrail.create_trail(
        Name="somebodys",
        S3BucketName=name,
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:us-east-1:{account}:log-group:somebodys:*",
        CloudWatchLogsRoleArn=role["Role"]["Arn"],
    )
    cloudtrail.start_logging(Name="somebodys")
    return {"log_group_name": "somebodys", "trail_arn": trail["TrailARN"]}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
