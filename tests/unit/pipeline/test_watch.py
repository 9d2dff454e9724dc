from __future__ import annotations

import pytest
from fake_cloud import FACTS

from secretwatch.pipeline.watch import NotAWatch, Realtime, UnknownSecret, Watch

ARN = FACTS["secret_arn"]
HERE = f"arn:aws:secretsmanager:{FACTS['region']}:{FACTS['account_id']}:secret"
AWAY = HERE.replace(FACTS["region"], "ap-south-1")
MEMBER = HERE.replace(FACTS["account_id"], "444455556666")
GIVEN = {"secret_arn": None, "secret_name": None}


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
        # A prefix, and all: which is said.
        (GIVEN | {"secrets": ["prod/*"]}, "prod/db", "prod/db"),
        (GIVEN | {"secrets": ["prod/*"]}, f"{HERE}:prod/db-Qx7pLm", f"{HERE}:prod/db-Qx7pLm"),
        (GIVEN | {"secrets": ["*"]}, "anything", "anything"),
        (GIVEN | {"secrets": ["prod/*", "db"]}, None, "db"),
        # A partial ARN, also one that looks whole.
        (GIVEN | {"secrets": [f"{HERE}:billing"]}, None, f"{HERE}:billing"),
        (GIVEN | {"secrets": [f"{HERE}:billing"]}, f"{HERE}:billing-Qx7pLm", f"{HERE}:billing-Qx7pLm"),
        (GIVEN | {"secrets": [f"{HERE}:app-secret"]}, "app-secret", "app-secret"),
        (
            GIVEN | {"secrets": [f"{HERE}:app-secret"]},
            f"{HERE}:app-secret-Qx7pLm",
            f"{HERE}:app-secret-Qx7pLm",
        ),
        # A replica here of what is watched elsewhere, and what lies here beside it.
        (GIVEN | {"secrets": [f"{AWAY}:db-Qx7pLm"]}, "db", "db"),
        (GIVEN | {"secrets": [f"{AWAY}:db-Qx7pLm"]}, f"{HERE}:db-Qx7pLm", f"{HERE}:db-Qx7pLm"),
        (GIVEN | {"secrets": [f"{AWAY}:db-Qx7pLm", f"{HERE}:api-Qx7pLm"]}, None, f"{HERE}:api-Qx7pLm"),
        # Members of an organisation: this account's own first.
        (GIVEN | {"organization": True, "secrets": [f"{MEMBER}:db-Qx7pLm"]}, None, f"{MEMBER}:db-Qx7pLm"),
        (GIVEN | {"organization": True, "secrets": [f"{MEMBER}:db-Qx7pLm", "api"]}, None, "api"),
        (GIVEN | {"organization": True, "secrets": ["api"]}, f"{MEMBER}:api-Qx7pLm", f"{MEMBER}:api-Qx7pLm"),
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
            "is in ap-south-1",
        ),
        (GIVEN | {"secrets": [f"{AWAY}:db-Qx7pLm"]}, None, "with --secret, such as its replica there, db."),
        (
            GIVEN | {"secrets": ["prod/*"]},
            None,
            "watched: prod/*. A prefix is not a secret that can be read: write",
        ),
        (GIVEN | {"secrets": ["*"]}, None, "watched: *. A prefix is not a secret"),
        (
            GIVEN | {"secrets": ["prod/*"]},
            "production",
            "production is not watched; these secrets are: prod/*.",
        ),
        (
            GIVEN | {"secrets": ["prod/*"]},
            "prod/*",
            "prod/* stands for many secrets: write the name or ARN of one",
        ),
        (GIVEN | {"secrets": [f"{HERE}:app-secret"]}, "app-secrets", "is not watched"),
        (
            GIVEN | {"organization": True, "secrets": [f"{MEMBER}:db-Qx7pLm"]},
            "db",
            f"A name alone is of account {FACTS['account_id']}: write the whole ARN, {MEMBER}:db-Qx7pLm.",
        ),
        (GIVEN | {"secrets": ["api"]}, f"{MEMBER}:api-Qx7pLm", "is not watched"),
    ],
)
def test_which_secret_is_not(facts: dict, wanted: str | None, says: str) -> None:
    with pytest.raises(UnknownSecret) as raised:
        watch(**facts).secret(wanted)
    assert says in str(raised.value)


def test_one_of_several_watches() -> None:
    other = FACTS | {"watch": "payments", "alarm_name": "payments"}
    outputs = {"watch": {"value": FACTS}, "watches": {"value": {"payments": other}}}
    assert Watch.from_outputs(outputs, "payments").alarm_name == "payments"
    with pytest.raises(NotAWatch, match="no watch 'x', but payments"):
        Watch.from_outputs(outputs, "x")
    with pytest.raises(NotAWatch, match="no output `watches`"):
        Watch.from_outputs({"watch": {"value": FACTS}}, "payments")


def test_what_a_watch_has_several_of() -> None:
    one = Watch.from_outputs({"watch": FACTS | {"metric_filter_name": "f", "filter_pattern": "{ $.a = 1 }"}})
    assert (one.metric_filter_names, one.filter_patterns) == (("f",), ("{ $.a = 1 }",))
    assert one.topic_arns == (FACTS["topic_arn"],)
    assert one.realtime is None
    several = Watch.from_outputs(
        {
            "watch": FACTS
            | {
                "metric_filter_name": "f",
                "metric_filter_names": ["f", "g"],
                "realtime": {"rule_names": ["r"], "dead_letter_queue_url": "https://q", "alarm_names": ["a"]},
            }
        }
    )
    assert several.metric_filter_names == ("f", "g")
    assert several.realtime == Realtime(("r",), "https://q", ("a",))
