"""How services refuse: codes, statuses and words that are documented or were observed."""

from __future__ import annotations

import pytest

from secretwatch.policy import Decision
from secretwatch.policy.actions import ANY, Need
from secretwatch.policy.denials import Denial, denial

ANN = "arn:aws:iam::111122223333:user/ann"
TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/t"


def refused(
    service: str, protocol: str, need: Need, *, own: bool = True, because: str = "", explicit: bool = False
) -> Denial:
    because = because or f"because no identity-based policy allows the {need.action} action"
    decision = Decision("Deny" if explicit else "ImplicitDeny", "", because)
    return denial(service, protocol, ANN, need, decision, own=own)


@pytest.mark.parametrize(
    ("service", "protocol", "code", "status"),
    [
        ("ec2", "ec2", "UnauthorizedOperation", 403),
        ("iam", "query", "AccessDenied", 403),
        ("kms", "json", "AccessDeniedException", 400),
        ("lambda", "rest-json", "AccessDeniedException", 403),
        ("s3", "rest-xml", "AccessDenied", 403),
        ("sns", "query", "AuthorizationError", 403),
        ("sqs", "json", "AccessDenied", 403),
        ("cloudwatch", "smithy-rpc-v2-cbor", "AccessDenied", 403),
        ("cloudwatch", "query", "AccessDenied", 403),
    ],
)
def test_code_and_status(service: str, protocol: str, code: str, status: int) -> None:
    found = refused(service, protocol, Need(f"{service}:Do", "*"))
    assert (found.code, found.status) == (code, status)


NOT = f"User: {ANN} is not authorized to perform:"
WORDS = [
    (
        "cloudtrail",
        Need("cloudtrail:StopLogging", TRAIL),
        f"{NOT} cloudtrail:StopLogging on resource: {TRAIL}"
        " because no identity-based policy allows the cloudtrail:StopLogging action",
    ),
    (
        "cloudtrail",
        Need("cloudtrail:DescribeTrails", "*"),
        f"{NOT} cloudtrail:DescribeTrails"
        " because no identity-based policy allows the cloudtrail:DescribeTrails action",
    ),
    (
        "acm",
        Need("acm:ListCertificates", ANY),
        f"{NOT} acm:ListCertificates because no identity-based policy allows the acm:ListCertificates action",
    ),
    (
        "organizations",
        Need("organizations:LeaveOrganization", "*"),
        f"{NOT} organizations:LeaveOrganization on resource: *"
        " because no identity-based policy allows the organizations:LeaveOrganization action",
    ),
    (
        "secretsmanager",
        Need("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:1:secret:db-AbCdEf", "db"),
        f"{NOT} secretsmanager:GetSecretValue on resource: db"
        " because no identity-based policy allows the secretsmanager:GetSecretValue action",
    ),
    (
        "sqs",
        Need("sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:Queue"),
        f"{NOT} sqs:sendmessage on resource: arn:aws:sqs:us-east-1:111122223333:Queue"
        " because no identity-based policy allows the sqs:sendmessage action",
    ),
    (
        "s3",
        Need("s3:GetObject", "arn:aws:s3:::b/k"),
        f'{NOT} s3:GetObject on resource: "arn:aws:s3:::b/k"'
        " because no identity-based policy allows the s3:GetObject action",
    ),
    (
        "sts",
        Need("sts:AssumeRole", "arn:aws:iam::111122223333:role/r"),
        f"{NOT} sts:AssumeRole on resource: arn:aws:iam::111122223333:role/r",
    ),
]


def test_of_sts_only_assuming_a_role_gives_no_reason() -> None:
    found = refused("sts", "query", Need("sts:GetAccessKeyInfo", "*"))
    assert found.message == (
        f"{NOT} sts:GetAccessKeyInfo because no identity-based policy allows the sts:GetAccessKeyInfo action"
    )


@pytest.mark.parametrize(("service", "need", "message"), WORDS)
def test_words(service: str, need: Need, message: str) -> None:
    assert refused(service, "json", need).message == message


def test_words_about_what_is_anothers() -> None:
    across = {"own": False, "because": "because no resource-based policy allows the x action"}
    assert (
        refused("s3", "rest-xml", Need("s3:GetObject", "arn:aws:s3:::b/k"), **across).message
        == "Access Denied"
    )
    key = refused("kms", "json", Need("kms:Decrypt", "arn:aws:kms:us-east-1:444455556666:key/k"), **across)
    assert key.message.endswith(
        "because the resource does not exist in this Region, no resource-based policies allow access, or a"
        " resource-based policy explicitly denies access"
    )


def test_an_explicit_deny_is_told_by_all() -> None:
    for service, need, _ in WORDS:
        because = "with an explicit deny in an identity-based policy"
        found = refused(service, "json", need, because=because, explicit=True)
        assert found.message.endswith(because)
