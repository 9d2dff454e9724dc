"""Fixtures for tests of anything that runs on secretwatch's local cloud. pytest finds them by itself.

    def test_my_alarm(secretwatch):
        stack = secretwatch.apply("infra/alarms")
        with secretwatch.held_delivery() as held:
            stack.as_role("app").secretsmanager.get_secret_value(SecretId="prod/db")
            held.release(reordered=True)
        assert stack.alarm("prod-db-read").rang(within_minutes=10)

Nothing is imported and nothing started before a test asks for one of these. With pytest-xdist each worker
has a local cloud of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from secretwatch import local
    from secretwatch.testing import Harness


@pytest.fixture(scope="session")
def secretwatch_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.LocalCloud]:
    """A local cloud of this test process, on a free port, stopped at its end; define your own to use another.

    `secretwatch_cloud.environment()` is the whole environment for a child process; for clients of the test's
    own there is `secretwatch_aws`.
    """
    from secretwatch import local

    state_dir = tmp_path_factory.mktemp("secretwatch") / "cloud"
    cloud = local.start(state_dir, tied=True)
    try:
        yield cloud
    finally:
        local.stop(state_dir)


@pytest.fixture
def secretwatch(
    request: pytest.FixtureRequest,
    secretwatch_cloud: local.LocalCloud,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Harness]:
    """An account of the local cloud that is this test's alone, and what one does in it; see `Harness`.

    Meanwhile this process's own boto3 and children are in that account, and know no other AWS.
    """
    from secretwatch.testing.harness import harness

    def tell(text: str) -> None:
        # pytest shows it where the test fails.
        request.node.add_report_section("call", "where it stopped", text)

    with harness(secretwatch_cloud, tmp_path_factory.mktemp("secretwatch-test"), tell) as made:
        yield made


@pytest.fixture
def secretwatch_aws(secretwatch_cloud: local.LocalCloud) -> Iterator[local.LocalCloud]:
    """`secretwatch_cloud`, and meanwhile this process's own boto3 and children know no other AWS.

    What the shell has of a real account is gone for the test: variables, profiles, credentials.
    """
    with secretwatch_cloud.as_aws():
        yield secretwatch_cloud


@pytest.fixture
def held_delivery(request: pytest.FixtureRequest) -> Iterator[Callable[..., local.HeldDelivery]]:
    """`held_delivery(*channels, cloud=...)` holds delivery from now on, until `release()` or the test's end.

    Channels are trail, events and history, all by default; the cloud is `secretwatch_cloud`, unless given.
    What it returns can be used with `with`, which then is what it lasts for.
    """
    from secretwatch import local

    with contextlib.ExitStack() as stack:

        def hold(*channels: str, cloud: local.LocalCloud | None = None) -> local.HeldDelivery:
            where = cloud or request.getfixturevalue("secretwatch_cloud")
            return stack.enter_context(local.held_delivery(where, *channels))

        yield hold
