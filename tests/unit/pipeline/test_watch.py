from __future__ import annotations

import pytest
from fake_cloud import FACTS

from secretwatch.pipeline.watch import NotAWatch, UnknownSecret, Watch

ARN = FACTS["secret_arn"]


def watch(**facts: object) -> Watch:
    return Watch.from_outputs({"watch": FACTS | facts})


def test_outputs_may_be_terraforms_or_plain() -> None:
    assert Watch.from_outputs({"watch": {"value": FACTS, "type": "object", "sensitive": False}}) == watch()
    assert watch(something_new=1) == watch()
    assert watch(bucket_name=None).bucket_name is None


@pytest.mark.parametrize(
    ("outputs", "says"),
    [
        ({}, 'no output `watch`: give the root module `output "watch" { value = module'),
        ({"watch": {"value": "x"}}, "is not an object"),
        ({"watch": FACTS | {"alarm_name": None}}, "has no alarm_name"),
        ({"watch": {key: FACTS[key] for key in FACTS if key != "region"}}, "has no region"),
    ],
)
def test_outputs_of_something_else(outputs: dict, says: str) -> None:
    with pytest.raises(NotAWatch) as raised:
        Watch.from_outputs(outputs)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("facts", "wanted", "secret"),
    [
        ({}, None, ARN),
        ({}, "TopSecretInfo", "TopSecretInfo"),
        ({}, ARN, ARN),
        ({}, ARN[:-7], ARN[:-7]),
        ({"secrets": ["db"]}, None, ARN),
        ({"secrets": ["db"]}, "db", "db"),
        ({"secret_arn": None, "secret_name": None, "secrets": ["db"]}, None, "db"),
        ({"secret_arn": None, "secret_name": None, "secrets": [ARN, "TopSecretInfo"]}, None, ARN),
    ],
)
def test_which_secret_is_read(facts: dict, wanted: str | None, secret: str) -> None:
    assert watch(**facts).secret(wanted) == secret


@pytest.mark.parametrize(
    ("facts", "wanted", "says"),
    [
        ({}, "db", "db is not watched; these secrets are: TopSecretInfo."),
        ({"secret_arn": None, "secret_name": None, "secrets": ["b", "a"]}, None, "--secret; watched: a, b."),
        ({"secret_arn": None, "secret_name": None, "secrets": []}, None, "watched: none."),
        (
            {"secrets": ["arn:aws:secretsmanager:ap-south-1:000000000000:secret:db-AbCdEf"]},
            "arn:aws:secretsmanager:ap-south-1:000000000000:secret:db-AbCdEf",
            "lies in ap-south-1",
        ),
    ],
)
def test_which_secret_is_not(facts: dict, wanted: str | None, says: str) -> None:
    with pytest.raises(UnknownSecret) as raised:
        watch(**facts).secret(wanted)
    assert says in str(raised.value)
