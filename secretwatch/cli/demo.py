"""`secretwatch demo`: the whole watch on this machine, from `terraform apply` to the e-mail.

Here: the order of the stages, what is shown of each, cleaning up. Not here: the local cloud (`local/`),
running Terraform (`terraform.py`), what happens between the read and the alarm (`smoke`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from secretwatch import local, terraform
from secretwatch.cli import exits
from secretwatch.cli.local import command_name, patience, print_mail
from secretwatch.cli.local_group import err, out
from secretwatch.pipeline.applied import watch_in

EXAMPLE = "examples/quickstart"

_MAIL_SECONDS = 15.0
"""An e-mail comes within a tick or two of what it is about."""


class StageFailed(Exception):
    """A stage of the demo failed; `detail` is what there is to read about it."""

    def __init__(self, sentence: str, detail: str = "", code: int = 1) -> None:
        super().__init__(sentence)
        self.detail = detail
        self.code = code


@click.command(
    epilog=exits.table(
        done="the secret was read, the alarm rang, the e-mail came",
        failed="a stage failed",
        usage="wrong usage, or Terraform, its providers or the examples are missing",
        unknown="the smoke test's time was up",
    )
)
@click.option("--keep", is_flag=True, help="Leave everything up afterwards, to look around.")
@click.option(
    "--report",
    "report_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the smoke test's JSON report to this file.",
)
def demo(keep: bool, report_file: Path | None) -> None:
    """Show the whole watch on this machine, without an AWS account.

    Starts a local cloud, applies examples/quickstart, reads the secret, follows the read to the alarm, prints
    the e-mail as it arrived, destroys everything and stops. Leaves nothing behind.
    """
    if report_file and not report_file.absolute().parent.is_dir():
        raise click.UsageError(f"{report_file.parent} is not a folder: --report writes into one that exists.")
    begin = time.monotonic()
    try:
        with contextlib.ExitStack() as stack:
            _run(stack, keep, report_file)
    except KeyboardInterrupt:
        _fail("It was interrupted.", report_file, code=130)
    except StageFailed as error:
        _fail(str(error), report_file, error.detail, error.code)
    except terraform.TerraformNotUsable as error:
        _fail(str(error), report_file, code=2)
    except terraform.TerraformFailed as error:
        _fail(str(error), report_file, _last_lines(error.output))
    except local.LocalStackMissing as error:
        _fail(str(error), report_file, code=5)
    except local.LocalCloudError as error:
        _fail(str(error), report_file)
    if not keep:
        _tell("done", time.monotonic() - begin, "nothing is left behind")


def _run(stack: contextlib.ExitStack, keep: bool, report_file: Path | None) -> None:
    module = _module()
    terraform.binary()
    # What is beside the module in a clone would be among installed packages here.
    state_dir = local.find_state_dir() if module == _PACKAGE / "module" else module / ".secretwatch"
    providers = state_dir / "providers"
    if not keep:
        state_dir = stack.enter_context(_own_state_dir(state_dir))
    elif running := local.status(state_dir):
        raise StageFailed(
            f"The local cloud of {state_dir.parent} is up already, on port {running.port}: stop it first, "
            f"with `{command_name()} local down`.",
            code=2,
        )

    until_stopped = stack.enter_context(contextlib.ExitStack())
    cloud = _start(until_stopped, state_dir, keep)
    tf_env = stack.enter_context(_terraform_environment(providers, state_dir))
    # From here on this process and its children see the local cloud as AWS.
    stack.enter_context(cloud.as_aws(tf_env))

    root = terraform.copy_module(module, local.StateDir(state_dir).applied) / EXAMPLE
    with _stage("terraform init") as tell:
        terraform.run(root, os.environ, "init")
        tell("providers installed")
    with _stage("terraform apply") as tell:
        applied = terraform.run(root, os.environ, "apply", "-auto-approve")
        tell(_summary(applied, "Apply complete!"))
    with _stage("e-mail confirmed") as tell:
        _await_mail(cloud, "confirmation")
        people = [str(message["to"]) for message in cloud.confirm()]
        # One for the alarms, one for the fast self-watch.
        tell(f"{', '.join(sorted(set(people)))} followed the {len(people)} links that SNS sent")

    out.print()
    seen = {message["id"] for message in cloud.inbox()}
    _smoke(root, report_file)
    # Others may have come: that no events arrived yet is one.
    mail = _await_mail(cloud, "notification", seen, about=watch_in(root).alarm_name)
    out.print("\nThe e-mail as it arrived:")
    print_mail(mail)

    if keep:
        until_stopped.pop_all()
        _how_to_look_around(root)
        return
    with _stage("terraform destroy") as tell:
        destroyed = terraform.run(root, os.environ, "destroy", "-auto-approve")
        tell(_summary(destroyed, "Destroy complete!"))


def _start(stack: contextlib.ExitStack, state_dir: Path, keep: bool) -> local.LocalCloud:
    with _stage("local cloud") as tell, patience("Starting LocalStack …") as on_wait:
        # Registered first: a start that is interrupted has nothing to stop, and stopping nothing is fine.
        stack.callback(_stop, state_dir)
        cloud = local.start(state_dir, tied=not keep, on_wait=on_wait)
        tell(f"LocalStack on {cloud.url}, {local.memory_mib(cloud):.0f} MiB")
    return cloud


def _stop(state_dir: Path) -> None:
    # A second Ctrl-C does not interrupt the cleaning up, which is bounded.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    local.stop(state_dir, patience=15)


@contextlib.contextmanager
def _terraform_environment(providers: Path, state_dir: Path) -> Iterator[dict[str, str]]:
    def say(line: str) -> None:
        out.print(f"[dim]{escape(line)}[/]", soft_wrap=True)

    with terraform.environment(say, scratch=state_dir) as env:
        yield env | terraform.plugin_cache(providers)


def _smoke(root: Path, report_file: Path | None) -> None:
    from secretwatch.cli.smoke import smoke

    arguments = [str(root), "--no-history"]
    if report_file:
        arguments += ["--report", str(report_file)]
    try:
        smoke.main(arguments, standalone_mode=False)
    except SystemExit as end:
        if end.code == 130:
            raise KeyboardInterrupt from None
        if end.code:
            # It has written the report itself.
            raise _SmokeFailed("The smoke test failed.", code=int(end.code)) from None


class _SmokeFailed(StageFailed):
    """The smoke test said why already, also in its report."""


def _await_mail(
    cloud: local.LocalCloud, kind: str, before: set[Any] | None = None, about: str = ""
) -> dict[str, Any]:
    deadline = time.monotonic() + _MAIL_SECONDS
    while True:
        for message in cloud.inbox():
            is_new = message["kind"] == kind and message["id"] not in (before or ())
            if is_new and about in message["subject"]:
                return message
        if time.monotonic() > deadline:
            raise StageFailed(f"No {kind} e-mail arrived within {_MAIL_SECONDS:.0f} s.")
        time.sleep(0.1)


_PACKAGE = Path(__file__).resolve().parents[1]


def _module() -> Path:
    """The folder with the module and its examples: the clone this package lies in, else what came with it."""
    for folder in (_PACKAGE.parent, _PACKAGE / "module"):
        if (folder / EXAMPLE).is_dir() and (folder / "main.tf").is_file():
            return folder
    raise StageFailed(
        f"{EXAMPLE} is neither beside the package nor in it: run the demo in a clone of secretwatch.", code=2
    )


@contextlib.contextmanager
def _own_state_dir(parent: Path) -> Iterator[Path]:
    """A state directory for this run alone, removed afterwards; as are those of runs that were killed."""
    # Whoever runs holds a lock on its folder, which the system frees when the process ends.
    with contextlib.ExitStack() as stack:
        with local.StateDir(parent).locked():
            for old in parent.glob("demo-*"):
                with _locked_folder(old) as free:
                    if free:
                        local.stop(old, patience=5)
                        shutil.rmtree(old, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix="demo-", dir=parent))
            stack.enter_context(_locked_folder(folder))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


@contextlib.contextmanager
def _locked_folder(folder: Path) -> Iterator[bool]:
    """Yields whether the lock could be had."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


class _Tell:
    detail = ""

    def __call__(self, detail: str) -> None:
        self.detail = detail


@contextlib.contextmanager
def _stage(name: str) -> Iterator[_Tell]:
    """Shows what is being done, then one line about it with the seconds it took."""
    begin = time.monotonic()
    tell = _Tell()
    try:
        with err.status(f"{name} …") if err.is_terminal else contextlib.nullcontext():
            yield tell
    except KeyboardInterrupt:
        raise
    except Exception:
        out.print(f"  [red]failed[/]  {time.monotonic() - begin:6.1f} s  {name}")
        raise
    _tell(name, time.monotonic() - begin, tell.detail)


def _tell(name: str, seconds: float, detail: str) -> None:
    out.print(f"  [green]ok[/]      {seconds:6.1f} s  {name:<23}[dim]{escape(detail)}[/]", soft_wrap=True)


def _fail(sentence: str, report_file: Path | None, detail: str = "", code: int = 1) -> None:
    if detail:
        err.print(escape(detail), soft_wrap=True)
    # Where it was refused there was nothing to clean up.
    cleaned = "" if code == 2 else " Everything was cleaned up."
    err.print(f"[bold red]The demo failed:[/] {escape(sentence)}{cleaned}", soft_wrap=True)
    if report_file and not isinstance(sys.exc_info()[1], _SmokeFailed):
        _report_failure(report_file, sentence)
    raise SystemExit(code)


def _report_failure(file: Path, sentence: str) -> None:
    from secretwatch.pipeline.smoke_report import SmokeReport

    try:
        SmokeReport(ending="failed", reason=sentence).write(file)
    except OSError as error:
        err.print(f"The report cannot be written: {escape(str(error))}.", soft_wrap=True)


def _last_lines(output: str, count: int = 30) -> str:
    return "\n".join(output.rstrip().splitlines()[-count:])


def _summary(output: str, start: str) -> str:
    """Terraform's own line of what it did: `Resources: 14 added, …`."""
    lines = [line for line in output.splitlines() if line.startswith(start)]
    return lines[-1].removeprefix(start).strip() if lines else ""


def _how_to_look_around(root: Path) -> None:
    command, folder = command_name(), shlex.quote(os.path.relpath(root))
    lines = {
        "Point this shell at the local cloud": f'eval "$({command} local env)"',
        "Then Terraform and the AWS CLI work": f"terraform -chdir={folder} plan",
        "Read the secret again": f"{command} smoke {folder}",
        "Its e-mails, its state": f"{command} local inbox; {command} local status",
        "Stop, and forget all of it": f"{command} local down",
    }
    out.print("Everything is still up:")
    for what, line in lines.items():
        out.print(f"  {what + ':':<37}{escape(line)}", soft_wrap=True)
