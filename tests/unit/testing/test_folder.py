"""A root module is copied to where Terraform runs, and still finds what lies around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from secretwatch.testing.folder import NotARoot, copied, variables


def repository(top: Path) -> Path:
    """A clone with a root module, and a module beside it."""
    root = top / "infra" / "alarms"
    root.mkdir(parents=True)
    (top / ".git").mkdir()
    (root / "main.tf").write_text('module "alarm" {\n  source = "../../modules/alarm"\n}\n')
    module = top / "modules" / "alarm"
    module.mkdir(parents=True)
    (module / "main.tf").write_text("")
    return root


def test_modules_around_it_are_found(tmp_path: Path) -> None:
    root = repository(tmp_path / "clone")
    copy = copied(root, tmp_path / "scratch")
    assert (copy / "main.tf").read_text() == (root / "main.tf").read_text()
    assert (copy / "../../modules/alarm/main.tf").exists()


def test_what_is_written_there_is_not_written_here(tmp_path: Path) -> None:
    root = repository(tmp_path / "clone")
    before = sorted(each for each in (tmp_path / "clone").rglob("*"))
    copy = copied(root, tmp_path / "scratch")
    (copy / ".terraform").mkdir()
    (copy / "terraform.tfstate").write_text("{}")
    (copy / "main.tf").write_text("# changed")
    assert sorted(each for each in (tmp_path / "clone").rglob("*")) == before
    assert "module" in (root / "main.tf").read_text()


@pytest.mark.parametrize(
    "name", [".terraform", "terraform.tfstate", "terraform.tfstate.backup", "apply.tfplan"]
)
def test_what_terraform_left_there_stays_behind(tmp_path: Path, name: str) -> None:
    root = repository(tmp_path / "clone")
    (root / name).write_text("another run's")
    assert not (copied(root, tmp_path / "scratch") / name).exists()


def test_its_state_is_a_file_whatever_backend_is_named(tmp_path: Path) -> None:
    copy = copied(repository(tmp_path / "clone"), tmp_path / "scratch")
    assert [each.name for each in copy.glob("*_override.tf")] == ["secretwatch_override.tf"]
    assert 'backend "local"' in (copy / "secretwatch_override.tf").read_text()


def test_without_a_repository_three_folders_up_are_there(tmp_path: Path) -> None:
    root = tmp_path / "one" / "two" / "three" / "root"
    root.mkdir(parents=True)
    (root / "main.tf").write_text("")
    (tmp_path / "one" / "beside").mkdir()
    copy = copied(root, tmp_path / "scratch")
    assert (copy / "../../../beside").exists()


def test_a_folder_without_a_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotARoot, match=f"{tmp_path} holds no Terraform configuration"):
        copied(tmp_path, tmp_path / "scratch")


def test_declared_variables_are_found(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'variable "pattern" {}\n  variable  plain { type = string }\n# variable "no" {}\n'
    )
    (tmp_path / "more.tf.json").write_text('{"variable": {"statistic": {}}}')
    (tmp_path / "torn.tf.json").write_text("{")
    assert variables(tmp_path) == {"pattern", "plain", "statistic"}
