"""Data protection policies that CloudWatch Logs refuses."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from secretwatch.dataprotection import ARN, DataProtectionPolicy, InvalidDataProtectionPolicy

EMAIL = ARN + "EmailAddress"
GOOD: dict[str, Any] = {
    "Name": "good",
    "Description": "what it is for",
    "Version": "2021-06-01",
    "Configuration": {"CustomDataIdentifier": [{"Name": "Id", "Regex": "Id-[0-9]+"}]},
    "Statement": [
        {
            "Sid": "audit",
            "DataIdentifier": [EMAIL, "Id"],
            "Operation": {
                "Audit": {
                    "FindingsDestination": {
                        "CloudWatchLogs": {"LogGroup": "/findings"},
                        "Firehose": {"DeliveryStream": "stream"},
                        "S3": {"Bucket": "bucket"},
                    }
                }
            },
        },
        {"Sid": "mask", "DataIdentifier": [EMAIL, "Id"], "Operation": {"Deidentify": {"MaskConfig": {}}}},
    ],
}


def custom(policy: dict[str, Any], *entries: dict[str, Any]) -> None:
    policy["Configuration"]["CustomDataIdentifier"] = list(entries)


def audit(policy: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = policy["Statement"][0]["Operation"]["Audit"]
    return found


Change = Callable[[dict[str, Any]], object]

REFUSED: dict[str, tuple[Change, str]] = {
    "a name with a space": (
        lambda p: p.update(Name="data protection policy"),
        "Policy Name can only include alphanumeric characters, hyphens (-) and underscores (_)",
    ),
    "another version": (lambda p: p.update(Version="2012-10-17"), "2021-06-01"),
    "no statement": (lambda p: p.pop("Statement"), "has statements"),
    "no audit": (lambda p: p["Statement"].pop(0), "one statement that audits"),
    "no mask": (lambda p: p["Statement"].pop(1), "one statement that audits"),
    "two masks": (lambda p: p["Statement"].append(p["Statement"][1]), "one statement that audits"),
    "different identifiers": (
        lambda p: p["Statement"][1].update(DataIdentifier=[EMAIL]),
        "must match exactly",
    ),
    "no identifier": (lambda p: p["Statement"][0].update(DataIdentifier=[]), "at least one"),
    "an unknown identifier": (
        lambda p: p["Statement"][0].update(DataIdentifier=[ARN + "Emails"]),
        f"There is no data identifier {ARN}Emails",
    ),
    "a managed identifier without its ARN": (
        lambda p: p["Statement"][0].update(DataIdentifier=["EmailAddress"]),
        "There is no data identifier EmailAddress",
    ),
    "another operation": (lambda p: p["Statement"][0].update(Operation={"Deny": {}}), "Audit or Deidentify"),
    "a mask of its own": (
        lambda p: p["Statement"][1].update(Operation={"Deidentify": {"MaskConfig": {"With": "#"}}}),
        "empty MaskConfig",
    ),
    "no destination": (lambda p: audit(p).clear(), "FindingsDestination"),
    "another destination": (
        lambda p: audit(p).update(FindingsDestination={"SNS": {"Topic": "t"}}),
        "CloudWatchLogs, Firehose, S3",
    ),
    "a destination without a name": (
        lambda p: audit(p).update(FindingsDestination={"S3": {}}),
        "names its Bucket",
    ),
    "11 custom identifiers": (
        lambda p: custom(p, *({"Name": f"n{n}", "Regex": "a"} for n in range(11))),
        "at most 10",
    ),
    "a custom name with a dot": (lambda p: custom(p, {"Name": "a.b", "Regex": "a"}), "letters, digits"),
    "a long custom name": (lambda p: custom(p, {"Name": "a" * 129, "Regex": "a"}), "128"),
    "a custom name that is managed": (
        lambda p: custom(p, {"Name": "EmailAddress", "Regex": "a"}),
        "already is",
    ),
    "a long expression": (lambda p: custom(p, {"Name": "Id", "Regex": "a" * 201}), "1 to 200"),
    "an expression with a parenthesis": (
        lambda p: custom(p, {"Name": "Id", "Regex": "(a)"}),
        "cannot be read",
    ),
    "an expression with a colon": (lambda p: custom(p, {"Name": "Id", "Regex": "a:b"}), "colon"),
    "an expression that is none": (lambda p: custom(p, {"Name": "Id", "Regex": "[a"}), "cannot be read"),
}


def test_the_good_policy_is_taken() -> None:
    policy = DataProtectionPolicy.parse(json.dumps(GOOD))
    assert (policy.name, policy.identifiers) == ("good", ("EmailAddress", "Id"))


def test_names_may_begin_with_a_small_letter() -> None:
    def small(value: Any) -> Any:
        if isinstance(value, dict):
            return {key[0].lower() + key[1:]: small(member) for key, member in value.items()}
        return [small(each) for each in value] if isinstance(value, list) else value

    assert DataProtectionPolicy.parse(json.dumps(small(GOOD))) == DataProtectionPolicy.parse(json.dumps(GOOD))


@pytest.mark.parametrize("wrong", REFUSED)
def test_refused(wrong: str) -> None:
    change, words = REFUSED[wrong]
    policy = copy.deepcopy(GOOD)
    change(policy)
    with pytest.raises(InvalidDataProtectionPolicy) as refused:
        DataProtectionPolicy.parse(json.dumps(policy))
    assert words in str(refused.value)


@pytest.mark.parametrize("document", ["", "{", "[]", "null", '"text"', " " * 30_721])
def test_what_is_no_policy_at_all(document: str) -> None:
    with pytest.raises(InvalidDataProtectionPolicy):
        DataProtectionPolicy.parse(document)
