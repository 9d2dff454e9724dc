"""What is a policy at all, and what becomes of any JSON that is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written import ANN, CLOUDTRAIL, ROLE, caller, identity, policy, statement

from secretwatch.policy import MalformedPolicy, Policy, Principal, Request, authorize, evaluate


def test_a_trust_policy_has_no_resource_and_others_must() -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    assert authorize(Request(CLOUDTRAIL, "sts:AssumeRole", ROLE), resource_policy=policy(trust)).allowed
    without = {key: value for key, value in statement().items() if key != "Resource"}
    assert not evaluate(policy(without), caller(ANN)).allowed
    root_role = Request(Principal.of(ANN), "sts:AssumeRole", ROLE)
    assert not authorize(
        root_role, identity_policies=[identity(Action="*")], resource_policy=policy(trust)
    ).allowed


def test_a_callers_own_policy_names_no_principal() -> None:
    assert not evaluate([policy(statement())], caller(ANN), "identity").allowed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"x"',
        "{}",
        '{"Statement": []}',
        '{"Statement": ["x"]}',
        '{"Statement": {"Effect": "allow"}}',
        '{"Statement": {"Effect": "Allow", "Sid": 7}}',
        '{"Version": "2026-01-01", "Statement": {"Effect": "Allow"}}',
        '{"Version": [], "Statement": {"Effect": "Allow"}}',
        '{"Statement": {"Effect": "Allow", "Effect": "Deny"}}',
        '{"Rules": [], "Statement": {"Effect": "Allow"}}',
        "[" * 100_000,
        b"\xff\xfe\xfa",
    ],
)
def test_what_is_no_policy_is_malformed(text: str | bytes) -> None:
    with pytest.raises(MalformedPolicy, match=r"^Malformed policy: .+\.$"):
        Policy.parse(text)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["*", "Allow", "${a}", ANN, "kms:*", "true"]),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from(["AWS", "Bool", "Null"]), each),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition", "X"]
        ),
        ANY_JSON,
    ),
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(["identity", "resource"]),
)
def test_any_statement_gets_a_decision(elements: dict, effect: str, kind) -> None:
    decision = evaluate({"Statement": elements | {"Effect": effect}}, caller(ANN), kind)
    assert decision.effect in ({"Allow", "ImplicitDeny"} if effect == "Allow" else {"Deny", "ImplicitDeny"})
    assert decision.reason.endswith(".")


@pytest.mark.parametrize("name", ["", "ann", "arn:aws:s3:::bucket", "arn:aws:iam::1:policy/p"])
def test_a_name_that_is_no_principal(name: str) -> None:
    with pytest.raises(ValueError, match=r"neither an ARN|not the ARN"):
        Principal.of(name)
