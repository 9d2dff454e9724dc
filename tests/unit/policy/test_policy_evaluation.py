""""""

import json

import pytest
from written import (
    ACCOUNT,
    ANN,
    CLOUDTRAIL,
    READ,
    ROLE,
    SECRET,
    caller,
    identity,
    policy,
    statement,
)

from secretwatch.policy import Principal, Request, authorize, denied_message, evaluate

OTHER = "222222222222"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/ann"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/watch"


BUCKET = policy(
    {
        "Sid": "TrailChecksAcl",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:GetBucketAcl",
        "Resource": "arn:aws:s3:::logs",
        "Condition": {"StringEquals": {"aws:SourceArn": TRAIL}},
    },
    {
        "Sid": "TrailWrites",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::logs/AWSLogs/{ACCOUNT}/*",
        "Condition": {"StringEquals": {"aws:SourceArn": TRAIL, "s3:x-amz-acl": "bucket-owner-full-control"}},
    },
    {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    },
)
DELIVERY = {
    "aws:SourceArn": [TRAIL],
    "aws:SourceAccount": ACCOUNT,
    "aws:SecureTransport": "true",
    "s3:x-amz-acl": "bucket-owner-full-control",
}


@pytest.mark.parametrize(
    ("key", "context", "effect", "says"),
    [
        (f"AWSLogs/{ACCOUNT}/CloudTrail/x", {}, "Allow", '"TrailWrites" allows'),
        (f"AWSLogs/{OTHER}/CloudTrail/x", {}, "ImplicitDeny", "its Resource leaves"),
        (
            f"AWSLogs/{ACCOUNT}/x",
            {"aws:SourceArn": TRAIL + "2"},
            "ImplicitDeny",
            f'wants "{TRAIL}" and it is',
        ),
        (f"AWSLogs/{ACCOUNT}/x", {"s3:x-amz-acl": []}, "ImplicitDeny", "has no s3:x-amz-acl"),
        (f"AWSLogs/{ACCOUNT}/x", {"aws:SecureTransport": "false"}, "Deny", '"TlsOnly" denies'),
    ],
)
def test_a_trail_writes_to_its_bucket(key: str, context: dict, effect: str, says: str) -> None:
    request = Request(CLOUDTRAIL, "s3:PutObject", f"arn:aws:s3:::logs/{key}", DELIVERY | context, ACCOUNT)
    decision = authorize(request, resource_policy=json.dumps(BUCKET))
    assert decision.effect == effect
    assert says in decision.reason
    assert decision.reason.count(". ") == 0


@pytest.mark.parametrize(
    ("element", "principal", "names"),
    [
        ("*", ANN, True),
        ("*", "sns.amazonaws.com", True),
        ({"AWS": "*"}, "sns.amazonaws.com", True),
        ({"Service": "sns.amazonaws.com"}, "sns.amazonaws.com", True),
        ({"Service": ["a.amazonaws.com", "sns.amazonaws.com"]}, "sns.amazonaws.com", True),
        ({"Service": "sns.amazonaws.com"}, "sqs.amazonaws.com", False),
        ({"Service": "sns.amazonaws.com"}, ANN, False),
        ({"Service": "*"}, "sns.amazonaws.com", False),
        ({"AWS": ACCOUNT}, ANN, True),
        ({"AWS": ROOT}, ANN, True),
        ({"AWS": ROOT}, ROOT, True),
        ({"AWS": ROOT}, "sns.amazonaws.com", False),
        ({"AWS": OTHER}, ANN, False),
        ({"AWS": ANN}, ANN, True),
        ({"AWS": ANN + "a"}, ANN, False),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/*"}, ANN, False),
        ({"AWS": ROLE}, SESSION, True),
        ({"AWS": SESSION}, SESSION, True),
        ({"AWS": SESSION}, SESSION + "2", False),
        ({"AWS": ROLE.replace("reader", "other")}, SESSION, False),
        ({"AWS": ROLE.replace(ACCOUNT, OTHER)}, SESSION, False),
        ({"AWS": "AIDAEXAMPLEEXAMPLEEX"}, ANN, False),
        ({"CanonicalUser": "79a5"}, ANN, False),
        ({"AWS": [ANN, "what?"]}, ANN, True),
        ({}, ANN, False),
        ("everybody", ANN, False),
        ({"Federated": "cognito-identity.amazonaws.com"}, ANN, False),
    ],
)
def test_principals(element: object, principal: str, names: bool) -> None:
    decision = evaluate(policy(statement(Principal=element)), caller(principal))
    assert decision.allowed is names


def test_a_sessions_role_is_told_by_its_path_where_the_issuer_is_known() -> None:
    request = Request(Principal.of(SESSION, issuer=ROLE), READ, SECRET)
    elsewhere = ROLE.replace("service", "elsewhere")
    assert evaluate(policy(statement(Principal={"AWS": ROLE})), request).allowed
    assert not evaluate(policy(statement(Principal={"AWS": elsewhere})), request).allowed
    condition = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
    assert evaluate(policy(statement(Condition=condition)), request).allowed


@pytest.mark.parametrize(
    ("effect", "listed", "principal", "decision"),
    [
        ("Deny", [ANN, ROOT], ANN, "ImplicitDeny"),
        ("Deny", [ANN, ACCOUNT], ANN, "ImplicitDeny"),
        ("Deny", [ANN], ANN, "Deny"),
        ("Deny", [ROOT], ANN, "Deny"),
        ("Deny", [ROLE, ROOT], SESSION, "Deny"),
        ("Deny", [ROLE, SESSION, ROOT], SESSION, "ImplicitDeny"),
        ("Deny", [ANN, ROOT], "sns.amazonaws.com", "Deny"),
        ("Deny", ["*"], ANN, "Deny"),
        ("Allow", [ANN], SESSION, "Allow"),
        ("Allow", [ANN], ANN, "ImplicitDeny"),
        ("Allow", [ROOT], ANN, "ImplicitDeny"),
        ("Allow", ["arn:*"], ANN, "ImplicitDeny"),
    ],
)
def test_not_principal(effect: str, listed: list, principal: str, decision: str) -> None:
    request = Request(Principal.of(principal, issuer=ROLE if principal == SESSION else None), READ, SECRET)
    one = {"Effect": effect, "NotPrincipal": {"AWS": listed}, "Action": "*", "Resource": "*"}
    assert evaluate(policy(one), request).effect == decision


@pytest.mark.parametrize(
    ("elements", "applies"),
    [
        ({"Action": "SecretsManager:getsecretvalue"}, True),
        ({"Action": ["s3:*", "secretsmanager:Get*"]}, True),
        ({"Action": "secretsmanager:Get?ecretValue"}, True),
        ({"Action": "secretsmanager:GetSecret"}, False),
        ({"NotAction": "s3:*"}, True),
        ({"NotAction": ["s3:*", "secretsmanager:*"]}, False),
        ({"Resource": SECRET}, True),
        ({"Resource": SECRET.upper()}, False),
        ({"Resource": f"arn:aws:secretsmanager:*:{ACCOUNT}:secret:db-??????"}, True),
        ({"NotResource": SECRET}, False),
        ({"NotResource": SECRET + "x"}, True),
        ({"Resource": "arn:aws:secretsmanager:us-east-1:${aws:PrincipalAccount}:secret:*"}, True),
        ({"Resource": "arn:aws:secretsmanager:us-east-1:${aws:missing}:secret:*"}, False),
        ({"Resource": "arn:aws:secretsmanager:us-east-1:${*}:secret:*"}, False),
    ],
)
def test_actions_and_resources(elements: dict, applies: bool) -> None:
    one = statement(**elements)
    for name in ("Action", "Resource"):
        if f"Not{name}" in elements:
            del one[name]
    assert evaluate(policy(one), caller(ANN)).allowed is applies


def test_variables_are_text_in_the_older_version() -> None:
    one = statement(Resource="arn:aws:secretsmanager:us-east-1:${aws:PrincipalAccount}:secret:*")
    assert not evaluate({"Version": "2008-10-17", "Statement": [one]}, caller(ANN)).allowed
    assert not evaluate({"Statement": [one]}, caller(ANN)).allowed


@pytest.mark.parametrize(
    "elements",
    [
        {"Unheard": 1},
        {"NotAction": "s3:*"},
        {"NotResource": "s3:*"},
        {"NotPrincipal": {"AWS": OTHER}},
        {"Action": 7},
        {"Action": []},
        {"Resource": {"a": "b"}},
        {"Condition": "always"},
        {"Condition": {"StringEquals": "a"}},
        {"Principal": {"Unheard": "x"}},
    ],
)
def test_what_is_not_understood_never_allows_and_always_denies(elements: dict) -> None:
    allow = evaluate(policy(statement(**elements)), caller(ANN))
    assert allow.effect == "ImplicitDeny"
    assert "statement 1 does not apply" in allow.reason
    deny = evaluate(policy(statement(), statement("Deny", **elements)), caller(ANN))
    assert deny.effect == "Deny"
    assert "Statement 2 denies" in deny.reason
    assert ", since " in deny.reason


def test_a_denial_that_is_about_something_else_does_not_apply_whatever_is_in_it() -> None:
    one = statement("Deny", Action="s3:*", Unheard=1)
    assert evaluate(policy(statement(), one), caller(ANN)).allowed


def test_the_reason_names_the_statement_that_came_nearest() -> None:
    far = statement(Sid="Far", Principal={"AWS": OTHER})
    near = statement(Sid="Near", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    decision = evaluate(policy(far, near, far), caller(ANN))
    assert '"Near" does not apply' in decision.reason
    assert "aws:MultiFactorAuthPresent" in decision.reason


ALLOW, DENY = "Allow", "Deny"


@pytest.mark.parametrize(
    ("principal", "mine", "its", "effect"),
    [
        (ANN, None, None, "ImplicitDeny"),
        (ANN, identity(), None, "Allow"),
        (ANN, None, policy(statement(Principal={"AWS": ANN})), "Allow"),
        (ANN, None, policy(statement()), "Allow"),
        (ANN, None, policy(statement(Principal={"AWS": ROOT})), "ImplicitDeny"),
        (ANN, identity(), policy(statement(Principal={"AWS": ROOT})), "Allow"),
        (ANN, identity("Deny"), policy(statement()), "Deny"),
        (ANN, identity(), policy(statement("Deny")), "Deny"),
        (ROOT, None, None, "Allow"),
        (ROOT, None, policy(statement("Deny", Principal={"AWS": ROOT})), "Deny"),
        (SESSION, None, policy(statement(Principal={"AWS": ROLE})), "Allow"),
        ("sns.amazonaws.com", None, None, "ImplicitDeny"),
        ("sns.amazonaws.com", None, policy(statement(Principal={"Service": "sns.amazonaws.com"})), "Allow"),
        (ANN.replace(ACCOUNT, OTHER), identity(), None, "ImplicitDeny"),
        (ANN.replace(ACCOUNT, OTHER), None, policy(statement()), "ImplicitDeny"),
        (ANN.replace(ACCOUNT, OTHER), identity(), policy(statement()), "Allow"),
        (ROOT.replace(ACCOUNT, OTHER), None, policy(statement()), "Allow"),
        (ROOT.replace(ACCOUNT, OTHER), None, None, "ImplicitDeny"),
    ],
)
def test_both_policies_together(principal: str, mine: dict | None, its: dict | None, effect: str) -> None:
    decision = authorize(caller(principal), identity_policies=[mine] if mine else [], resource_policy=its)
    assert decision.effect == effect


KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"


@pytest.mark.parametrize(
    ("principal", "mine", "its", "effect"),
    [
        (ANN, True, None, "ImplicitDeny"),
        (ANN, True, {"AWS": OTHER}, "ImplicitDeny"),
        (ANN, True, {"AWS": ROOT}, "Allow"),
        (ANN, False, {"AWS": ROOT}, "ImplicitDeny"),
        (ANN, False, {"AWS": ANN}, "Allow"),
        (ANN, False, {"AWS": [ROOT, ANN]}, "Allow"),
        (ROOT, False, {"AWS": ROOT}, "Allow"),
        (ROOT, False, {"AWS": ANN}, "ImplicitDeny"),
        ("cloudwatch.amazonaws.com", False, {"Service": "cloudwatch.amazonaws.com"}, "Allow"),
        ("cloudwatch.amazonaws.com", False, {"AWS": ROOT}, "ImplicitDeny"),
    ],
)
def test_a_keys_own_policy_must_allow(principal: str, mine: bool, its: dict | None, effect: str) -> None:
    request = Request(Principal.of(principal), "kms:GenerateDataKey", KEY)
    decision = authorize(
        request,
        identity_policies=[identity(Action="kms:*")] if mine else [],
        resource_policy=policy(statement(Principal=its, Action="kms:GenerateDataKey*")) if its else None,
    )
    assert decision.effect == effect


def test_an_encryption_context_is_a_condition_key() -> None:
    one = statement(
        Principal={"Service": "cloudtrail.amazonaws.com"},
        Action="kms:GenerateDataKey*",
        Condition={
            "StringLike": {
                "kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"
            },
        },
    )
    context = {"kms:EncryptionContext:aws:cloudtrail:arn": TRAIL}
    assert evaluate(policy(one), Request(CLOUDTRAIL, "kms:GenerateDataKey", KEY, context)).allowed
    assert not evaluate(policy(one), Request(CLOUDTRAIL, "kms:GenerateDataKey", KEY)).allowed


@pytest.mark.parametrize(
    ("mine", "its", "end"),
    [
        ([], None, "because no identity-based policy allows the secretsmanager:GetSecretValue action"),
        ([identity("Deny")], None, "with an explicit deny in an identity-based policy"),
        ([identity()], policy(statement("Deny")), "with an explicit deny in a resource-based policy"),
    ],
)
def test_the_message_to_the_caller(mine: list, its: dict | None, end: str) -> None:
    decision = authorize(caller(ANN), identity_policies=mine, resource_policy=its)
    message = f"User: {ANN} is not authorized to perform: {READ} on resource: {SECRET} {end}"
    assert denied_message(ANN, READ, SECRET, decision) == message
    assert denied_message(ANN, READ, SECRET, decision.because) == message


def test_the_message_to_a_caller_from_another_account() -> None:
    decision = authorize(caller(ANN.replace(ACCOUNT, OTHER)), identity_policies=[identity()])
    assert decision.because == f"because no resource-based policy allows the {READ} action"


@pytest.mark.parametrize(
    ("boundary", "mine", "its", "effect", "end"),
    [
        ([identity()], True, None, "Allow", ""),
        ([identity(Action="s3:*")], True, None, "ImplicitDeny", "no permissions boundary allows"),
        ([identity("Deny")], True, None, "Deny", "an explicit deny in a permissions boundary"),
        # A boundary gives nothing by itself, and takes nothing from what the resource gives.
        ([identity()], False, None, "ImplicitDeny", "no identity-based policy allows"),
        ([identity(Action="s3:*")], False, policy(statement(Principal={"AWS": ANN})), "Allow", ""),
        (
            [identity("Deny")],
            False,
            policy(statement(Principal={"AWS": ANN})),
            "Deny",
            "permissions boundary",
        ),
    ],
)
def test_a_permissions_boundary(boundary: list, mine: bool, its: dict | None, effect: str, end: str) -> None:
    decision = authorize(
        caller(ANN),
        identity_policies=[identity()] if mine else [],
        resource_policy=its,
        permissions_boundary=boundary[0],
    )
    assert decision.effect == effect
    assert end in decision.because
