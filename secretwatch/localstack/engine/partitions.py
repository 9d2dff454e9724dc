"""Calls to regions of China and GovCloud stay there: LocalStack takes them to be of us-east-1."""

from __future__ import annotations

from boto3.session import Session
from localstack.aws import handlers

from secretwatch.partition import PARTITIONS


def serve_all_partitions() -> None:
    """From now on the regions of these partitions are known."""
    # As LocalStack finds those of one partition.
    regions = [region for each in PARTITIONS for region in Session().get_available_regions("s3", each.name)]
    handlers.rewrite_region.region_rewriter_strategy.available_regions = regions
