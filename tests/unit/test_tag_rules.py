"""Which tags each service refuses, by the rules that AWS shares and those of its own."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secretwatch.tags import TAG_RULES, refusal

SERVICES = sorted(TAG_RULES)
GOOD = string.ascii_letters + string.digits + "äß漢 _.:/=+-@"
BAD = "!\"#$%&'()*,;<>?[\\]^`{|}~\t\n😀"

good_key = st.text(GOOD, min_size=1, max_size=128).filter(lambda key: not key.lower().startswith("aws:"))
good_value = st.text(GOOD, max_size=256)


def code(service: str, *tags: tuple[str, str], present: tuple[str, ...] = ()) -> str | None:
    wrong = refusal(service, tags, present)
    return wrong.code if wrong else None


@pytest.mark.parametrize("service", SERVICES)
@settings(max_examples=25)
@given(tags=st.dictionaries(good_key, good_value, max_size=50))
def test_tags_as_the_general_rules_want_them_are_taken(service: str, tags: dict[str, str]) -> None:
    unlike = {key.lower(): key for key in tags}  # IAM does not mind case
    assert refusal(service, [(key, tags[key]) for key in unlike.values()]) is None


CODES = {
    # service: what a key of 129, a value of 257, a bad character, aws:, a key twice, 51 tags, a 51st tag are
    "cloudtrail": "InvalidTagParameterException " * 5 + "TagsLimitExceededException " * 2,
    "cloudwatch": "ValidationError " * 2 + "InvalidParameterValue " * 5,
    "events": "ValidationException " * 7,
    "iam": "ValidationError " * 3 + "InvalidInput " * 2 + "ValidationError LimitExceeded",
    "kms": "ValidationException ValidationException " + "TagException " * 4 + "LimitExceededException",
    "logs": "InvalidParameterException " * 4 + "- InvalidParameterException TooManyTagsException",
    "s3": "InvalidTag " * 5 + "BadRequest -",
    "secretsmanager": "ValidationException " * 2 + "InvalidParameterException " * 5,
    "sns": "InvalidParameter " * 5 + "TagLimitExceeded " * 2,
    "sqs": "InvalidParameterValue " * 4 + "- - -",
}


@pytest.mark.parametrize("service", SERVICES)
def test_each_kind_of_wrong_tag_has_the_services_own_code(service: str) -> None:
    many = [(str(number), "") for number in range(51)]
    answers = [
        code(service, ("k" * 129, "")),
        code(service, ("k", "v" * 257)),
        code(service, ("k", "a,b")),
        code(service, ("AWS:k", "")),
        code(service, ("k", "1"), ("other", ""), ("k", "2")),
        code(service, *many),
        code(service, ("one", "more"), present=tuple(key for key, _ in many[:50])),
    ]
    assert [answer or "-" for answer in answers] == CODES[service].split()


@pytest.mark.parametrize("service", SERVICES)
@settings(max_examples=40)
@given(character=st.sampled_from(BAD), at=st.sampled_from(["key", "value"]))
def test_characters_that_no_service_takes(service: str, character: str, at: str) -> None:
    tag = (f"a{character}", "v") if at == "key" else ("k", f"a{character}")
    assert code(service, tag)
    assert refusal(service, [("fine", "fine"), tag]) is not None


@pytest.mark.parametrize("service", SERVICES)
def test_a_message_is_filled_in_and_says_which_tag(service: str) -> None:
    for tag in (("k" * 129, ""), ("k", "v" * 257), ("k;{0}", ""), ("k", "v;{0}"), ("aws:k", "")):
        wrong = refusal(service, [("fine", "fine"), tag])
        assert wrong is not None
        assert not re.search(r"\{(key|value|number|limit|tags)\}", wrong.message)


def test_what_iam_and_kms_were_seen_to_say() -> None:
    wrong = refusal("iam", [("fine", ""), ("k", "a,b")])
    assert wrong is not None
    assert wrong.message == (
        "1 validation error detected: Value 'a,b' at 'tags.2.member.value' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*"
    )
    for tags, message in (
        ([("a", ""), ("a", "")], "Duplicate tag keys"),
        ([("aws:a", "")], "Tags beginning with aws: are reserved"),
        ([(str(number), "") for number in range(51)], "Too many tags"),
    ):
        wrong = refusal("kms", tags)
        assert wrong is not None
        assert wrong.message == message


def test_iam_minds_no_case_and_others_do() -> None:
    assert code("iam", ("Team", ""), ("team", "")) == "InvalidInput"
    assert code("kms", ("Team", ""), ("team", "")) is None


def test_a_tag_that_the_resource_has_is_replaced() -> None:
    present = tuple(str(number) for number in range(50))
    for service in SERVICES:
        assert code(service, ("7", "new"), present=present) is None


def test_a_service_without_rules_takes_all() -> None:
    assert code("ssm", ("aws:k" * 100, "v")) is None
