"""Which tags each service refuses, and what it answers.

All services share the general rules: a key has 1 to 128 characters, a value at most 256, a key does not begin
with ``aws:``, and a resource has at most 50 tags. They differ in their error codes, in what they say, in
which characters they take, and in whether they look at all. Not here: where a request has its tags.
https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

Tag = tuple[str, str]
"""Key and value."""

_KEY_LENGTH = 128
_VALUE_LENGTH = 256
_LIMIT = 50

# AWS writes [\p{L}\p{Z}\p{N}_.:/=+\-@]: letters and numbers are Python's \w; \p{Z} are the separators, to
# which tabs and line ends do not belong.
SEPARATORS = " \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
CHARACTERS = re.compile(rf"[\w{SEPARATORS}.:/=+\-@]*")
"""What the general rules let stand in a key or a value."""


@dataclass(frozen=True)
class Refusal:
    """An error of a service: its code, and its message, in which {key}, {value}, {number} (from 1), {limit}
    and {tags} are filled in."""

    code: str
    message: str


@dataclass(frozen=True)
class TagRules:
    """What a service answers to each kind of wrong tag; None where it takes such tags.

    source: who says so. many: to more than 50 tags in one request. more: to 50 tags at last, with those that
    the resource has. characters: to others than CHARACTERS.
    """

    source: str
    key_length: Refusal
    value_length: Refusal
    key_characters: Refusal | None
    value_characters: Refusal | None
    reserved: Refusal | None
    duplicate: Refusal | None
    many: Refusal | None
    more: Refusal | None
    case_matters: bool = True


def refusal(service: str, tags: Sequence[Tag], present: Collection[str] = ()) -> Refusal | None:
    """The error that the service answers to these tags, its message filled in; None where it takes them.

    service: as botocore names it; one without rules takes all. present: the keys that the resource has.
    Each tag is looked at in turn, then how many there are, as S3 was seen to do.
    """
    rules = TAG_RULES.get(service)
    if rules is None:
        return None
    seen: set[str] = set()
    for number, (key, value) in enumerate(tags, 1):
        wrong = _wrong(rules, key, value, seen)
        if wrong:
            return _filled(wrong, key=key, value=value, number=number, tags=tags)
        seen.add(key if rules.case_matters else key.lower())
    if rules.many and len(tags) > _LIMIT:
        return _filled(rules.many, tags=tags)
    if rules.more and len({key for key, _ in tags} | set(present)) > _LIMIT:
        return _filled(rules.more, tags=tags)
    return None


def _wrong(rules: TagRules, key: str, value: str, seen: Collection[str]) -> Refusal | None:
    if not 1 <= len(key) <= _KEY_LENGTH:
        return rules.key_length
    if len(value) > _VALUE_LENGTH:
        return rules.value_length
    if rules.reserved and key.lower().startswith("aws:"):
        return rules.reserved
    if rules.key_characters and not CHARACTERS.fullmatch(key):
        return rules.key_characters
    if rules.value_characters and not CHARACTERS.fullmatch(value):
        return rules.value_characters
    if (key if rules.case_matters else key.lower()) in seen:
        return rules.duplicate
    return None


def _filled(
    wrong: Refusal, *, tags: Sequence[Tag], key: str = "", value: str = "", number: int = 0
) -> Refusal:
    shown = "{" + ", ".join(f"{name}={text}" for name, text in tags) + "}"
    message = wrong.message.format(key=key, value=value, number=number, limit=_LIMIT, tags=shown)
    return Refusal(wrong.code, message)


def _constraint(code: str, at: str, what: str, constraint: str) -> Refusal:
    """How AWS words what its service models forbid."""
    return Refusal(
        code,
        f"1 validation error detected: Value '{{{what}}}' at '{at}' failed to satisfy constraint: "
        f"{constraint}",
    )


def _at_most(code: str, at: str, what: str, length: int) -> Refusal:
    return _constraint(code, at, what, f"Member must have length less than or equal to {length}")


_IAM_KEY = r"Member must satisfy regular expression pattern: [\p{{L}}\p{{Z}}\p{{N}}_.:/=+\-@]+"
_IAM_VALUE = r"Member must satisfy regular expression pattern: [\p{{L}}\p{{Z}}\p{{N}}_.:/=+\-@]*"
_LOGS_KEY = (
    f"Map keys must satisfy constraint: [Member must have length less than or equal to {_KEY_LENGTH}, "
    "Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: "
    r"^([\p{{L}}\p{{Z}}\p{{N}}_.:/=+\-@]+)$]"
)
_LOGS_VALUE = (
    f"Map value must satisfy constraint: [Member must have length less than or equal to {_VALUE_LENGTH}, "
    "Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: "
    r"^([\p{{L}}\p{{Z}}\p{{N}}_.:/=+\-@]*)$]"
)

_CLOUDTRAIL = "InvalidTagParameterException"
_SECRETS = "InvalidParameterException"

TAG_RULES: dict[str, TagRules] = {
    "cloudtrail": TagRules(
        source="API_AddTags: both errors and the limit of 50. AWS does not say which words they have, nor "
        "whether an empty value is one: a key without a value is.",
        key_length=Refusal(_CLOUDTRAIL, "The key of a tag has 1 to 128 characters: {key}"),
        value_length=Refusal(_CLOUDTRAIL, "The value of a tag has at most 256 characters: {value}"),
        key_characters=Refusal(_CLOUDTRAIL, "The key of a tag has characters that are not valid: {key}"),
        value_characters=Refusal(
            _CLOUDTRAIL, "The value of a tag has characters that are not valid: {value}"
        ),
        reserved=Refusal(_CLOUDTRAIL, "The key of a tag cannot begin with aws:, which is reserved: {key}"),
        duplicate=Refusal(_CLOUDTRAIL, "A tag's key can be given only once: {key}"),
        many=Refusal("TagsLimitExceededException", "The number of tags exceeds the limit of {limit}."),
        more=Refusal("TagsLimitExceededException", "The number of tags exceeds the limit of {limit}."),
    ),
    "cloudwatch": TagRules(
        source="API_TagResource: InvalidParameterValue, 50 tags; the model: lengths. AWS does not say which "
        "words the first has.",
        key_length=_at_most("ValidationError", "tags.{number}.member.key", "key", _KEY_LENGTH),
        value_length=_at_most("ValidationError", "tags.{number}.member.value", "value", _VALUE_LENGTH),
        key_characters=Refusal("InvalidParameterValue", "The tag key {key} is not valid."),
        value_characters=Refusal("InvalidParameterValue", "The tag value {value} is not valid."),
        reserved=Refusal("InvalidParameterValue", "The tag key {key} begins with aws:, which is reserved."),
        duplicate=Refusal("InvalidParameterValue", "The tag key {key} is given more than once."),
        many=Refusal("InvalidParameterValue", "An alarm has at most {limit} tags."),
        more=Refusal("InvalidParameterValue", "An alarm has at most {limit} tags."),
    ),
    "events": TagRules(
        source="API_TagResource: 50 tags; the model: lengths; LocalStack's recorded answer: duplicates. AWS "
        "does not say which words the others have.",
        key_length=_at_most("ValidationException", "tags.{number}.member.key", "key", _KEY_LENGTH),
        value_length=_at_most("ValidationException", "tags.{number}.member.value", "value", _VALUE_LENGTH),
        key_characters=Refusal("ValidationException", "Invalid tag key: {key}"),
        value_characters=Refusal("ValidationException", "Invalid tag value: {value}"),
        reserved=Refusal("ValidationException", "Tag keys cannot start with aws:, which is reserved: {key}"),
        duplicate=Refusal("ValidationException", "Invalid parameter: Duplicated keys are not allowed."),
        many=Refusal("ValidationException", "The number of tags exceeds the limit of {limit}."),
        more=Refusal("ValidationException", "The number of tags exceeds the limit of {limit}."),
    ),
    "iam": TagRules(
        source="the model (its words seen in public reports); moto's recorded answer: duplicates; "
        "API_TagRole: LimitExceeded. AWS does not say which words InvalidInput has for aws:.",
        key_length=_at_most("ValidationError", "tags.{number}.member.key", "key", _KEY_LENGTH),
        value_length=_at_most("ValidationError", "tags.{number}.member.value", "value", _VALUE_LENGTH),
        key_characters=_constraint("ValidationError", "tags.{number}.member.key", "key", _IAM_KEY),
        value_characters=_constraint("ValidationError", "tags.{number}.member.value", "value", _IAM_VALUE),
        reserved=Refusal("InvalidInput", "Tag keys cannot start with aws:, which is reserved: {key}"),
        duplicate=Refusal(
            "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        ),
        many=_at_most("ValidationError", "tags", "tags", _LIMIT),
        more=Refusal("LimitExceeded", "Cannot exceed quota for Tags: {limit}"),
        case_matters=False,
    ),
    "kms": TagRules(
        source="answers of AWS that LocalStack's tests recorded; characters: seen in a public report; "
        "API_TagResource: LimitExceededException.",
        key_length=_at_most("ValidationException", "tags.{number}.member.tagKey", "key", _KEY_LENGTH),
        value_length=_at_most("ValidationException", "tags.{number}.member.tagValue", "value", _VALUE_LENGTH),
        key_characters=Refusal("TagException", "Invalid tag"),
        value_characters=Refusal("TagException", "Invalid tag"),
        reserved=Refusal("TagException", "Tags beginning with aws: are reserved"),
        duplicate=Refusal("TagException", "Duplicate tag keys"),
        many=Refusal("TagException", "Too many tags"),
        more=Refusal("LimitExceededException", "The number of tags exceeds the limit of {limit}."),
    ),
    "logs": TagRules(
        source="the model; API_TagResource: TooManyTagsException. A map has each key once.",
        key_length=_constraint("InvalidParameterException", "tags", "tags", _LOGS_KEY),
        value_length=_constraint("InvalidParameterException", "tags", "tags", _LOGS_VALUE),
        key_characters=_constraint("InvalidParameterException", "tags", "tags", _LOGS_KEY),
        value_characters=_constraint("InvalidParameterException", "tags", "tags", _LOGS_VALUE),
        reserved=Refusal(
            "InvalidParameterException", "Tag keys cannot start with aws:, which is reserved: {key}"
        ),
        duplicate=None,
        many=_at_most("InvalidParameterException", "tags", "tags", _LIMIT),
        more=Refusal("TooManyTagsException", "A resource can have no more than {limit} tags."),
    ),
    "s3": TagRules(
        source="answers of AWS that LocalStack's tests and versitygw's issues recorded; "
        "AmazonS3 user guide, CostAllocTagging: 50 tags.",
        key_length=Refusal("InvalidTag", "The TagKey you have provided is invalid"),
        value_length=Refusal("InvalidTag", "The TagValue you have provided is invalid"),
        key_characters=Refusal("InvalidTag", "The TagKey you have provided is invalid"),
        value_characters=Refusal("InvalidTag", "The TagValue you have provided is invalid"),
        reserved=Refusal("InvalidTag", "System tags cannot be added/updated by requester"),
        duplicate=Refusal("InvalidTag", "Cannot provide multiple Tags with the same key"),
        many=Refusal("BadRequest", "Bucket tag count cannot be greater than {limit}"),
        more=None,
    ),
    "secretsmanager": TagRules(
        source="API_CreateSecret and API_TagResource: the errors; the general reference: names and numbers. "
        "AWS does not say which words they have.",
        key_length=_at_most("ValidationException", "tags.{number}.member.key", "key", _KEY_LENGTH),
        value_length=_at_most("ValidationException", "tags.{number}.member.value", "value", _VALUE_LENGTH),
        key_characters=Refusal(_SECRETS, "The tag key {key} has characters that are not valid."),
        value_characters=Refusal(_SECRETS, "The tag value {value} has characters that are not valid."),
        reserved=Refusal(_SECRETS, "The tag key {key} begins with aws:, which is reserved."),
        duplicate=Refusal(_SECRETS, "The tag key {key} is given more than once."),
        many=Refusal(_SECRETS, "A secret has at most {limit} tags."),
        more=Refusal(_SECRETS, "A secret has at most {limit} tags."),
    ),
    "sns": TagRules(
        source="API_TagResource: TagLimitExceeded; LocalStack's recorded answer: duplicates. AWS does not "
        "say which words InvalidParameter has for the others.",
        key_length=Refusal("InvalidParameter", "Invalid parameter: Tags Reason: Invalid tag key: {key}"),
        value_length=Refusal(
            "InvalidParameter", "Invalid parameter: Tags Reason: Invalid tag value: {value}"
        ),
        key_characters=Refusal("InvalidParameter", "Invalid parameter: Tags Reason: Invalid tag key: {key}"),
        value_characters=Refusal(
            "InvalidParameter", "Invalid parameter: Tags Reason: Invalid tag value: {value}"
        ),
        reserved=Refusal("InvalidParameter", "Invalid parameter: Tags Reason: Reserved tag key: {key}"),
        duplicate=Refusal("InvalidParameter", "Invalid parameter: Duplicated keys are not allowed."),
        many=Refusal("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded"),
        more=Refusal("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded"),
    ),
    "sqs": TagRules(
        source="API_TagQueue: more than 50 tags are not recommended, thus taken; the developer guide, quotas "
        "related to queues: lengths and characters. AWS does not say which error these are.",
        key_length=Refusal("InvalidParameterValue", "The tag key {key} is not valid."),
        value_length=Refusal("InvalidParameterValue", "The tag value {value} is not valid."),
        key_characters=Refusal("InvalidParameterValue", "The tag key {key} is not valid."),
        value_characters=Refusal("InvalidParameterValue", "The tag value {value} is not valid."),
        reserved=Refusal("InvalidParameterValue", "The tag key {key} begins with aws:, which is reserved."),
        duplicate=None,
        many=None,
        more=None,
    ),
}
"""By botocore's name of the service: those whose resources the Terraform module tags."""
