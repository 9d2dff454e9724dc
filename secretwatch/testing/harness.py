"""One account of a local cloud, for one test."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from secretwatch import local, terraform
from secretwatch.testing import alarms, callers, folder
from secretwatch.testing.inbox import Inbox
from secretwatch.testing.plans import Plan
from secretwatch.testing.stack import Stack

if TYPE_CHECKING:
    from secretwatch.testing.alarms import Alarm
    from secretwatch.testing.callers import Caller

_ACCOUNTS = itertools.count(810_000_000_001)


class Harness:
    """What the fixture `secretwatch` is.

    cloud: the local cloud, which other tests of this process use too, each in an account of its own.
    scratch: an empty folder for copies of root modules and providers. While the test runs, boto3 and every
    child process of it are in this account, too. tell: takes what to show of a test that fails.
    """

    def __init__(self, cloud: local.LocalCloud, scratch: Path, tell: alarms.Tell = lambda text: None) -> None:
        self.cloud, self._scratch, self._tell = cloud, scratch, tell
        self.account_id = str(next(_ACCOUNTS))
        self.region = local.REGION
        self._since = alarms.now()
        self._ending = contextlib.ExitStack()
        self._terraform_env: dict[str, str] | None = None

    @property
    def session(self) -> Any:
        """boto3's session of the account's root user."""
        return self._session(self.region)

    def client(self, service: str, region: str | None = None) -> Any:
        """boto3's client, as the account's root user."""
        return self._session(region or self.region).client(service)

    def _session(self, region: str) -> Any:
        return boto3.Session(
            aws_access_key_id=self.account_id, aws_secret_access_key="test", region_name=region
        )

    # Terraform

    def plan(self, directory: str | os.PathLike[str], **variables: Any) -> Plan:
        """`terraform plan` of a root module. Raises TerraformFailed with what Terraform said, NotARoot.

        variables: as Terraform's `-var`, as Python's values; None leaves one to its default. Raises TypeError
        for one that the root module does not declare.
        """
        __tracebackhide__ = True
        root = self._root(Path(directory), variables)
        self._run(root, "plan", "-out=secretwatch.tfplan")
        return Plan(json.loads(self._run(root, "show", "-json", "secretwatch.tfplan")))

    def apply(self, directory: str | os.PathLike[str], *, confirm: bool = True, **variables: Any) -> Stack:
        """`terraform apply` of a root module; raises as `plan` does.

        confirm: follow the links that SNS sends to new addresses, as their owners would. On AWS nothing is
        delivered before that, and so it is here.
        """
        __tracebackhide__ = True
        root = self._root(Path(directory), variables)
        self._run(root, "apply", "-auto-approve")
        if confirm:
            self.confirm()

        def run(*arguments: str) -> str:
            return self._run(root, *arguments)

        return Stack(self, root, run)

    def _root(self, directory: Path, variables: Mapping[str, Any]) -> Path:
        __tracebackhide__ = True
        into = Path(tempfile.mkdtemp(prefix="root-", dir=self._scratch))
        root = folder.copied(directory, into)
        declared = folder.variables(root)
        if strangers := sorted(set(variables) - declared):
            # Terraform would only warn, and go on with the defaults.
            raise TypeError(
                f"{directory} declares no variable {', '.join(strangers)}: nothing would use the value. "
                f"Write one of {', '.join(sorted(declared))}."
                if declared
                else f"{directory} declares no variable {', '.join(strangers)}, and no other: leave it out."
            )
        given = {name: value for name, value in variables.items() if value is not None}
        # The last file of this kind in the order of names wins over the others.
        (root / "zzz-secretwatch.auto.tfvars.json").write_text(json.dumps(given, default=os.fspath))
        self._run(root, "init")
        return root

    def _run(self, root: Path, *arguments: str) -> str:
        __tracebackhide__ = True
        if self._terraform_env is None:
            quiet = self._ending.enter_context(
                terraform.environment(say=lambda line: None, scratch=self._scratch)
            )
            self._terraform_env = quiet | terraform.plugin_cache(self._scratch.parent / "providers")
        own = {"AWS_ACCESS_KEY_ID": self.account_id, "AWS_REGION": self.region}
        environment = self.cloud.environment() | self._terraform_env | own
        try:
            return terraform.run(root, environment, *arguments)
        except terraform.TerraformFailed as error:
            # What pytest shows of it: neither the plan before the errors, nor the code that ran Terraform.
            error.add_note(_errors(error.output))
            raise error.with_traceback(None)  # noqa: B904

    # What happens in the account

    def alarm(self, name: str, region: str | None = None) -> Alarm:
        """An alarm that is there, however it was made. Raises LookupError with those that there are.

        region: where it is, unless that is the test's own (`region`).
        """
        __tracebackhide__ = True
        return alarms.Alarm(name, self.cloud, self._session(region or self.region), self._since, self._tell)

    def held_delivery(self, *channels: str) -> local.HeldDelivery:
        """Hold delivery, for a `with` statement; on all of trail, events and history unless some are given.

        It is held for the whole local cloud. On AWS what was called arrives about five minutes later, in
        parts, in any order, sometimes twice: `release(first=…, reordered=True, twice=True)`.
        """
        return local.held_delivery(self.cloud, *channels)

    def pass_minutes(self, minutes: int) -> None:
        """Deliver what is on its way and not held; then let minutes pass without waiting."""
        self.cloud.release(first=0)
        self.cloud.tick(minutes)

    @property
    def inbox(self) -> Inbox:
        """The e-mails of this account."""
        return Inbox(self.cloud.inbox, self.account_id)

    def confirm(self) -> None:
        """Follow the confirmation links in this account's mails."""
        self.cloud.confirm(self.account_id)

    # Who calls

    def as_role(self, name: str, session_name: str = "test") -> Caller:
        """A session of a role of the account. Raises NoSuchCaller."""
        __tracebackhide__ = True
        return callers.as_role(self.session, name, session_name)

    def as_user(self, name: str) -> Caller:
        """A user of the account, with a new access key. Raises NoSuchCaller."""
        __tracebackhide__ = True
        return callers.as_user(self.session, name)

    def role(self, name: str, allow: Sequence[str] = ()) -> Caller:
        """Make a role that may do `allow` (actions, on everything), and be it."""
        callers.make_role(self.session, name, allow, self.account_id)
        return self.as_role(name)

    def user(self, name: str, allow: Sequence[str] = ()) -> Caller:
        """Make a user that may do `allow` (actions, on everything), and be them."""
        callers.make_user(self.session, name, allow)
        return self.as_user(name)

    # The end

    def close(self) -> None:
        """What would go on in the account ends: trails record no more, and alarms are not evaluated.

        Everything else in it ends with the local cloud.
        """
        with self._ending:
            for region in self._used():
                trails = self._session(region).client("cloudtrail")
                for each in trails.describe_trails(includeShadowTrails=False)["trailList"]:
                    trails.delete_trail(Name=each["TrailARN"])
                _delete_alarms(self._session(region).client("cloudwatch"))

    def _used(self) -> list[str]:
        # Where others were used, an alarm in them is evaluated on: it costs time, nothing else.
        return [self.region]


@contextlib.contextmanager
def harness(
    cloud: local.LocalCloud, scratch: Path, tell: alarms.Tell = lambda text: None
) -> Iterator[Harness]:
    """A harness in an account of its own, while the context lasts; see `Harness`."""
    made = Harness(cloud, scratch, tell)
    # boto3 keeps the session that its own functions use, with the keys that it found at first.
    before = boto3.DEFAULT_SESSION
    with cloud.as_aws({"AWS_ACCESS_KEY_ID": made.account_id}):
        boto3.DEFAULT_SESSION = None
        try:
            yield made
        finally:
            made.close()
            boto3.DEFAULT_SESSION = before


def _errors(output: str) -> str:
    """What Terraform printed, from its first error on."""
    first = re.search(r"^[│ ]*Error: ", output, re.MULTILINE)
    return output[first.start() :] if first else output


def _delete_alarms(client: Any) -> None:
    pages = client.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    found = list(pages)
    for kind in ("CompositeAlarms", "MetricAlarms"):
        names = [each["AlarmName"] for page in found for each in page[kind]]
        for first in range(0, len(names), 100):
            client.delete_alarms(AlarmNames=names[first : first + 100])
