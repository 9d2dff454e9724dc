"""SQS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .account import Account
from .case import Case

# Without a queue in it.
NOWHERE = "https://sqs.us-east-1.amazonaws.com/"
REDRIVE = '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:111122223333:x", "maxReceiveCount": %s}'


def sqs(operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = "") -> Case:
    return Case("sqs", operation, code, words, make, about)


def set_attribute(account: Account, name: str, value: str) -> None:
    account.sqs.set_queue_attributes(QueueUrl=account.queue(), Attributes={name: value})


CASES: list[Case] = [
    *(
        sqs(operation, "InvalidAddress", f"The address {NOWHERE} is not valid for this endpoint.", make)
        for operation, make in (
            ("DeleteQueue", lambda a: a.sqs.delete_queue(QueueUrl=NOWHERE)),
            ("GetQueueAttributes", lambda a: a.sqs.get_queue_attributes(QueueUrl=NOWHERE)),
            ("ListQueueTags", lambda a: a.sqs.list_queue_tags(QueueUrl=NOWHERE)),
            (
                "SetQueueAttributes",
                lambda a: a.sqs.set_queue_attributes(QueueUrl=NOWHERE, Attributes={"DelaySeconds": "1"}),
            ),
        )
    ),
    *(
        sqs(
            operation,
            code,
            words,
            lambda a, call=call, name=name, value=value: call(a, name, value),
            f"{name} {value}",
        )
        for operation, call in (
            ("CreateQueue", lambda a, name, value: a.queue(**{name: value})),
            ("SetQueueAttributes", set_attribute),
        )
        for name, value, code, words in (
            *(
                (name, value, "InvalidAttributeValue", f"Invalid value for the parameter {name}.")
                for name, value in (
                    ("DelaySeconds", "901"),
                    ("KmsDataKeyReusePeriodSeconds", "59"),
                    ("MaximumMessageSize", "1023"),
                    ("MessageRetentionPeriod", "59"),
                    ("Policy", "x"),
                    ("ReceiveMessageWaitTimeSeconds", "-1"),
                    ("SqsManagedSseEnabled", "x"),
                    ("VisibilityTimeout", "x"),
                )
            ),
            *(
                ("RedrivePolicy", value, "InvalidParameterValue", words)
                for value, words in (
                    ("x", "Value x for parameter RedrivePolicy is invalid. Reason: "),
                    (
                        "{}",
                        "Value {} for parameter RedrivePolicy is invalid. Reason: Redrive policy does not "
                        "contain mandatory attribute: maxReceiveCount.",
                    ),
                    (
                        REDRIVE % 0,
                        f"Value {REDRIVE % 0} for parameter RedrivePolicy is invalid. Reason: Invalid value "
                        "for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.",
                    ),
                )
            ),
        )
    ),
    sqs(
        "GetQueueAttributes",
        "InvalidAttributeName",
        "Unknown Attribute Nonsense.",
        lambda a: a.sqs.get_queue_attributes(QueueUrl=a.queue(), AttributeNames=["Nonsense"]),
    ),
    sqs(
        "SetQueueAttributes",
        "InvalidAttributeName",
        "Unknown Attribute Nonsense.",
        lambda a: set_attribute(a, "Nonsense", "1"),
    ),
    sqs(
        "CreateQueue",
        "InvalidParameterValue",
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        lambda a: a.sqs.create_queue(QueueName="a b"),
        "name",
    ),
]
