"""AWS's partitions: what ARNs, service principals and links in the console are called in each.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-arns.html
https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/using-govcloud-endpoints.html
"""

from __future__ import annotations

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


@lru_cache(maxsize=256)
def of_region(region: str) -> Partition:
    """The partition of a region; one that is not known is taken to be the standard one's."""
    return next((each for start, each in _PARTITIONS.items() if region.startswith(start)), _STANDARD)
