"""Who has the printed policies and nothing else plans, applies and destroys; with one statement less, not."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from accounts import new_account_id
from clients import REGION, client
from roles import NOT_SEEN, Document, Role, printed, refused, sids, without

from secretwatch.policy import Request
from secretwatch.terraform import TerraformFailed

pytestmark = pytest.mark.later

NAMES = ("everything", "adopting")


class Operators:
    """Two roles of an account, and two instances of the module that they plan and apply."""

    def __init__(self, terraform: Any) -> None:
        self.account = new_account_id()
        self._terraform = terraform
        self.root: Path = terraform.new_root("who-may-apply", _everything())
        self.planner, self.applier = Role(self.account, "planner"), Role(self.account, "applier")
        # Of the finished plan: nothing but what this root module needs.
        self.exact: dict[str, dict[str, Document]] = {}
        self.asked: dict[str, list[Request]] = {}

    def run(self, role: Role, *arguments: str) -> str:
        with role.environment():
            return str(self._terraform.run(self.root, *arguments))

    def print(self) -> dict[str, dict[str, Document]]:
        """What `secretwatch policy` prints for the saved plan, and for its JSON."""
        shown = self.root / "plan.json"
        shown.write_text(self._terraform.run(self.root, "show", "-json", "plan"))
        found = {
            kind: {name: printed(kind, str(shown), "--name", name) for name in NAMES}
            for kind in ("plan", "apply")
        }
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in self._terraform.env_of_run().items():
                patch.setenv(variable, value)
            saved = printed("apply", str(self.root / "plan"), "--name", NAMES[0])
        assert saved == found["apply"][NAMES[0]]
        return found


@pytest.fixture(scope="module")
def operators(terraform: Any, aws: dict[str, str]) -> Iterator[Operators]:
    made = Operators(terraform)
    organizations = client("organizations", made.account)
    organization = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    client("secretsmanager", made.account).create_secret(Name="known", SecretString="x")
    place = ("--account", made.account, "--region", REGION)
    made.planner.may("adopting", printed("plan", "--name", "adopting", *place))
    known = ("--name", "everything", "--secret", "made/by-terraform")
    made.planner.may("everything", printed("plan", *known, *place))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_VAR_changed", "false")
        patch.setenv("TF_VAR_organization_id", organization)
        patch.setenv("TF_VAR_realtime", "false")  # the example of that name is applied by a role, too
        patch.setenv("TF_VAR_secret_value", "none of yours")
        patch.setenv("TF_VAR_witness", _witness(made.account))
        made.run(made.planner, "plan", "-out=plan")
        made.exact = made.print()
        for name, document in made.exact["apply"].items():
            made.applier.may(name, document)
        made.run(made.applier, "apply", "plan")
        made.run(made.planner, "plan", "-detailed-exitcode")  # any change would be a failure
        yield made


def _witness(account: str) -> str:
    """Another account's event bus, which lets this one in."""
    events = client("events", new_account_id())
    bus = events.create_event_bus(Name="witness")["EventBusArn"]
    events.put_permission(
        EventBusName="witness", StatementId="Watched", Action="events:PutEvents", Principal=account
    )
    return str(bus)


def _everything() -> str:
    spec = importlib.util.spec_from_file_location(
        "scripts_calls", Path(__file__).parents[2] / "scripts/calls.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.EVERYTHING)


def test_evidence_stays_where_deleting_it_is_not_allowed(operators: Operators) -> None:
    """Two destroys: the first one fails at the log files alone, the second one may delete them."""
    whole = operators.exact["apply"]["everything"]
    operators.applier.may("everything", without(whole, "Evidence"))
    with pytest.raises(TerraformFailed) as failed:
        operators.run(operators.applier, "destroy", "-auto-approve")
    said = " ".join(failed.value.output.split())
    assert said.count("Error: ") == 1
    assert f"S3 Bucket (everything-{operators.account}-{REGION})" in said
    assert "not authorized to perform: s3:DeleteObject on resource" in said
    operators.applier.may("everything", whole)
    operators.run(operators.applier, "destroy", "-auto-approve")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["plan", "apply"])
def test_no_statement_can_be_left_out(operators: Operators, kind: str, name: str) -> None:
    role = operators.planner if kind == "plan" else operators.applier
    asked = operators.asked.setdefault(kind, role.asked())
    documents = operators.exact[kind]
    (other,) = (documents[each] for each in NAMES if each != name)
    assert not refused(
        documents[name] | {"Statement": [*documents[name]["Statement"], *other["Statement"]]}, asked
    )
    allowed = refused(documents[name], asked)
    for sid in sids(documents[name]):
        if sid not in NOT_SEEN:
            assert refused(without(documents[name], sid), asked) > allowed, sid
