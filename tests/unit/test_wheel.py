"""The wheel: what is in it, and that its pure rooms import where nothing else is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.later

# Of these no package is asked for: https://packaging.python.org/en/latest/specifications/dependency-specifiers/
PURE = (
    *("alarm", "cloudtrail", "dataprotection", "eventpattern", "filterpattern", "filterpolicy"),
    *("incident", "policy", "secretid", "silencing"),
)
_VERSIONS = ("3.11", "3.12", "3.13", "3.14")


@pytest.fixture(scope="module")
def wheel(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the source distribution, as an index gets it; of a copy, since a build writes there."""
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__")
    shutil.copytree(repo, folder / "source", ignore=ignored)
    subprocess.run(
        [
            *(Path(sys.executable).parent / "uv", "build", "--quiet", "--no-config", "--no-build-isolation"),
            *("--python", sys.executable, "--out-dir", folder / "dist", folder / "source"),
        ],
        check=True,
    )
    (built,) = (folder / "dist").glob("*.whl")
    return built


def test_the_module_and_its_types_are_in_it(wheel: Path, repo: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    hcl = [*repo.glob("*.tf"), *repo.glob("modules/*/*.tf"), *repo.glob("examples/quickstart/*.tf")]
    assert {f"secretwatch/module/{each.relative_to(repo)}" for each in hcl} <= names
    assert "secretwatch/py.typed" in names
    assert not [each for each in names if each.startswith(("tests", "scripts", "benchmarks"))]


@pytest.mark.parametrize("version", _VERSIONS)
def test_pure_rooms_import_alone(wheel: Path, tmp_path: Path, version: str) -> None:
    python = _python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path)
    imports = "; ".join(f"import secretwatch.{room}" for room in PURE)
    # -I and -S: no other packages, of the user's or of this Python's.
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {imports}"
    done = subprocess.run([python, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _python(version: str) -> str | None:
    """A Python of this version, on PATH or among pyenv's."""
    names = [shutil.which(f"python{version}")]
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    names += [str(each / "bin/python") for each in versions.glob(f"{version}.*")]
    for name in names:
        if name and subprocess.run([name, "-c", ""], capture_output=True, check=False).returncode == 0:
            return name
    return None
