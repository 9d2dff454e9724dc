"""Where providers come from: the decision, over made-up homes and add-on folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from secretwatch import terraform as tf

TERRAFORM = tf.Binary("/bin/terraform", "1.11.4", "linux_amd64", tf.TERRAFORM_REGISTRY)
OPENTOFU = tf.Binary("/bin/tofu", "1.11.0", "linux_amd64", tf.OPENTOFU_REGISTRY)


class Machine:
    """A machine's home and add-on folder, its variables, and whether a registry answers."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.home, self.addons, self.other = folder / "home", folder / "addons", folder / "other"
        for path in (self.home, self.addons, self.other):
            path.mkdir()
        self.environ: dict[str, str] = {"XDG_DATA_DIRS": str(folder / "share")}
        self.registry_answers = True
        self.asked: list[str] = []
        patch.setattr(tf, "_answers", self._answer)
        patch.setattr(tf.sys, "platform", "linux")
        patch.chdir(self.other)

    def _answer(self, registry: str) -> bool:
        self.asked.append(registry)
        return self.registry_answers

    def mirror(self, folder: Path, registry: str = tf.TERRAFORM_REGISTRY, unpacked: bool = True) -> Path:
        provider = folder / registry / "hashicorp/aws"
        if unpacked:
            (provider / "5.100.0/linux_amd64").mkdir(parents=True)
        else:
            provider.mkdir(parents=True)
            (provider / "terraform-provider-aws_5.100.0_linux_amd64.zip").touch()
        return folder

    def choose(self, binary: tf.Binary = TERRAFORM) -> Path | None:
        return tf.choose_mirror(binary, self.environ, self.home, self.addons)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_a_configuration_that_exists_is_honoured(machine: Machine) -> None:
    config = machine.home / "mine.tfrc"
    config.touch()
    machine.environ |= {"TF_CLI_CONFIG_FILE": str(config), tf.MIRROR_VARIABLE: "/nowhere"}
    machine.mirror(machine.addons / "plugins")
    machine.registry_answers = False
    assert machine.choose() is None


def test_a_configuration_that_does_not_exist_gives_way_to_a_mirror(machine: Machine) -> None:
    machine.environ["TF_CLI_CONFIG_FILE"] = str(machine.home / "missing")
    assert machine.choose() is None
    found = machine.mirror(machine.addons / "plugins")
    assert machine.choose() == found
    assert machine.asked == []


def test_implied_folders_come_before_the_add_on_folder(machine: Machine) -> None:
    machine.environ["TF_CLI_CONFIG_FILE"] = str(machine.home / "missing")
    machine.mirror(machine.addons / "plugins")
    implied = machine.mirror(machine.home / ".terraform.d/plugins")
    assert machine.choose() == implied


@pytest.mark.parametrize(
    "folder", ["home/.terraform.d/plugins", "home/.local/share/terraform/plugins", "share/terraform/plugins"]
)
def test_terraform_finds_implied_folders_by_itself(machine: Machine, tmp_path: Path, folder: str) -> None:
    machine.registry_answers = False
    machine.mirror(tmp_path / folder)
    assert machine.choose() is None


@pytest.mark.parametrize("unpacked", [True, False])
def test_without_a_registry_the_add_on_folder_is_searched(machine: Machine, unpacked: bool) -> None:
    machine.registry_answers = False
    found = machine.mirror(machine.addons / "plugins", unpacked=unpacked)
    assert machine.choose() == found


def test_with_a_registry_it_is_not(machine: Machine) -> None:
    machine.mirror(machine.addons / "plugins")
    assert machine.choose() is None
    assert machine.asked == [tf.TERRAFORM_REGISTRY]


def test_the_users_own_installation_settings_are_honoured(machine: Machine) -> None:
    machine.registry_answers = False
    machine.mirror(machine.addons / "plugins")
    (machine.home / ".terraformrc").write_text("provider_installation {\n  direct {}\n}\n")
    assert machine.choose() is None
    # OpenTofu does not read Terraform's.
    assert machine.choose(OPENTOFU) is not None


def test_the_named_mirror_is_taken_without_asking_anybody(machine: Machine) -> None:
    named = machine.mirror(machine.other / "mirror")
    machine.mirror(machine.addons / "plugins")
    machine.environ[tf.MIRROR_VARIABLE] = str(named)
    assert machine.choose() == named
    assert machine.asked == []


def test_a_named_mirror_without_the_provider_is_refused(machine: Machine) -> None:
    machine.environ[tf.MIRROR_VARIABLE] = str(machine.other)
    with pytest.raises(tf.TerraformNotUsable, match="holds no hashicorp/aws for linux_amd64"):
        machine.choose()


def test_a_mirror_for_another_platform_is_none(machine: Machine) -> None:
    machine.registry_answers = False
    (machine.addons / "x" / tf.TERRAFORM_REGISTRY / "hashicorp/aws/5.100.0/darwin_arm64").mkdir(parents=True)
    with pytest.raises(tf.TerraformNotUsable, match=f"does not answer.*{tf.MIRROR_VARIABLE}"):
        machine.choose()


def test_opentofu_asks_its_own_registry_and_takes_terraforms_mirror(machine: Machine) -> None:
    machine.registry_answers = False
    # Its implied folders hold nothing under its own registry's name, so it would not find this by itself.
    found = machine.mirror(machine.home / ".terraform.d/plugins")
    assert machine.choose(OPENTOFU) == found
    assert machine.asked == [tf.OPENTOFU_REGISTRY]


def test_the_configuration_lasts_as_long_as_its_context(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = machine.mirror(tmp_path / 'a "mirror"')
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv(tf.MIRROR_VARIABLE, str(named))
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    monkeypatch.setattr(tf, "inspect_binary", lambda name: TERRAFORM)
    said: list[str] = []
    with tf.environment(said.append, scratch) as env:
        assert 'a \\"mirror\\""' in Path(env["TF_CLI_CONFIG_FILE"]).read_text()
    assert said == [f"Terraform providers come from the mirror {named}."]
    assert list(scratch.iterdir()) == []


def test_opentofu_sees_terraforms_mirror_under_its_own_registry(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(tf.MIRROR_VARIABLE, str(machine.mirror(tmp_path / "mirror")))
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    monkeypatch.setattr(tf, "inspect_binary", lambda name: OPENTOFU)
    with tf.environment(lambda line: None, tmp_path) as env:
        view = Path(env["TF_CLI_CONFIG_FILE"]).parent / "mirror"
        assert (view / tf.OPENTOFU_REGISTRY / "hashicorp/aws/5.100.0/linux_amd64").is_dir()
        assert f'path = "{view}"' in Path(env["TF_CLI_CONFIG_FILE"]).read_text()


class Shell:
    """Somebody's own `terraform init` on a machine."""

    def __init__(self, machine: Machine, patch: pytest.MonkeyPatch) -> None:
        self.machine, self.folder = machine, machine.home / "state/mirror"
        self.folder.parent.mkdir()
        self.binary = TERRAFORM
        self.said: list[str] = []
        patch.setattr(tf, "inspect_binary", lambda name: self.binary)

    def configuration(self) -> Path | None:
        machine = self.machine
        return tf.for_a_shell(self.folder, machine.environ, machine.home, machine.addons, self.said.append)


@pytest.fixture
def shell(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Shell:
    machine.registry_answers = False
    return Shell(machine, monkeypatch)


@pytest.mark.parametrize("binary", [TERRAFORM, OPENTOFU])
def test_a_shell_gets_a_mirror_where_no_registry_answers(shell: Shell, binary: tf.Binary) -> None:
    mirror = shell.machine.mirror(shell.machine.addons / "plugins")
    shell.binary = binary
    config = shell.configuration()
    assert config
    assert (str(mirror) in config.read_text()) == (binary is TERRAFORM)
    assert shell.said == [f"Terraform providers come from the mirror {mirror}."]
    # The shell has it now. Whoever starts the local cloud anew evaluates the line again.
    shell.machine.environ["TF_CLI_CONFIG_FILE"] = str(config)
    assert shell.configuration() == config
    if binary is OPENTOFU:
        assert (shell.folder / "mirror" / tf.OPENTOFU_REGISTRY / "hashicorp/aws/5.100.0/linux_amd64").is_dir()


def test_a_shell_whose_registry_answers_gets_none(shell: Shell) -> None:
    """The mirror may lack what else somebody's own configuration needs."""
    shell.machine.registry_answers = True
    named = shell.machine.mirror(shell.machine.addons / "plugins")
    assert shell.configuration() is None
    shell.machine.environ[tf.MIRROR_VARIABLE] = str(named)
    assert shell.configuration() is None
    assert not shell.folder.exists()
    shell.machine.registry_answers = False
    assert shell.configuration()


@pytest.mark.parametrize("name", [".terraformrc", ".tofurc"])
def test_a_shell_keeps_its_users_own_configuration(shell: Shell, name: str) -> None:
    shell.machine.mirror(shell.machine.addons / "plugins")
    (shell.machine.home / name).write_text('credentials "example.com" {}\n')
    assert shell.configuration() is None
    (shell.machine.home / name).unlink()
    mine = shell.machine.home / "mine.tfrc"
    mine.touch()
    shell.machine.environ["TF_CLI_CONFIG_FILE"] = str(mine)
    assert shell.configuration() is None
    assert not shell.folder.exists()


def test_without_a_mirror_no_registry_is_asked_for_a_shell(shell: Shell) -> None:
    assert shell.configuration() is None
    assert shell.machine.asked == []


def test_a_shell_without_terraform_gets_none(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> tf.Binary:
        raise tf.TerraformNotUsable(name)

    monkeypatch.setattr(tf, "inspect_binary", missing)
    shell.machine.mirror(shell.machine.addons / "plugins")
    assert shell.configuration() is None


def test_a_copy_of_the_module_has_nothing_that_terraform_writes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in (
        "main.tf",
        "notes.md",
        "modules/watch/main.tf",
        "examples/quickstart/main.tf",
        "examples/quickstart/terraform.tfstate",
        "examples/quickstart/.terraform.lock.hcl",
        "examples/quickstart/.terraform/providers/x",
    ):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).touch()
    target = tf.copy_module(source, tmp_path / "target")
    copied = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert copied == {"main.tf", "modules/watch/main.tf", "examples/quickstart/main.tf"}
