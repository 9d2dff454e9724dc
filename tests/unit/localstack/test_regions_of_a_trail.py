"""Where a trail looks: its own region, or all regions of its partition."""

from __future__ import annotations

import pytest

from secretwatch.localstack.cloudtrail.trails import Trail


@pytest.mark.parametrize(
    ("partition", "home", "seen", "unseen"),
    [
        ("aws", "us-east-1", "eu-west-1", "cn-north-1"),
        ("aws-cn", "cn-north-1", "cn-northwest-1", "us-east-1"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-east-1", "us-east-1"),
    ],
)
def test_a_multi_region_trail_stays_in_its_partition(
    partition: str, home: str, seen: str, unseen: str
) -> None:
    trail = Trail("t", "111122223333", home, partition, "bucket")
    assert (trail.is_in(home), trail.is_in(seen), trail.is_in(unseen)) == (True, False, False)
    trail.is_multi_region_trail = True
    assert (trail.is_in(home), trail.is_in(seen), trail.is_in(unseen)) == (True, True, False)
