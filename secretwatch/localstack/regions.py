"""Regions' long names, as AWS writes them in messages."""

from __future__ import annotations

from functools import cache

from botocore.loaders import create_loader


@cache
def region_name(region: str) -> str:
    """``US East (N. Virginia)`` for ``us-east-1``; the code itself where no name is known."""
    for partition in create_loader().load_data("endpoints")["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region
