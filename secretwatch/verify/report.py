"""What is told of a run, and may be sent to somebody: no account, ARN, name, request id or message of AWS's.

That holds by construction: results are sentences of this package and numbers, and a region is told only if
botocore knows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from secretwatch.verify.cloud import Cloud
from secretwatch.verify.model import Verdict
from secretwatch.verify.result import Result


def as_dict(
    cloud: Cloud, results: Iterable[Result], ending: str, version: str, now: datetime, stage_cents: float
) -> dict[str, Any]:
    """ending: "finished" or "interrupted"."""
    results = list(results)
    known = cloud.session.get_available_regions("logs", partition_name=cloud.partition)
    counted = Counter(result.verdict for result in results)
    return {
        "secretwatch": version,
        "date": now.date().isoformat(),
        "cloud": "local" if cloud.is_local else "AWS",
        "region": cloud.region if cloud.region in known else "other",
        "ending": ending,
        "verdicts": {str(verdict): counted[verdict] for verdict in Verdict},
        "cents": round(sum(result.cents for result in results) + stage_cents, 3),
        "experiments": [result.as_dict() for result in results],
    }
