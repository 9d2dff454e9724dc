"""What is said of what differs: the place itself is always seen, whatever stands around it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.hops.words import said
from secretwatch.pipeline.doctor.intent import Difference

STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudtrail.amazonaws.com"},
    "Action": ["s3:PutObject", "s3:GetBucketAcl"],
    "Resource": "arn:aws:s3:::a-bucket-with-a-long-name/AWSLogs/111122223333/*",
}


def words(live: Any, wanted: Any) -> str:
    return said([Difference(Ref("bucket", "b"), "Policy", wanted, live)])


def policy(statements: list[Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@given(st.integers(0, 7), st.sampled_from(sorted(STATEMENT)), st.sampled_from(["Sid", "", "Id"]))
def test_a_change_in_a_long_document_is_named_by_its_place(at: int, member: str, name: str) -> None:
    before = [{**STATEMENT, **({name: f"s{n}"} if name else {"Number": n})} for n in range(8)]
    after = [{**each, member: "changed"} if n == at else each for n, each in enumerate(before)]
    text = words(policy(after), policy(before))
    assert text.startswith(f'Policy.Statement[{at}].{member} is "changed", and was ')
    assert "…" not in text


@given(st.integers(0, 7))
def test_what_is_new_or_gone_in_a_list_is_that_alone(at: int) -> None:
    before = [{**STATEMENT, "Number": n} for n in range(8)]
    more = [*before[:at], {"Effect": "Deny", "Action": "*"}, *before[at:]]
    assert words(policy(more), policy(before)) == (
        f'Policy.Statement[{at}] is new: {{"Action": "*", "Effect": "Deny"}}'
    )
    assert words(policy(before), policy(more)) == (
        f'Policy.Statement[{at}] is gone, and was {{"Action": "*", "Effect": "Deny"}}'
    )


@given(st.text(min_size=200, max_size=400), st.integers(0, 399), st.text(max_size=400))
def test_of_a_long_text_the_place_is_shown(text: str, at: int, end: str) -> None:
    at = min(at, len(text))
    found = words(f"{text[:at]}<{end}", f"{text[:at]}>{end}")
    assert "<" in found
    assert ">" in found
    assert len(found) < 1200


def test_many_places_are_counted() -> None:
    before = [{**STATEMENT, "Sid": f"s{n}"} for n in range(8)]
    after = [{**each, "Effect": "Deny"} for each in before]
    assert words(policy(after), policy(before)).endswith("and 4 more places of Policy")


def test_what_has_a_name_is_compared_with_its_own() -> None:
    """Also where something else is gone: else each would be another one."""
    before = [{**STATEMENT, "Sid": f"s{n}"} for n in range(4)]
    after = [before[0], {**before[2], "Effect": "Deny"}, before[3]]
    assert words(policy(after), policy(before)).startswith(
        'Policy.Statement[1].Effect is "Deny", and was "Allow"; Policy.Statement[1] is gone, and was {'
    )
