"""What was applied, and what is there, as small as a test needs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View

ACCOUNT, REGION = "111122223333", "us-east-1"
ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"
TOPIC = Ref("topic", f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts")


def view_of(ref: Ref, wanted: dict[str, Any], live: dict[str, Any] | None, *addresses: str) -> View:
    intent = Intent(Account(ACCOUNT, REGION, {ref: wanted}), {ref: list(addresses)}, {ref: "ring"})
    subject = Subject(region=REGION, account_id=ACCOUNT, directory=Path("d"), known=True, secrets=(ARN,))
    return View(subject, Account(ACCOUNT, REGION, {ref: live}), intent, datetime.now(UTC))


def hop_of(view: View, ref: Ref) -> Hop:
    hop = Hop("trail")
    differing(hop, view, [ref])
    return hop
