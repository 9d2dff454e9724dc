"""S3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .account import WRITE, Account
from .case import Case

EXPIRES = {"ID": "x", "Filter": {"Prefix": ""}, "Status": "Enabled", "Expiration": {"Days": 1}}
NOBODY = "arn:aws:iam::{}:user/nobody"


def s3(operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = "") -> Case:
    return Case("s3", operation, code, words, make, about)


CASES: list[Case] = [
    s3(
        "CreateBucket",
        "BucketAlreadyExists",
        "The requested bucket name is not available.",
        lambda a: (
            a.bucket(),
            a.client("s3", account_id="333333333333").create_bucket(Bucket=f"refusals-{a.id}"),
        ),
    ),
    s3(
        "CreateBucket",
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
        lambda a: [
            a.client("s3", "eu-west-1").create_bucket(
                Bucket=f"refusals-{a.id}", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
            )
            for _ in range(2)
        ],
    ),
    s3(
        "CreateBucket",
        "IllegalLocationConstraintException",
        "The unspecified location constraint is incompatible",
        lambda a: a.client("s3", "eu-west-1").create_bucket(Bucket=f"refusals-{a.id}"),
    ),
    *(
        s3(
            "CreateBucket",
            "InvalidBucketName",
            "The specified bucket is not valid.",
            lambda a, name=name: a.bucket(name.format(a.id)),
            name,
        )
        for name in (
            "ab",
            "192.168.5.4",
            "a..{}",
            "{}-",
            "xn--{}",
            "sthree-{}",
            "{}-s3alias",
            "{}--ol-s3",
            "{}.mrap",
        )
    ),
    Case(
        "s3",
        "HeadBucket",
        "NoSuchBucket",
        None,
        lambda a: a.s3.head_bucket(Bucket=f"no-{a.id}"),
        answered="404",  # its answer has no body to say more
    ),
    s3(
        "DeleteBucket",
        "NoSuchBucket",
        "The specified bucket does not",
        lambda a: a.s3.delete_bucket(Bucket=f"no-{a.id}"),
    ),
    s3(
        "DeleteBucket",
        "BucketNotEmpty",
        "The bucket you tried to delete is not empty",
        lambda a: (
            a.s3.put_object(Bucket=a.bucket(), Key="x", Body=b""),
            a.s3.delete_bucket(Bucket=f"refusals-{a.id}"),
        ),
    ),
    s3(
        "PutBucketPolicy",
        "MalformedPolicy",
        "Policies must be valid JSON",
        lambda a: a.bucket_policy("{"),
        "syntax",
    ),
    s3(
        "PutBucketPolicy",
        "MalformedPolicy",
        "Policy has invalid resource",
        lambda a: a.bucket_policy(Resource="arn:aws:s3:::other/*"),
        "resource",
    ),
    s3(
        "PutBucketPolicy",
        "MalformedPolicy",
        "Invalid principal in policy",
        lambda a: a.bucket_policy(Principal={"AWS": NOBODY.format(a.id)}),
        "principal",
    ),
    s3(
        "PutBucketPolicy",
        "MalformedPolicy",
        "Policy has invalid action",
        lambda a: a.bucket_policy(Action="sns:Publish"),
        "action",
    ),
    s3(
        "PutBucketPolicy",
        "PolicyTooLarge",
        "Policy exceeds the maximum allowed document size.",
        lambda a: a.bucket_policy(Sid="x" * 20480),
    ),
    s3(
        "PutBucketPolicy",
        "AccessDenied",
        "User: arn:aws:iam::",
        lambda a: (
            a.s3.put_public_access_block(
                Bucket=a.bucket(), PublicAccessBlockConfiguration={"BlockPublicPolicy": True}
            ),
            a.bucket_policy(Effect="Allow"),
        ),
    ),
    s3(
        "PutBucketPolicy",
        "NoSuchBucket",
        "The specified bucket",
        lambda a: a.s3.put_bucket_policy(Bucket=f"no-{a.id}", Policy=WRITE),
    ),
    s3(
        "GetBucketPolicy",
        "NoSuchBucket",
        "The specified bucket does not exist",
        lambda a: a.s3.get_bucket_policy(Bucket=f"no-{a.id}"),
    ),
    s3(
        "GetBucketPolicy",
        "NoSuchBucketPolicy",
        "The bucket policy does not exist",
        lambda a: a.s3.get_bucket_policy(Bucket=a.bucket()),
    ),
    s3(
        "PutBucketLifecycleConfiguration",
        "NoSuchBucket",
        "The specified bucket does not exist",
        lambda a: a.s3.put_bucket_lifecycle_configuration(
            Bucket=f"no-{a.id}", LifecycleConfiguration={"Rules": [EXPIRES]}
        ),
    ),
    s3(
        "PutBucketLifecycleConfiguration",
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
        lambda a: a.s3.put_bucket_lifecycle_configuration(
            Bucket=a.bucket(), LifecycleConfiguration={"Rules": [EXPIRES | {"Status": "x"}]}
        ),
    ),
]
