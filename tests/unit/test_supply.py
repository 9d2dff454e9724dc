"""Advisories of locked versions are accepted one by one, and a bill of materials is whole."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from scripts_here import load

HAS = {("cbor2", "5.8.0"), ("rich", "15.0.0")}
ACCEPTED = {"id": "CVE-1", "package": "cbor2", "version": "5.8.0", "reason": "Because."}


@pytest.fixture(scope="module")
def audit(repo: Path) -> Any:
    return load(repo, "audit")


@pytest.fixture(scope="module")
def sbom(repo: Path) -> Any:
    return load(repo, "sbom")


def found(audit: Any, *dependencies: dict[str, Any]) -> Any:
    told = audit.Found()
    audit.read(json.dumps({"dependencies": dependencies}), told)
    return told


def with_advisory(identifier: str, *aliases: str) -> dict[str, Any]:
    vulnerability = {"id": identifier, "aliases": aliases, "fix_versions": ["5.9.0"]}
    return {"name": "cbor2", "version": "5.8.0", "vulns": [vulnerability]}


def test_an_advisory_that_nobody_accepted_fails(audit: Any) -> None:
    (said,) = audit.judge(found(audit, with_advisory("PYSEC-2", "CVE-2")), [ACCEPTED], HAS)
    assert said.startswith("cbor2 5.8.0 has the advisory CVE-2, PYSEC-2: ")


def test_one_that_is_accepted_by_any_of_its_names_does_not(audit: Any) -> None:
    assert not audit.judge(found(audit, with_advisory("PYSEC-1", "CVE-1")), [ACCEPTED], HAS)


def test_it_is_accepted_of_its_version_alone(audit: Any) -> None:
    newer = with_advisory("CVE-1") | {"version": "5.8.1"}
    said = audit.judge(found(audit, newer), [ACCEPTED], {("cbor2", "5.8.1")})
    assert [each.split(":")[0] for each in said] == [
        "cbor2 5.8.0 is not locked any more",
        "cbor2 5.8.1 has the advisory CVE-1",
    ]


def test_what_the_index_does_not_know_is_not_taken_for_audited(audit: Any) -> None:
    told = found(audit, {"name": "rich", "skip_reason": "Dependency not found on PyPI"})
    assert (told.audited, told.unanswered) == (0, 1)
    assert not audit.judge(told, [], HAS)


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        ("requests.exceptions.ConnectionError: refused", "the index could not be asked"),
        ("pip_audit._service.interface.ServiceError", "the index could not be asked"),
        ("error: unrecognized arguments: -q", None),
    ],
)
def test_a_network_that_refuses_is_no_failure_and_a_broken_tool_is(
    audit: Any, tmp_path: Path, stderr: str, said: str | None
) -> None:
    tool = tmp_path / "pip-audit"
    tool.write_text(f"#!/bin/sh\necho '{stderr}' >&2\nexit 1\n")
    tool.chmod(0o755)
    if said:
        assert audit.ask(str(tool), tmp_path / "all.txt", audit.Found()) == said
    else:
        with pytest.raises(RuntimeError, match="unrecognized arguments"):
            audit.ask(str(tool), tmp_path / "all.txt", audit.Found())


def test_every_accepted_one_is_of_a_locked_version_and_has_a_reason(audit: Any, repo: Path) -> None:
    accepted = tomllib.loads((repo / "requirements/advisories.toml").read_text())["accepted"]
    has = set().union(
        *(audit.locked((repo / f"requirements/{name}.txt").read_text()) for name in audit.LISTS)
    )
    assert audit.judge(audit.Found(), accepted, has) == []
    assert all(len(each["reason"]) > 40 and each["reason"].endswith(".") for each in accepted)
    assert len({(each["id"], each["package"]) for each in accepted}) == len(accepted)


def test_every_list_is_audited_locked_and_hashed(audit: Any, repo: Path) -> None:
    lists = sorted(repo.glob("requirements/*.txt"))
    assert sorted(audit.LISTS) == [each.stem for each in lists]
    for each in lists:
        text = each.read_text()
        assert text.startswith("# Locked by scripts/lock from ")
        # No index: which one is the machine's choice.
        assert "://" not in text
        pinned = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
        assert len(pinned) >= len(audit.locked(text))
        assert all("==" in one and "--hash=sha256:" in one for one in pinned)


def test_a_bill_that_lacks_a_package_is_not_whole(sbom: Any) -> None:
    requirements = "cbor2==5.8.0 \\\n    --hash=sha256:00\nZope.Interface==8.7 ; python_version > '3' \\\n"
    components = [{"name": "cbor2", "version": "5.8.0"}, {"name": "zope-interface", "version": "8.7"}]
    bill = {"bomFormat": "CycloneDX", "components": components}
    assert sbom.missing(json.dumps(bill), requirements) == []
    assert sbom.missing(json.dumps(bill | {"components": components[:1]}), requirements) == [
        "zope-interface 8.7"
    ]
    assert sbom.missing(json.dumps({"components": components}), requirements) == ["the format CycloneDX"]
