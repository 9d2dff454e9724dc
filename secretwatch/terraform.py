"""Terraform (or OpenTofu) as this project's commands and tests run it: which binary, providers and folder.

Here: finding and checking the binary, finding a provider mirror where no registry can be reached, running
it so that nothing is left behind. Not here: what is applied, and what its outputs mean (`pipeline/`).
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MINIMUM = (1, 11)
"""The first version with write-only arguments, of Terraform and of OpenTofu alike."""

MIRROR_VARIABLE = "SECRETWATCH_PROVIDER_MIRROR"
PROVIDER = "hashicorp/aws"

TERRAFORM_REGISTRY = "registry.terraform.io"
OPENTOFU_REGISTRY = "registry.opentofu.org"

_OF_THE_USER = {TERRAFORM_REGISTRY: ".terraformrc", OPENTOFU_REGISTRY: ".tofurc"}

_PROBE_SECONDS = 5.0


class TerraformNotUsable(Exception):
    """Terraform, or a way to its providers, is missing; the message is one sentence saying what to do."""


class TerraformFailed(Exception):
    """A run of Terraform ended with an error. `output` is what it printed."""

    def __init__(self, arguments: tuple[str, ...], output: str) -> None:
        super().__init__(f"`terraform {' '.join(arguments)}` failed.")
        self.output = output


@dataclass(frozen=True)
class Binary:
    """A Terraform or OpenTofu that can be used."""

    path: str
    version: str
    platform: str
    """As in provider file names: `linux_amd64`."""
    registry: str
    """Host of the registry that a provider without a host in its address comes from."""


def binary() -> str:
    """Path of the Terraform to use: `TF_BINARY`, else `terraform` on PATH.

    Raises TerraformNotUsable where it is missing, does not run or is older than 1.11.
    """
    return inspect_binary(os.environ.get("TF_BINARY") or "terraform").path


@functools.cache
def inspect_binary(name: str) -> Binary:
    """Find and ask the binary `name` (a name on PATH or a path). Raises TerraformNotUsable."""
    path = shutil.which(name)
    needed = ".".join(map(str, MINIMUM))
    if path is None:
        raise TerraformNotUsable(
            f"Terraform was not found: `{name}` is not on PATH; install Terraform {needed} or newer, "
            "or name an OpenTofu of the same age in TF_BINARY."
        )
    try:
        answer = subprocess.run(
            [path, "version", "-json"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            stdin=subprocess.DEVNULL,
            env=_asking(os.environ),
        ).stdout
        # Complaints about the CLI configuration may stand before the JSON.
        facts = json.loads(answer[answer.index("{") :])
        version, platform = str(facts["terraform_version"]), str(facts["platform"])
        parsed = parse_version(version)
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        raise TerraformNotUsable(
            f"`{path} version -json` gave no version: name a Terraform {needed} or newer in TF_BINARY, "
            "or put one on PATH."
        ) from error
    if parsed < MINIMUM:
        raise TerraformNotUsable(
            f"{path} is version {version}, which is too old: secretwatch needs {needed} or newer, "
            "where a secret's value stays out of the state."
        )
    opentofu = "tofu" in Path(path).name or "tofu" in Path(path).resolve().name
    return Binary(path, version, platform, OPENTOFU_REGISTRY if opentofu else TERRAFORM_REGISTRY)


_COLOUR = re.compile("\x1b\\[[0-9;]*m")


# A box with a warning in it, as of the CLI configuration, and the line that announces such.
_WARNING = re.compile(
    "(?:There are some problems with the CLI configuration:\\n)?╷\\n│ Warning: .*\\n(?:│.*\\n)*╵\\n"
)


def first_error(text: str) -> str:
    """The first error of Terraform's, without its box; warnings before it say nothing of it."""
    text = _WARNING.sub("", _COLOUR.sub("", text))
    lines = [line.strip("│╷╵ \t") for line in text.splitlines()]
    errors = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    return (errors or [line for line in lines if line] or ["Terraform gave no reason"])[0].rstrip(".") + "."


def parse_version(text: str) -> tuple[int, ...]:
    """`1.11.4` and `v1.12.0-rc1` as (1, 11, 4) and (1, 12, 0). Raises ValueError."""
    match = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text)
    if match is None:
        raise ValueError(f"not a version: {text!r}")
    return tuple(int(part or 0) for part in match.groups())


# No question, no call home, no hint about the next command to type.
_QUIET = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}

# What a shell has set for other runs: other arguments, another workspace or folder, a log in some file, a
# provider that is being debugged.
_OF_OTHER_RUNS = ("TF_CLI_ARGS", "TF_DATA_DIR", "TF_LOG", "TF_WORKSPACE")


def _asking(environ: Mapping[str, str]) -> dict[str, str]:
    """What the question for a version needs of an environment: nothing of an account or of other runs."""
    out = ("AMAZON_", "AWS_", "BOTO_", "TF_")
    return {
        name: value
        for name, value in environ.items()
        if name == "TF_CLI_CONFIG_FILE" or not name.startswith(out)
    } | _QUIET


# Each run reads the provider's huge schema, and Go collects garbage for a third of that time. With this it
# takes 200 MB more instead. The user's own word counts: https://pkg.go.dev/runtime#hdr-Environment_Variables
LEAN = {"GOGC": "400"}


def _say(line: str) -> None:
    print(line, file=sys.stderr)


@contextlib.contextmanager
def environment(say: Callable[[str], None] = _say, scratch: Path | None = None) -> Iterator[dict[str, str]]:
    """Variables that Terraform needs in addition to those of this process, while the context lasts.

    Where providers cannot come from a registry, that is `TF_CLI_CONFIG_FILE` naming a temporary CLI
    configuration with a provider mirror (in the folder `scratch`, else in the system's for temporary
    files); `say` then gets one line about which mirror it is. Raises TerraformNotUsable where there is
    neither a registry nor a mirror.
    """
    facts = inspect_binary(os.environ.get("TF_BINARY") or "terraform")
    mirror = choose_mirror(facts, os.environ, Path.home(), Path("/opt"))
    if mirror is None:
        yield dict(_QUIET)
        return
    say(f"Terraform providers come from the mirror {mirror}.")
    with tempfile.TemporaryDirectory(prefix="secretwatch-", dir=scratch) as folder:
        yield _QUIET | {"TF_CLI_CONFIG_FILE": str(_configure(Path(folder), mirror, facts))}


def _configure(folder: Path, mirror: Path, facts: Binary) -> Path:
    """Write a CLI configuration with this mirror."""
    if not _holds(mirror, facts.registry, facts.platform):
        # A mirror made with Terraform serves OpenTofu as well: the same files under another host.
        view = folder / "mirror"
        view.mkdir(exist_ok=True)
        (view / facts.registry).unlink(missing_ok=True)
        (view / facts.registry).symlink_to(mirror.absolute() / TERRAFORM_REGISTRY)
        mirror = view
    config = folder / "mirror.tfrc"
    config.write_text(
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f"    path = {json.dumps(str(mirror.absolute()))}\n"
        "  }\n"
        "}\n"
    )
    return config


def for_a_shell(
    folder: Path, environ: Mapping[str, str], home: Path, addons: Path, say: Callable[[str], None] = _say
) -> Path | None:
    """A CLI configuration in `folder` for somebody's own `terraform init`, where no registry answers.

    None, and no file, where that would replace settings of theirs, where none is needed, and where no mirror
    or no Terraform is found. `folder` is made if need be, and is nobody else's. `say`: as of `environment`.
    """
    own = str(folder / "mirror.tfrc")
    environ = {name: each for name, each in environ.items() if (name, each) != ("TF_CLI_CONFIG_FILE", own)}
    # Terraform reads one file alone: credentials in the user's own would be lost.
    if "TF_CLI_CONFIG_FILE" not in environ and any((home / each).exists() for each in _OF_THE_USER.values()):
        return None
    try:
        facts = inspect_binary(environ.get("TF_BINARY") or "terraform")
        near = [*_implied_folders(environ, home), *addons.glob("*")]
        if not environ.get(MIRROR_VARIABLE) and not any(_holds_for(each, facts) for each in near):
            return None  # a registry need not be asked
        mirror = choose_mirror(facts, environ, home, addons)
        # A mirror may lack other providers than this project's.
        if mirror is None or (environ.get(MIRROR_VARIABLE) and _answers(facts.registry)):
            return None
        folder.mkdir(mode=0o700, exist_ok=True)
        config = _configure(folder, mirror, facts)
    except (OSError, TerraformNotUsable):
        return None
    say(f"Terraform providers come from the mirror {mirror}.")
    return config


def choose_mirror(facts: Binary, environ: Mapping[str, str], home: Path, addons: Path) -> Path | None:
    """The provider mirror that a temporary CLI configuration should name, or None where none is needed.

    A CLI configuration that exists is honoured; then a mirror named by SECRETWATCH_PROVIDER_MIRROR is
    taken; then, where `TF_CLI_CONFIG_FILE` names no file or no registry answers, the first found in
    Terraform's implied mirror folders or one level below `addons`.
    """
    named = environ.get("TF_CLI_CONFIG_FILE")
    if named and Path(named).is_file():
        return None
    if wished := environ.get(MIRROR_VARIABLE):
        if not _holds_for(Path(wished), facts):
            raise TerraformNotUsable(
                f"{MIRROR_VARIABLE} names {wished}, which holds no {PROVIDER} for {facts.platform}: "
                f"fill it with `terraform providers mirror {wished}`, or name another folder."
            )
        return Path(wished)
    if not named and _configures_installation(facts, home):
        return None
    implied = [folder for folder in _implied_folders(environ, home) if _holds_for(folder, facts)]
    if not named:
        # Terraform looks into the implied folders by itself.
        if any(_holds(folder, facts.registry, facts.platform) for folder in implied):
            return None
        if _answers(facts.registry):
            return None
    found = implied + [folder for folder in sorted(addons.glob("*")) if _holds_for(folder, facts)]
    if found:
        return found[0]
    if not named:
        raise TerraformNotUsable(
            f"{facts.registry} does not answer and no provider mirror was found: run "
            "`terraform providers mirror DIR` where it does, and name that folder in "
            f"{MIRROR_VARIABLE}."
        )
    return None


def _implied_folders(environ: Mapping[str, str], home: Path) -> list[Path]:
    """https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories"""
    folders = [Path("terraform.d/plugins"), home / ".terraform.d/plugins"]
    if sys.platform == "darwin":
        application = Path("Library/Application Support/io.terraform/plugins")
        return [*folders, home / application, Path("/") / application]
    data = [environ.get("XDG_DATA_HOME") or str(home / ".local/share")]
    data += (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    return [*folders, *(Path(folder) / "terraform/plugins" for folder in data if folder)]


def _configures_installation(facts: Binary, home: Path) -> bool:
    """Whether the user's own CLI configuration says where providers come from."""
    try:
        return "provider_installation" in (home / _OF_THE_USER[facts.registry]).read_text()
    except OSError:
        return False


def _holds_for(folder: Path, facts: Binary) -> bool:
    return any(_holds(folder, registry, facts.platform) for registry in {facts.registry, TERRAFORM_REGISTRY})


def _holds(folder: Path, registry: str, platform: str) -> bool:
    """Whether a mirror has the provider for this platform, unpacked or as a zip file."""
    provider = folder / registry / PROVIDER
    return any(provider.glob(f"*/{platform}")) or any(provider.glob(f"*_{platform}.zip"))


def _answers(registry: str) -> bool:
    url = f"https://{registry}/.well-known/terraform.json"
    try:
        with urllib.request.urlopen(url, timeout=_PROBE_SECONDS):
            return True
    except urllib.error.HTTPError:
        return True
    except urllib.error.URLError as error:
        # Terraform may know certificates that this Python does not.
        return isinstance(error.reason, ssl.SSLError)
    except OSError:
        return False


def plugin_cache(folder: Path) -> dict[str, str]:
    """Variables that let Terraform download a provider once into `folder`, not for each root module."""
    folder.mkdir(parents=True, exist_ok=True)
    # Without a lock file Terraform would otherwise download again to learn the checksum.
    return {"TF_PLUGIN_CACHE_DIR": str(folder), "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}


def copy_module(source: Path, target: Path) -> Path:
    """Copy the module with its examples, without anything that Terraform writes beside them.

    Terraform puts its lock file and its state next to the configuration; a copy keeps the original clean,
    and the examples' relative paths to the module still hold. Returns `target`.
    """
    target.mkdir(mode=0o700, parents=True)
    for file in source.glob("*.tf"):
        shutil.copy2(file, target)
    ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfplan", "*.auto.tfvars*")
    for name in ("modules", "examples"):
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=ignored)
    # What is written beside it, as the state with its secrets, is the owner's alone; so is all of it.
    for each in target.rglob("*"):
        each.chmod(each.stat().st_mode & 0o700)
    return target


def run(
    directory: Path, env: Mapping[str, str], *arguments: str, log: IO[str] | None = None, patience: float = 15
) -> str:
    """Run Terraform in `directory` with the whole environment `env`; what it printed, also written to `log`.

    What `env` has for other runs (TF_CLI_ARGS_apply, TF_WORKSPACE, TF_LOG_PATH and the like) is left out.
    Raises TerraformFailed. When interrupted, Terraform and its providers are told to stop, and killed
    after `patience` seconds.
    """
    own = {name: value for name, value in env.items() if not name.startswith(_OF_OTHER_RUNS)}
    process = subprocess.Popen(
        [binary(), *arguments],
        cwd=directory,
        env=LEAN | own | _QUIET | {"TF_CLI_ARGS": "-no-color"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A group of its own, so that providers can be ended with it.
        start_new_session=True,
        # A state holds secrets.
        umask=0o077,
    )
    assert process.stdout is not None
    lines = []
    try:
        with process.stdout:
            for line in process.stdout:
                lines.append(line)
                if log:
                    log.write(line)
                    log.flush()
        code = process.wait()
    except BaseException:
        _end(process, patience)
        raise
    if code:
        raise TerraformFailed(arguments, "".join(lines))
    return "".join(lines)


def _end(process: subprocess.Popen[str], patience: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
