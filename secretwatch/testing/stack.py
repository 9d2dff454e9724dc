"""What was applied of a root module, in the account of the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from secretwatch.testing.alarms import Alarm
    from secretwatch.testing.callers import Caller
    from secretwatch.testing.harness import Harness
    from secretwatch.testing.inbox import Inbox


class Stack:
    """An applied root module.

    directory: the copy in which Terraform ran, with the state. `alarm`, `as_role`, `as_user`, `client` and
    `inbox` are those of the account, which is the test's alone.
    """

    def __init__(self, harness: Harness, directory: Path, run: Callable[..., str]) -> None:
        self._harness, self.directory, self._run = harness, directory, run

    @property
    def outputs(self) -> dict[str, Any]:
        """The root module's outputs, sensitive ones among them: do not print them."""
        shown = json.loads(self._run("output", "-json"))
        return {name: each["value"] for name, each in shown.items()}

    @property
    def inbox(self) -> Inbox:
        return self._harness.inbox

    def alarm(self, name: str, region: str | None = None) -> Alarm:
        """An alarm; one that was applied is found in whichever region it is."""
        __tracebackhide__ = True
        return self._harness.alarm(name, region or self._region_of(name))

    def _region_of(self, alarm: str) -> str | None:
        """The region of an alarm that was applied; None of any other, and of one that is in several."""
        state = self.directory / "terraform.tfstate"
        resources = json.loads(state.read_text()).get("resources", []) if state.is_file() else []
        applied = [
            each.get("attributes") or {}
            for resource in resources
            if resource["type"] in ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")
            for each in resource["instances"]
        ]
        regions = {str(each["arn"]).split(":")[3] for each in applied if each.get("alarm_name") == alarm}
        return regions.pop() if len(regions) == 1 else None

    def as_role(self, name: str, session_name: str = "test") -> Caller:
        __tracebackhide__ = True
        return self._harness.as_role(name, session_name)

    def as_user(self, name: str) -> Caller:
        __tracebackhide__ = True
        return self._harness.as_user(name)

    def client(self, service: str, region: str | None = None) -> Any:
        return self._harness.client(service, region)

    def has_no_changes(self) -> bool:
        """Whether a second plan is empty."""
        from secretwatch.terraform import TerraformFailed

        try:
            self._run("plan", "-detailed-exitcode")
        except TerraformFailed as failed:
            if "Error: " in failed.output:
                raise
            return False
        return True

    def destroy(self) -> None:
        """`terraform destroy`. No test needs it to clean up: the account is its own, and ends with it."""
        self._run("destroy", "-auto-approve")
