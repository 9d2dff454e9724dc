"""Which Terraform is used, and what is said of one that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from secretwatch import terraform as tf


def fake(folder: Path, name: str, script: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def answering(version: str) -> str:
    return f"""echo 'There are some problems with the CLI configuration'
echo '{{"terraform_version": "{version}", "platform": "linux_amd64"}}'"""


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.11.4", (1, 11, 4)), ("v1.12.0-rc1", (1, 12, 0)), ("1.9", (1, 9, 0)), ("10.2.3+ent", (10, 2, 3))],
)
def test_versions(text: str, version: tuple[int, ...]) -> None:
    assert tf.parse_version(text) == version


@pytest.mark.parametrize("text", ["", "one", "x1.11"])
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="not a version"):
        tf.parse_version(text)


@pytest.mark.parametrize("version", ["1.11.0", "1.12.0-beta1", "2.0.0"])
def test_new_enough(tmp_path: Path, version: str) -> None:
    path = fake(tmp_path, "terraform", answering(version))
    assert tf.inspect_binary(path) == tf.Binary(path, version, "linux_amd64", tf.TERRAFORM_REGISTRY)


@pytest.mark.parametrize("version", ["1.10.5", "0.15.0"])
def test_too_old(tmp_path: Path, version: str) -> None:
    with pytest.raises(
        tf.TerraformNotUsable, match=f"is version {version}, which is too old: .* 1.11 or newer"
    ):
        tf.inspect_binary(fake(tmp_path, "terraform", answering(version)))


@pytest.mark.parametrize("script", ["exit 1", "echo nothing of use", "echo '{}'", "echo '{'"])
def test_no_terraform_at_all(tmp_path: Path, script: str) -> None:
    with pytest.raises(tf.TerraformNotUsable, match="gave no version"):
        tf.inspect_binary(fake(tmp_path, "terraform", script))


def test_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TF_BINARY", "tofu-that-is-not-there")
    with pytest.raises(tf.TerraformNotUsable, match="`tofu-that-is-not-there` is not on PATH"):
        tf.binary()


def test_opentofu_is_known_by_its_name(tmp_path: Path) -> None:
    assert tf.inspect_binary(fake(tmp_path, "tofu", answering("1.11.0"))).registry == tf.OPENTOFU_REGISTRY


def test_a_failed_run_has_what_was_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        f'[ "$1" = version ] && {{ {answering("1.11.4")}; exit; }}\necho "$1 in $PWD"; echo oh >&2; exit 3'
    )
    monkeypatch.setenv("TF_BINARY", fake(tmp_path, "terraform", script))
    with pytest.raises(tf.TerraformFailed, match="terraform plan -out=x") as failure:
        tf.run(tmp_path, os.environ, "plan", "-out=x")
    assert failure.value.output == f"plan in {tmp_path}\noh\n"


def test_nothing_of_other_runs_reaches_terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever debugs a provider or works in another workspace has these in the shell."""
    traps = ("TF_CLI_ARGS_plan", "TF_DATA_DIR", "TF_LOG_PATH", "TF_LOG_PROVIDER", "TF_WORKSPACE")
    script = f"env >$1; {answering('1.11.4')}"
    monkeypatch.setenv("TF_BINARY", fake(tmp_path, "terraform", script))
    monkeypatch.chdir(tmp_path)
    for name in (*traps, "TF_CLI_ARGS", "TF_CLI_ARGS_version", "TF_VAR_name", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "trap")
    tf.run(tmp_path, os.environ | {"TF_VAR_mine": "kept"}, "plan")
    asked, ran = (tmp_path / "version").read_text(), (tmp_path / "plan").read_text()
    assert "trap" not in asked
    assert not [name for name in traps if name in ran]
    assert "TF_CLI_ARGS=-no-color\n" in ran
    assert "TF_VAR_mine=kept\n" in ran


@pytest.mark.parametrize("colour", ["", "\x1b[31m"])
def test_of_what_terraform_says_the_error_is_told(colour: str) -> None:
    said = "There are some problems with the CLI configuration:\n"
    boxes = f"{said}╷\n│ Warning: Unable to open it\n│ \n│ Why.\n╵\n\n"
    box = f"╷\n│ {colour}Error: No such thing\n│ \n│ Because.\n╵\n"
    assert tf.first_error(boxes + f"{colour}Failed to refresh state: not JSON\n") == (
        "Failed to refresh state: not JSON."
    )
    assert tf.first_error(boxes + box) == "No such thing."
    assert tf.first_error(boxes) == tf.first_error("") == "Terraform gave no reason."
