"""What LocalStack's Step Functions imports and nobody here uses: JPype, for JSONata, and moto's AWS Batch.

JSONata would need Java; moto's Batch brings EC2's instance types, 60 MiB, for seven names of statuses.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from types import ModuleType
from typing import Any


class JobStatus(StrEnum):
    """https://docs.aws.amazon.com/batch/latest/userguide/job_states.html"""

    SUBMITTED = "SUBMITTED"
    PENDING = "PENDING"
    RUNNABLE = "RUNNABLE"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@contextmanager
def standing_in() -> Iterator[None]:
    """Import LocalStack's Step Functions in here; what else imports these modules gets the real ones."""
    stubs: dict[str, dict[str, Any]] = {
        "localstack.services.stepfunctions.packages": {"jpype_jsonata_package": None},
        "moto.batch": {},
        "moto.batch.utils": {"JobStatus": JobStatus},
    }
    if importlib.util.find_spec("jpype") is None:
        stubs |= {"jpype": {}, "jpype.imports": {}}
    added = [name for name in stubs if name not in sys.modules]
    for name in added:
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(stubs[name])
    try:
        yield
    finally:
        for name in added:
            del sys.modules[name]
