"""AWS's names of services and their operations in `arn:aws:states:::aws-sdk:SERVICE:OPERATION`. Pure.

They are those of AWS's SDK for Java, which makes them of the service's id: no "Service" at its end, no
blanks; in lower case in the resource, in Pascal case (DynamoDb, Sfn) before errors.
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import re
from functools import cache

import botocore.loaders

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|\d+")
_VERSION = re.compile(r"v(\d)$")


def error_prefix(service_id: str) -> str:
    """`DynamoDb` of `DynamoDB`."""
    named = _VERSION.sub(r" V\1", service_id.removesuffix(" Service"))
    return "".join(word.capitalize() for word in _WORDS.findall(named))


def pascal(name: str) -> str:
    """The name of a parameter as a definition writes it: `StateMachineArn` of `stateMachineArn`."""
    return name[:1].upper() + name[1:]


# Whose id is not botocore's name of the service without hyphens.
_OTHERS = {
    "applicationdiscovery": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "costandusagereport": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "directory": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuilding": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntimev2": "lexv2-runtime",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "pinpointsmsvoice": "sms-voice",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
}


def service_of(name: str) -> str | None:
    """Botocore's service of the name in a resource; None where AWS has none of that name."""
    return _OTHERS.get(name) or _named_alike().get(name)


@cache
def _named_alike() -> dict[str, str]:
    available = botocore.loaders.create_loader().list_available_services("service-2")
    others = set(_OTHERS.values())
    return {name.replace("-", ""): name for name in available if name not in others}
