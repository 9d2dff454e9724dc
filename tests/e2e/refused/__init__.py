"""Calls that AWS refuses, each with the code and words it answers; each is made in an account of its own.

One file a service: more of them, or a new one, only need a row. `scripts/docs` counts them: what a case makes
is what docs/local-cloud.md calls covered.
"""

from . import (
    cloudtrail,
    cloudwatch,
    denied,
    events,
    iam,
    kms,
    logs,
    missing,
    s3,
    secretsmanager,
    sns,
    sqs,
    tags,
)
from .account import TRUST, WRITE, Account, policy
from .case import QUERY_CODES, Case

CASES: list[Case] = [
    *kms.CASES,
    *iam.CASES,
    *secretsmanager.CASES,
    *s3.CASES,
    *cloudtrail.CASES,
    *tags.CASES,
    *missing.CASES,
    *logs.CASES,
    *cloudwatch.CASES,
    *events.CASES,
    *sns.CASES,
    *sqs.CASES,
    *denied.CASES,
]

__all__ = ["CASES", "QUERY_CODES", "TRUST", "WRITE", "Account", "Case", "policy"]
