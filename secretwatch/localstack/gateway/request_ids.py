"""Ids of requests and events: unique, and nobody's secret.

LocalStack asks the system for each, and the plugin would for each event. While a thread asks the system, all
others may go on, and it waits for them: under load that is longer than the rest of a short call takes.
"""

from __future__ import annotations

import random
import time

from localstack.aws.api import core
from localstack.utils.xray.traceid import TraceId

# The 13th digit is the version, the 17th begins with the variant, binary 10.
_VERSION_4 = 0x4000_8000_0000_0000_0000
_FREE_BITS = ~0xF000_C000_0000_0000_0000


def new_id() -> str:
    """A UUID of version 4."""
    # Written by hand, as uuid.UUID is slow.
    digits = f"{random.getrandbits(128) & _FREE_BITS | _VERSION_4:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def number_requests() -> None:
    """From now on requests get their ids, and those of their traces, without asking the system."""
    core.long_uid = new_id
    TraceId.__init__ = _trace


def _trace(self: TraceId) -> None:
    """https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader"""
    self.start_time = int(time.time())
    self._TraceId__number = f"{random.getrandbits(96):024x}"
