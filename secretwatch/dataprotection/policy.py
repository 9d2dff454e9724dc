"""A data protection policy: what PutDataProtectionPolicy takes, and which data it masks.

A policy has two statements, one that audits and one that masks, over the same identifiers. Masked data is
replaced by asterisks.

AWS does not say how many asterisks stand for masked data: here as many as it had characters, so that lengths
and places stay.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch-logs-data-protection-policies.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDataProtectionPolicy.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL-custom-data-identifiers.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from secretwatch.dataprotection.identifiers import DETECTED, MANAGED, Identifier
from secretwatch.filterpattern import InvalidFilterPattern
from secretwatch.filterpattern.regex import Regex

MAX_LENGTH = 30_720  # characters
_MAX_CUSTOM = 10
_MAX_CUSTOM_NAME = 128
_MAX_CUSTOM_REGEX = 200
_VERSION = "2021-06-01"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_MANAGED_ARN = re.compile(r"arn:aws[a-z-]*:dataprotection::aws:data-identifier/([A-Za-z-]+)")
_DESTINATIONS = {"CloudWatchLogs": "LogGroup", "Firehose": "DeliveryStream", "S3": "Bucket"}


class InvalidDataProtectionPolicy(ValueError):
    """A policy that CloudWatch Logs refuses, with a sentence that says why."""


@dataclass(frozen=True, slots=True)
class DataProtectionPolicy:
    """A policy that was read. Immutable."""

    name: str | None
    identifiers: tuple[str, ...]
    """What it masks: names of managed identifiers, and of its own."""
    custom: Mapping[str, str]
    """Its own identifiers: the name, and the regular expression that finds the data."""
    masker: Masker

    @classmethod
    def parse(cls, document: str) -> DataProtectionPolicy:
        """The policy in a JSON document. InvalidDataProtectionPolicy for one that AWS refuses."""
        if len(document) > MAX_LENGTH:
            raise InvalidDataProtectionPolicy(
                f"A data protection policy has at most {MAX_LENGTH:,} characters, this one {len(document):,}."
            )
        try:
            policy = json.loads(document)
        except ValueError as error:
            raise InvalidDataProtectionPolicy(f"The policy is not JSON: {error}") from error
        policy = _object(policy, "the policy")
        name = policy.get("name")
        if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise InvalidDataProtectionPolicy(
                "Policy Name can only include alphanumeric characters, hyphens (-) and underscores (_)"
            )
        if policy.get("version", _VERSION) != _VERSION:
            raise InvalidDataProtectionPolicy(f"The Version of a policy is {_VERSION}.")
        custom = _custom_identifiers(policy)
        identifiers = _masked(policy, custom)
        finders = [DETECTED[each] for each in identifiers if each in DETECTED]
        finders += [Identifier(_compiled(custom[each])) for each in identifiers if each in custom]
        return cls(name, identifiers, custom, Masker(tuple(finders)))


@dataclass(frozen=True, slots=True)
class Masker:
    """Replaces sensitive data by asterisks."""

    finders: tuple[Identifier, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.finders)

    def __or__(self, other: Masker) -> Masker:
        """What either of the two masks: policies of account and group are cumulative."""
        return Masker(self.finders + other.finders)

    def mask(self, text: str) -> str:
        """The text with all data of the identifiers masked; as long as it was."""
        masked: list[str] | None = None
        for finder in self.finders:
            for start, end in finder.spans(text):
                masked = list(text) if masked is None else masked
                masked[start:end] = "*" * (end - start)
        return text if masked is None else "".join(masked)


def _object(value: Any, what: str) -> dict[str, Any]:
    """A JSON object with its names in small first letters: AWS takes both forms, and its tools send both."""
    if not isinstance(value, dict):
        raise InvalidDataProtectionPolicy(f"In a data protection policy {what} is an object.")
    return {key[:1].lower() + key[1:]: member for key, member in value.items()}


def _custom_identifiers(policy: Mapping[str, Any]) -> dict[str, str]:
    if policy.get("configuration") is None:
        return {}
    listed = _object(policy["configuration"], "Configuration").get("customDataIdentifier", [])
    if not isinstance(listed, list):
        raise InvalidDataProtectionPolicy("CustomDataIdentifier is a list of objects with Name and Regex.")
    if len(listed) > _MAX_CUSTOM:
        raise InvalidDataProtectionPolicy(
            f"A policy has at most {_MAX_CUSTOM} custom data identifiers, this one {len(listed)}."
        )
    custom: dict[str, str] = {}
    for each in listed:
        entry = _object(each, "each of CustomDataIdentifier")
        name, regex = entry.get("name"), entry.get("regex")
        if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _MAX_CUSTOM_NAME:
            raise InvalidDataProtectionPolicy(
                f"A custom data identifier's name has up to {_MAX_CUSTOM_NAME} letters, digits, _ and -, "
                f"unlike {name!r}."
            )
        if name in MANAGED or name in custom:
            raise InvalidDataProtectionPolicy(f"There already is a data identifier with the name {name}.")
        if not isinstance(regex, str) or not 0 < len(regex) <= _MAX_CUSTOM_REGEX:
            raise InvalidDataProtectionPolicy(
                f"The regular expression of {name} has 1 to {_MAX_CUSTOM_REGEX} characters."
            )
        custom[name] = regex
        _compiled(regex)
    return custom


def _compiled(regex: str) -> re.Pattern[str]:
    """The language is that of filter patterns without the colon, a part of Python's."""
    try:
        Regex.parse(regex, 0, len(regex))
        if ":" in regex:
            raise InvalidDataProtectionPolicy(f"The regular expression {regex} has a colon.")
        return re.compile(regex, re.ASCII)
    except InvalidFilterPattern as error:
        raise InvalidDataProtectionPolicy(
            f"The regular expression {regex} cannot be read: {error.reason}"
        ) from error
    except re.error as error:
        raise InvalidDataProtectionPolicy(
            f"The regular expression {regex} cannot be read: {error}"
        ) from error


def _masked(policy: Mapping[str, Any], custom: Mapping[str, str]) -> tuple[str, ...]:
    """The identifiers of the statement that masks, after both were looked at."""
    statements = policy.get("statement")
    if not isinstance(statements, list) or not statements:
        raise InvalidDataProtectionPolicy(
            "A data protection policy has statements: one Audit, one Deidentify."
        )
    audited: list[tuple[str, ...]] = []
    masked: list[tuple[str, ...]] = []
    for each in statements:
        statement = _object(each, "each statement")
        identifiers = tuple(_identifiers(statement.get("dataIdentifier"), custom))
        operation = _object(statement.get("operation"), "Operation")
        if set(operation) == {"audit"}:
            _check_audit(_object(operation["audit"], "Audit"))
            audited.append(identifiers)
        elif set(operation) == {"deidentify"}:
            config = _object(operation["deidentify"], "Deidentify")
            if config != {"maskConfig": {}}:
                raise InvalidDataProtectionPolicy("Deidentify has an empty MaskConfig and nothing else.")
            masked.append(identifiers)
        else:
            raise InvalidDataProtectionPolicy("The Operation of a statement is Audit or Deidentify.")
    if len(audited) != 1 or len(masked) != 1:
        raise InvalidDataProtectionPolicy(
            "A data protection policy has one statement that audits and one that masks (Deidentify)."
        )
    if sorted(audited[0]) != sorted(masked[0]):
        raise InvalidDataProtectionPolicy(
            "The DataIdentifier lists of the two statements must match exactly: what is masked is audited."
        )
    return masked[0]


def _identifiers(listed: Any, custom: Mapping[str, str]) -> Iterable[str]:
    if not isinstance(listed, list) or not listed:
        raise InvalidDataProtectionPolicy("A statement lists at least one DataIdentifier.")
    for each in listed:
        found = _MANAGED_ARN.fullmatch(each) if isinstance(each, str) else None
        name = found.group(1) if found else each
        if (found and name in MANAGED) or (not found and name in custom):
            yield name
        else:
            raise InvalidDataProtectionPolicy(f"There is no data identifier {each}.")


def _check_audit(audit: Mapping[str, Any]) -> None:
    if set(audit) != {"findingsDestination"}:
        raise InvalidDataProtectionPolicy("Audit has a FindingsDestination, which may be empty.")
    destinations = audit["findingsDestination"]
    if not isinstance(destinations, dict):
        raise InvalidDataProtectionPolicy("FindingsDestination is an object.")
    known = {name.lower(): member for name, member in _DESTINATIONS.items()}
    for name, value in destinations.items():
        if name.lower() not in known:
            raise InvalidDataProtectionPolicy(
                f"A FindingsDestination is {', '.join(_DESTINATIONS)}, not {name}."
            )
        member = known[name.lower()]
        if [key.lower() for key in _object(value, name)] != [member.lower()]:
            raise InvalidDataProtectionPolicy(f"The destination {name} names its {member}.")


def without(document: str, names: Collection[str]) -> str | None:
    """The policy's document without these identifiers; None where it would mask nothing any more.

    document: a policy that can be parsed. names: as in `DataProtectionPolicy.identifiers`.
    """
    policy = json.loads(document)

    def kept(listed: list[Any], name_of: Callable[[Any], Any]) -> list[Any]:
        return [each for each in listed if name_of(each) not in names]

    def member(found: dict[str, Any], name: str) -> str:
        return next((each for each in found if each.lower() == name.lower()), name)

    for statement in policy[member(policy, "Statement")]:
        listed = member(statement, "DataIdentifier")
        statement[listed] = kept(
            statement[listed], lambda each: found[1] if (found := _MANAGED_ARN.fullmatch(each)) else each
        )
        if not statement[listed]:
            return None
    configuration = policy.get(member(policy, "Configuration")) or {}
    custom = member(configuration, "CustomDataIdentifier")
    if configuration.get(custom):
        configuration[custom] = kept(configuration[custom], lambda each: each[member(each, "Name")])
        if not configuration[custom]:
            del policy[member(policy, "Configuration")]
    return json.dumps(policy)
