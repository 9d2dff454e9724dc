from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_cloud import FACTS, AtOnce, Cloud, Told

from secretwatch.pipeline import inbox
from secretwatch.pipeline.smoke import Smoke
from secretwatch.pipeline.watch import Watch


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    found = Cloud()
    monkeypatch.setattr(inbox, "messages", lambda endpoint_url: found.mails)
    return found


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def smoke(cloud: Cloud, told: Told) -> Callable[..., Smoke]:
    def make(watch: dict[str, Any] | None = None, **options: Any) -> Smoke:
        return Smoke(
            Watch.from_outputs({"watch": {"value": FACTS | (watch or {})}}),
            cloud,
            clock=cloud.clock,
            executor=AtOnce(),
            observer=told,
            **options,
        )

    return make


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root module whose Terraform prints what its file `outputs` holds."""
    binary = tmp_path / "bin" / "terraform"
    binary.parent.mkdir()
    binary.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = version ]; then\n'
        '  echo \'{"terraform_version": "1.11.0", "platform": "linux_amd64"}\'; exit\n'
        "fi\n"
        "if [ -e error ]; then cat error >&2; exit 1; fi\ncat outputs\n"
    )
    binary.chmod(0o755)
    monkeypatch.setenv("TF_BINARY", str(binary))
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "outputs").write_text(json.dumps({"watch": {"value": FACTS}}))
    return folder
