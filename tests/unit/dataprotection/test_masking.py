"""What a data protection policy masks, and what it leaves."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.dataprotection import ARN, DETECTED, MANAGED, DataProtectionPolicy, without


def policy(*identifiers: str, custom: dict[str, str] | None = None) -> DataProtectionPolicy:
    listed = [name if name in (custom or {}) else ARN + name for name in identifiers]
    document: dict[str, Any] = {
        "Name": "test",
        "Version": "2021-06-01",
        "Statement": [
            {"DataIdentifier": listed, "Operation": {"Audit": {"FindingsDestination": {}}}},
            {"DataIdentifier": listed, "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
    }
    if custom:
        entries = [{"Name": name, "Regex": regex} for name, regex in custom.items()]
        document["Configuration"] = {"CustomDataIdentifier": entries}
    return DataProtectionPolicy.parse(json.dumps(document))


SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

# identifier, text, what of it is masked
CASES = [
    ("EmailAddress", "mail to ann.lee+aws@mail.example.com now", ["ann.lee+aws@mail.example.com"]),
    ("EmailAddress", '{"arn":"arn:aws:sts::1:assumed-role/R/bo@x.org"}', ["bo@x.org"]),
    ("EmailAddress", "user@host, @example.com, ann@", []),
    ("IpAddress", '{"sourceIPAddress":"203.0.113.7"}', ["203.0.113.7"]),
    ("IpAddress", "from 2001:db8::1 and 10.0.0.1.", ["2001:db8::1", "10.0.0.1"]),
    ("IpAddress", "version 1.2.3, 300.1.1.1, 1.2.3.4.5, 12:30:45, a::b::c", []),
    ("AwsSecretKey", f'{{"SecretAccessKey":"{SECRET_KEY}"}}', [SECRET_KEY]),
    ("AwsSecretKey", f"aws_secret_access_key = {SECRET_KEY}", [SECRET_KEY]),
    ("AwsSecretKey", f"set-awscredential {SECRET_KEY}", [SECRET_KEY]),
    ("AwsSecretKey", f"hash {SECRET_KEY}", []),
    ("AwsSecretKey", f"secret key {'.' * 60}{SECRET_KEY}", []),  # the keyword is too far away
    ("AwsSecretKey", f"secret key {SECRET_KEY}A", []),
    ("CreditCardNumber", "card 4111 1111 1111 1111 paid", ["4111 1111 1111 1111"]),
    ("CreditCardNumber", "visa: 4111-1111-1111-1112", []),  # its check digit is wrong
    ("CreditCardNumber", "order 4111111111111111", []),
    ("CreditCardSecurityCode", "cvv 123", ["123"]),
    ("Ssn-US", "ssn 123-45-6789", ["123-45-6789"]),
    ("Ssn-US", "ssn 000-45-6789, 123-4567-89", []),
    (
        "OpenSshPrivateKey",
        "a -----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY----- b",
        ["-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----"],
    ),
    (
        "PkcsPrivateKey",
        "-----BEGIN RSA PRIVATE KEY-----\\nabc",  # cut off, and no less secret
        ["-----BEGIN RSA PRIVATE KEY-----\\nabc"],
    ),
    ("PgpPrivateKey", "-----BEGIN PGP PUBLIC KEY BLOCK-----", []),
    ("Name", "Ann Lee", []),  # known, and not found here
]


@pytest.mark.parametrize(("identifier", "text", "masked"), CASES)
def test_managed_identifiers(identifier: str, text: str, masked: list[str]) -> None:
    expected = text
    for part in masked:
        expected = expected.replace(part, "*" * len(part))
    assert policy(identifier).masker.mask(text) == expected


def test_all_that_is_detected_is_managed() -> None:
    assert set(DETECTED) < MANAGED


def test_custom_identifiers() -> None:
    masker = policy("EmployeeId", custom={"EmployeeId": r"EmployeeId-\d{9}"}).masker
    assert masker.mask("EmployeeId-123456789x EmployeeId-12") == "*" * 20 + "x EmployeeId-12"
    secret_names = policy("Secret", "EmailAddress", custom={"Secret": "prod/[a-z]+"}).masker
    assert secret_names.mask('{"secretId":"prod/db","by":"a@b.io"}') == '{"secretId":"*******","by":"******"}'


def test_an_identifier_that_no_statement_names_masks_nothing() -> None:
    assert policy("EmailAddress", custom={"Unused": "a+"}).masker.mask("aaa") == "aaa"


def test_policies_of_account_and_group_are_cumulative() -> None:
    both = policy("EmailAddress").masker | policy("IpAddress").masker
    assert both.mask("a@b.io 10.0.0.1") == "****** ********"


REGEXES = ["a+b", r"\d{2,3}", "x|yz", "[^a-c]d", "^a.", "b$", r"\s\w*"]
TEXTS = st.text(alphabet="abcdxyz019 -\n", max_size=30)


@given(st.lists(st.sampled_from(REGEXES), min_size=1, max_size=3, unique=True), TEXTS)
def test_each_character_of_a_match_is_an_asterisk_and_no_other(regexes: list[str], text: str) -> None:
    custom = {f"c{number}": regex for number, regex in enumerate(regexes)}
    masked = policy(*custom, custom=custom).masker.mask(text)
    covered = {i for regex in regexes for m in re.finditer(regex, text) for i in range(*m.span())}
    assert masked == "".join("*" if i in covered else char for i, char in enumerate(text))


@given(st.text(max_size=60))
def test_masking_keeps_length_and_is_done_once(text: str) -> None:
    masker = policy(*sorted(DETECTED)).masker
    masked = masker.mask(text)
    assert len(masked) == len(text)
    assert masker.mask(masked) == masked


@given(st.lists(st.sampled_from(["EmailAddress", "IpAddress", "Reads"]), min_size=1, unique=True), st.data())
def test_without_some_identifiers_the_others_mask_as_before(names: list[str], data: st.DataObject) -> None:
    custom = {"Reads": "GetSecretValue"} if "Reads" in names else {}
    listed = [name if name in custom else ARN + name for name in names]
    whole = {
        "Name": "test",
        "Version": "2021-06-01",
        "Statement": [
            {"DataIdentifier": listed, "Operation": {"Audit": {"FindingsDestination": {}}}},
            {"DataIdentifier": listed, "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
        **(
            {"Configuration": {"CustomDataIdentifier": [{"Name": "Reads", "Regex": custom["Reads"]}]}}
            if custom
            else {}
        ),
    }
    gone = data.draw(st.sets(st.sampled_from(names)))
    left = without(json.dumps(whole), gone)
    if left is None:
        assert gone == set(names)
    else:
        assert DataProtectionPolicy.parse(left).identifiers == tuple(
            each for each in names if each not in gone
        )
