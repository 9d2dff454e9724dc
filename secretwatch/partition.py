"""AWS's partitions: what ARNs, service principals and links in the console are called in each.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-arns.html
https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/using-govcloud-endpoints.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


class Partition(NamedTuple):
    """name: as in ARNs. dns_suffix: of endpoints. console_domain: of the console, after its region.

    global_region: where what belongs to no region (IAM, Organizations) is recorded.
    """

    name: str
    dns_suffix: str
    console_domain: str
    global_region: str


_PARTITIONS = {
    "cn-": Partition("aws-cn", "amazonaws.com.cn", "console.amazonaws.cn", "cn-north-1"),
    "us-gov-": Partition("aws-us-gov", "amazonaws.com", "console.amazonaws-us-gov.com", "us-gov-west-1"),
}
_STANDARD = Partition("aws", "amazonaws.com", "console.aws.amazon.com", "us-east-1")
PARTITIONS = (_STANDARD, *_PARTITIONS.values())


@lru_cache(maxsize=256)
def of_region(region: str) -> Partition:
    """The partition of a region; one that is not known is taken to be the standard one's."""
    return next((each for start, each in _PARTITIONS.items() if region.startswith(start)), _STANDARD)


_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+")


def is_region(text: str) -> bool:
    """Whether a text is written as regions are, such as us-gov-east-1."""
    return _REGION.fullmatch(text) is not None


# Where an account works without having opted in; others of the partition are asked as the watch names them.
REGIONS = {
    "aws": (
        *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"),
        *("eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1"),
        *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
        *("ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    ),
    "aws-cn": ("cn-north-1", "cn-northwest-1"),
    "aws-us-gov": ("us-gov-east-1", "us-gov-west-1"),
}
"""https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"""
