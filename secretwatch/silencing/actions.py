"""Which write actions there are: of every service that an instance is made of, under the names in events.

A write is what CloudTrail does not mark as reading (`cloudtrail.classify`). The list itself,
scripts/actions.txt, is made by scripts/write_actions.py from the newest botocore, whose version is its first
line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from secretwatch.cloudtrail.classify import is_read_only
from secretwatch.cloudtrail.names import event_name, event_source

SERVICES = (
    "account",
    "cloudtrail",
    "cloudwatch",
    "events",
    "eventbridgev2",
    "iam",
    "kms",
    "logs",
    "observabilityadmin",
    "organizations",
    "resourcegroupstaggingapi",
    "s3",
    "s3control",
    "secretsmanager",
    "service-quotas",
    "sns",
    "sqs",
    "stepfunctions",
)
"""Names of botocore's. Not here: services that do nothing by themselves but call these for somebody, which is
recorded under these names (CloudFormation, Cloud Control, Systems Manager's automation, Resource Groups)."""


def write_actions(load: Callable[[str], Mapping[str, Any]]) -> set[str]:
    """``SOURCE NAME`` of each write action, such as ``logs DeleteLogGroup``.

    ``load`` gives a service's model as in botocore's ``service-2.json``, by botocore's name.
    """
    found = set()
    for service in SERVICES:
        model = load(service)
        signing = model["metadata"].get("signingName") or model["metadata"]["endpointPrefix"]
        source = event_source("s3" if service == "s3control" else signing)
        for operation in model["operations"]:
            name = event_name(service, operation)
            if not is_read_only(source, name):
                found.add(f"{source.removesuffix('.amazonaws.com')} {name}")
    return found
