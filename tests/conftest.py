"""What tests share: one local cloud, one copy of the module, one `terraform init` for each root of it.

All of it lives in a folder of its own under the clone's `.secretwatch`, so two runs at the same time do
not meet, and nothing is written beside the module's files.
"""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import botocore.loaders
import botocore.session
import deep
import provider
import pytest

from secretwatch import local
from secretwatch import terraform as tf

REPO = Path(__file__).resolve().parents[1]

# Settings of Terraform's that a shell may have for its own runs.
_OF_TERRAFORM = (
    "TF_CLI_ARGS",
    "TF_DATA_DIR",
    "TF_LOG",
    "TF_REATTACH_PROVIDERS",
    "TF_VAR_",
    "TF_WORKSPACE",
)


def forget_the_caller() -> None:
    """No test, and nothing that one starts, knows the account of whoever runs the tests.

    Neither by a variable nor by a file in `~/.aws`, nor by asking the machine that this runs on.
    """
    of_terraform = [name for name in os.environ if name.startswith(_OF_TERRAFORM)]
    for name in [*local.foreign_variables(), "AWS_DATA_PATH", *of_terraform]:
        os.environ.pop(name, None)
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


# At once: tests make clients where they are imported, too.
forget_the_caller()


# What is built once for many files; a test of one of them runs on the worker that has it.
_BUILT_ONCE = ("beats", "deployment", "details_plan", "instances", "quickstart")

# What waits most of its time, for the provider (25 s for each queue, 8 s for a trail with its role and keys),
# for processes or for a clock: about how many seconds that takes, by its group or by a part of its name. What
# is wrong here costs time, nothing else.
_WAITS = {
    "beats": 60,
    "test_watches.py": 50,
    "test_doctor_random.py": 45,
    "test_global_events.py": 50,
    "::test_example[realtime]": 45,
    "deployment": 45,
    "test_verify.py": 45,
    "test_who_may_apply.py": 45,
    "::test_nothing_leaves_and_nobody_is_asked": 45,
    "test_drill.py": 45,
    "test_self_watch_late.py": 40,
    "apply/test_given.py": 28,
    "apply/test_second_day.py": 90,
    "::test_example[": 20,
    "test_partitions.py": 18,
    "apply/test_notifications.py": 15,
    "apply/test_delegated_administrator.py": 15,
    "test_digests.py": 12,
    "apply/test_other_modules.py": 8,
    "e2e/test_channels.py": 2.5,
    "e2e/test_late_verdicts.py": 2,
    "e2e/test_held_delivery.py": 0.7,
    "e2e/test_trail_access.py": 0.7,
    "tests/local/test_process.py": 0.7,
}

# The same of what computes, and so has a processor for itself.
_COMPUTES = {
    "instances": 45,
    "details_plan": 45,
    "test_hcl.py": 35,
    "e2e/test_web_pages.py": 12,
    "test_inputs.py": 20,
    "test_doctor_faults.py": 30,
    "test_beside.py": 9,
    "test_unknown_values.py": 9,
    "test_dealing.py": 6,
    "test_fast_path.py": 6,
}


def pytest_configure(config: pytest.Config) -> None:
    deep.try_all(config)


# First of all: pytest-xdist reads the marks in this same hook, and it was registered later than this file.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several workers (`-n`), tests that share something costly stay together on one of them.

    That is: tests with a fixture of `_BUILT_ONCE`, and tests of a file that has fixtures of its own for the
    whole file. Everything else goes to whichever worker is free, each with a local cloud of its own.
    """
    deep.mark_later(items)
    for item in items:
        if group := _group(item):
            item.add_marker(pytest.mark.xdist_group(group))
    if hasattr(config, "workerinput"):
        items[:] = _mixed(items)


def _mixed(items: list[pytest.Item]) -> list[pytest.Item]:
    """The order in which workers take them: what waits and what computes spread evenly over the whole run.

    Of each the longest first, so that no worker is left with it at the end. If all that waits came first, the
    processors would stand half idle for minutes, and have too many to serve after that.
    """
    units: dict[str, list[pytest.Item]] = {}
    for item in items:
        units.setdefault(_group(item) or item.nodeid, []).append(item)
    waiting = {name: seconds for name in units if (seconds := _seconds(name, _WAITS))}
    computing = {
        name: _seconds(name, _COMPUTES) or sum(map(_guess, of_unit))
        for name, of_unit in units.items()
        if name not in waiting
    }
    begins: dict[str, float] = {}
    for durations in (waiting, computing):
        whole, before = sum(durations.values()), 0.0
        for name in sorted(durations, key=lambda name: -durations[name]):
            begins[name] = before / whole
            before += durations[name]
    return [item for name in sorted(begins, key=lambda name: begins[name]) for item in units[name]]


def _seconds(unit: str, known: dict[str, float]) -> float:
    def is_of(part: str) -> bool:
        return part == unit or (part in unit and ("/" in part or "::" in part))

    return next((seconds for part, seconds in known.items() if is_of(part)), 0)


def _group(item: pytest.Item) -> str | None:
    used = getattr(item, "fixturenames", ())
    if shared := [name for name in _BUILT_ONCE if name in used]:
        return shared[0]
    found: Any = getattr(item, "_fixtureinfo", None)
    definitions = found.name2fixturedefs if found else {}
    of_the_file = any(each[-1].scope in ("module", "class") for each in definitions.values())
    return item.path.name if of_the_file else None


def _guess(item: pytest.Item) -> float:
    """Seconds of a test that no table names: of Terraform's, of one that asks a local cloud, of another."""
    used = set(getattr(item, "fixturenames", ()))
    asks = bool(used & {"local_cloud", "aws", "cloud", "secretwatch_cloud"})
    return 2 if "terraform" in used else 0.15 if asks else 0.03


# Looking for garbage in all that is imported and collected here took an eighth of the unit tests' time.
gc.set_threshold(20_000, 20, 20)


def pytest_collection_finish() -> None:
    """What is there by now stays."""
    gc.freeze()


# Reading what AWS's services are is most of what a client costs, and each session does it anew.
botocore.session.create_loader = cache(botocore.loaders.create_loader)


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Runs of the smoke test are remembered in the user's state folder: not those of tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def own_signals(request: pytest.FixtureRequest) -> Iterator[None]:
    """A shell that runs the tests in the background may have them ignore signals, as all that they start.

    A hangup only where it is what is tested: `nohup` is meant for the whole run.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    if "SIGHUP" in request.node.name:
        numbers.append(signal.SIGHUP)
    ignored = [each for each in numbers if signal.getsignal(each) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(scope="session")
def repo() -> Path:
    """Root of the clone."""
    return REPO


@pytest.fixture(scope="session")
def workdir() -> Iterator[Path]:
    """A folder for this run, removed at its end."""
    parent = REPO / ".secretwatch" / "tests"
    parent.mkdir(parents=True, exist_ok=True)
    (parent.parent / ".gitignore").write_text("*\n")
    with tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def local_cloud(workdir: Path) -> Iterator[local.LocalCloud]:
    """The local cloud of this run, on a free port; it ends with the run, however that ends."""
    state_dir = workdir / "cloud"
    cloud = local.start(state_dir, tied=True)
    try:
        yield cloud
    finally:
        # By force: how it ends in good order is tested elsewhere, and takes each worker's last seconds.
        local.stop(state_dir, patience=0)


@pytest.fixture(scope="session")
def secretwatch_cloud(local_cloud: local.LocalCloud) -> local.LocalCloud:
    """Whose delivery the plugin's fixture `held_delivery` holds."""
    return local_cloud


@pytest.fixture(scope="session")
def aws(local_cloud: local.LocalCloud) -> Iterator[dict[str, str]]:
    """The variables that point clients at the local cloud.

    They are also set in this process from here to the end of the run, so a plain `boto3.client` works.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in local.foreign_variables():
            patch.delenv(name, raising=False)
        for name, value in local_cloud.env().items():
            patch.setenv(name, value)
        yield local_cloud.env()


# Variables that differ from test to test, and what they are called in a file.
# https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
_IN_FILE = {
    "AWS_ACCESS_KEY_ID": "aws_access_key_id",
    "AWS_SECRET_ACCESS_KEY": "aws_secret_access_key",
    "AWS_SESSION_TOKEN": "aws_session_token",
    "AWS_DEFAULT_REGION": "region",
    "AWS_REGION": "region",
}


class Terraform:
    """Terraform on a copy of the module.

    `module` is the copy's root, `examples` its examples; `env` what Terraform needs in addition to the
    environment of this process, with a provider that each run starts for itself; `binary` its path, for
    tftest and python-terraform.
    """

    def __init__(self, module: Path, env: dict[str, str]) -> None:
        self.module = module
        self.examples = module / "examples"
        self.binary = tf.binary()
        self.env = env
        self._config = module / "aws-config"
        self._initialised: set[Path] = set()
        self._providers: dict[frozenset[tuple[str, str]], tuple[str, contextlib.ExitStack]] = {}

    def init(self, directory: Path) -> Path:
        """`terraform init` of a root module, the first time it is asked for; returns `directory`."""
        if directory not in self._initialised:
            self.run(directory, "init")
            self._initialised.add(directory)
        return directory

    def example(self, name: str) -> Path:
        """Folder of an example, initialised."""
        return self.init(self.examples / name)

    def new_root(self, name: str, text: str) -> Path:
        """A root module of the test's own, initialised; it lies in `module`, which is its "../"."""
        directory = self.module / name
        directory.mkdir()
        (directory / "main.tf").write_text(text)
        return self.init(directory)

    def run(self, directory: Path, *arguments: str) -> str:
        """Run Terraform; what it printed. Raises secretwatch.terraform.TerraformFailed with its output."""
        try:
            return tf.run(directory, os.environ | self.env_of_run(), *arguments)
        except tf.TerraformFailed as error:
            error.add_note(error.output)
            raise

    def env_of_run(self) -> dict[str, str]:
        """`env`, with a provider that runs already.

        It has an environment and a working folder of its own: there is one for all runs with the same
        variables, and root modules name files by absolute paths. Whose account it is and in which region
        stands in a file, which the provider reads anew for each run.
        """
        environ = dict(os.environ)
        if "AWS_ACCESS_KEY_ID" in environ:
            environ["AWS_SHARED_CREDENTIALS_FILE"] = environ["AWS_CONFIG_FILE"] = str(self._config)
            given = {setting: environ.pop(name) for name, setting in _IN_FILE.items() if name in environ}
            lines = [f"{setting} = {value}\n" for setting, value in given.items()]
            self._config.write_text("".join(["[default]\n", *lines]))
        own = frozenset((key, value) for key, value in environ.items() if key.startswith("AWS_"))
        if own not in self._providers:
            address = f"{tf.inspect_binary(self.binary).registry}/{tf.PROVIDER}"
            # One has half a gigabyte.
            self.end_providers(left=1)
            stack = contextlib.ExitStack()
            served = provider.served(self.provider_binary, address, environ | self.env, _types())
            self._providers[own] = stack.enter_context(served), stack
        return self.env | {"TF_REATTACH_PROVIDERS": self._providers[own][0]}

    def end_providers(self, left: int = 0) -> None:
        """End the providers that run, but for so many that were started last."""
        while len(self._providers) > left:
            _, stack = self._providers.pop(next(iter(self._providers)))
            stack.close()

    @cached_property
    def provider_binary(self) -> Path:
        """The provider's binary, as `terraform init` finds it."""
        directory = self.module / "provider"
        directory.mkdir()
        shutil.copy(self.module / "versions.tf", directory)
        tf.run(directory, os.environ | self.env, "init")
        (found,) = directory.glob(".terraform/providers/*/hashicorp/aws/*/*/terraform-provider-aws*")
        return found


@cache
def _types() -> frozenset[str]:
    """What the module, its examples and the tests name; Terraform says that there is no type but these."""
    files = [*REPO.glob("*.tf"), *(REPO / "modules").rglob("*.tf"), *(REPO / "examples").rglob("*.tf")]
    return provider.types_in(
        [
            *files,
            *(REPO / "docs").rglob("*.md"),
            *(REPO / "tests").rglob("*.py"),
            *(REPO / "tests").rglob("*.hcl"),
        ]
    )


@pytest.fixture(scope="session")
def terraform(workdir: Path) -> Iterator[Terraform]:
    """Terraform with providers from wherever they can be had; see the class."""
    module = tf.copy_module(REPO, workdir / "module")
    with tf.environment(scratch=workdir) as env:
        made = Terraform(module, tf.LEAN | env | tf.plugin_cache(REPO / ".secretwatch" / "providers"))
        yield made
        made.end_providers()
