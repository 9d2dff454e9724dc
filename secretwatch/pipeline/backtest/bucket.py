"""A bucket's prefix in CloudTrail's own layout: listed, told what it costs, fetched while others are read.

Prices are us-east-1's list prices. https://aws.amazon.com/s3/pricing/
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from secretwatch.forms import BUCKET_NAME
from secretwatch.pipeline.aws import Aws
from secretwatch.pipeline.backtest.sources import Item, arrival, is_left_out

PER_LIST, PER_GET, PER_GB_OUT = 0.005 / 1000, 0.0004 / 1000, 0.09
"""Dollars a request, and for a GB that leaves AWS."""

_FETCHING = 16
_AHEAD_BYTES = 32 << 20
_PAGE = 1000
_URL = re.compile(rf"s3://({BUCKET_NAME.pattern})(?:/(.*))?")


@dataclass
class Cost:
    """Of reading a prefix: listed before a single object is fetched."""

    objects: int = 0
    bytes: int = 0

    @property
    def lists(self) -> int:
        return self.objects // _PAGE + 1

    @property
    def dollars(self) -> float:
        return self.lists * PER_LIST + self.objects * PER_GET

    def sentence(self, url: str) -> str:
        gb = self.bytes / 1e9
        return (
            f"{url}: {self.objects:,} log files of {gb:,.3f} GB: {self.lists:,} LIST and {self.objects:,} "
            f"GET requests, ${self.dollars:,.4f}; outside of the bucket's region also up to "
            f"${gb * PER_GB_OUT:,.2f} for the transfer."
        )


def is_url(name: str) -> bool:
    return name.startswith("s3://")


class NotABucket(ValueError):
    """The message is one sentence."""


class Bucket:
    """One prefix. Raises NotABucket; its methods what boto3 does."""

    def __init__(self, aws: Aws, url: str) -> None:
        found = _URL.fullmatch(url)
        if not found:
            raise NotABucket(f"{url[:80]!r} names no bucket: write s3://BUCKET/PREFIX.")
        self.url, self._name, self._prefix = url, found[1], found[2] or ""
        self._client = aws.client("s3")

    def cost(self, tell: Callable[[Cost], None] = lambda _: None) -> Cost:
        """What is there. Only this is asked: nothing is fetched."""
        found = Cost()
        for each in self._listed():
            found.objects += 1
            found.bytes += each.size
            if found.objects % _PAGE == 0:
                tell(found)
        return found

    def _listed(self) -> Iterator[Item]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=self._prefix)
        for page in pages:
            for each in page.get("Contents", ()):
                key = each["Key"]
                if key.endswith("/") or is_left_out(tuple(key.split("/"))):
                    continue
                came = arrival(key, int(each["LastModified"].timestamp()))
                yield Item(f"s3://{self._name}/{key}", each["Size"], came)

    def items(self, wanted: Callable[[Item], bool] = lambda _: True) -> Iterator[Item]:
        """The objects with their bytes, while further ones are listed and fetched."""
        with ThreadPoolExecutor(_FETCHING, thread_name_prefix="backtest-s3") as pool:
            waiting: deque[tuple[Item, Future[bytes]]] = deque()
            ahead = 0
            try:
                for item in self._listed():
                    if not wanted(item):
                        continue
                    waiting.append((item, pool.submit(self._fetch, item)))
                    ahead += item.size
                    while len(waiting) > 4 * _FETCHING or (ahead > _AHEAD_BYTES and len(waiting) > 1):
                        done, data = waiting.popleft()
                        ahead -= done.size
                        yield replace(done, data=data.result())
                while waiting:
                    done, data = waiting.popleft()
                    yield replace(done, data=data.result())
            finally:
                for _, data in waiting:
                    data.cancel()

    def _fetch(self, item: Item) -> bytes:
        key = item.name.removeprefix(f"s3://{self._name}/")
        answer: Any = self._client.get_object(Bucket=self._name, Key=key)
        body: bytes = answer["Body"].read()
        return body
