"""The pages of docs/second-day, each followed from top to bottom as it stands there (-m later)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest
from accounts import new_account_id
from around_examples import a_trail, a_witness, an_organization, left
from deployment import wait_for
from pages import parts, run_tests, with_source
from second_day import PAGES, a_reader, make_secrets

from secretwatch import local

CIS = Path(__file__).parent / "cis-alarms"

# In this order: each goes on where another stopped.
ONE_INSTANCE = [
    "README",
    "add-a-secret",
    "change-the-address",
    "silence",
    "upgrade",
    "provider-6",
    "hand-over",
]
FOLLOWED = {*ONE_INSTANCE, "leave", "from-by-hand", "from-an-alarm-module", "add-an-account", "not-watched"}

later = pytest.mark.later


@pytest.fixture
def account(aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    account_id = new_account_id()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account_id)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return account_id


def test_every_page_is_followed_and_listed() -> None:
    pages = {page.stem for page in PAGES.glob("*.md")}
    assert pages == FOLLOWED
    assert pages - {"README"} == set(
        re.findall(r"\]\(([a-z0-9-]+)\.md\) \|", (PAGES / "README.md").read_text())
    )


def test_every_link_leads_somewhere() -> None:
    for page in PAGES.glob("*.md"):
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            name, _, heading = link.partition("#")
            if name.startswith("https:"):
                continue
            target = (PAGES / name).resolve() if name else page
            assert target.exists(), (page.name, link)
            assert not heading or heading in headings(target), (page.name, link)


def headings(page: Path) -> set[str]:
    """As GitHub names them in links."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in found}


@later
def test_an_instance_from_its_first_day_to_its_last(
    terraform: Any, local_cloud: local.LocalCloud, account: str, tmp_path: Path
) -> None:
    make_secrets("payments/database", "payments/stripe")
    before = left()
    # The pages call their folder `watch`, and another team's `platform` lies beside it.
    reader = a_reader("second-day/watch", terraform, local_cloud, tmp_path)
    for name in ONE_INSTANCE:
        assert reader.follow(PAGES / f"{name}.md"), name
    reader.folder = reader.folder.parent / "platform"
    assert reader.follow(PAGES / "leave.md")
    assert left() == before


@later
def test_what_was_made_before_is_replaced_without_a_gap(
    terraform: Any, local_cloud: local.LocalCloud, account: str, tmp_path: Path
) -> None:
    make_secrets("payments/database")
    a_trail("ours")
    topic = boto3.client("sns").create_topic(Name="team")["TopicArn"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="oncall@example.com")
    local_cloud.confirm(account)
    an_alarm_by_hand(topic)
    before = left()
    by_hand = a_reader("by-hand", terraform, local_cloud, tmp_path / "by-hand")
    assert by_hand.follow(PAGES / "from-by-hand.md")
    terraform.run(by_hand.folder, "destroy", "-auto-approve")
    # The next instance has the same name, and so the same metric.
    local_cloud.tick(10)

    other = a_reader("other", terraform, local_cloud, tmp_path / "other")
    shutil.copytree(CIS, other.folder / "cis-alarms")
    elsewhere = other.then

    def then(what: str) -> None:
        if what == "that is applied":
            terraform.run(other.folder, "init")
            terraform.run(other.folder, "apply", "-auto-approve")
        else:
            elsewhere(what)

    other.then = then
    assert other.follow(PAGES / "from-an-alarm-module.md")
    terraform.run(other.folder, "destroy", "-auto-approve")
    assert before.pop("alarms") == ["secret-read"]
    assert before.pop("metric filters") == ["secret-read"]
    assert left() == before


def an_alarm_by_hand(topic: str) -> None:
    boto3.client("logs").put_metric_filter(
        logGroupName="ours",
        filterName="secret-read",
        filterPattern='{ $.eventName = GetSecretValue && $.requestParameters.secretId = "*database*" }',
        metricTransformations=[{"metricName": "reads", "metricNamespace": "ours", "metricValue": "1"}],
    )
    boto3.client("cloudwatch").put_metric_alarm(
        AlarmName="secret-read",
        AlarmActions=[topic],
        Namespace="ours",
        MetricName="reads",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )


@later
def test_an_account_more(
    terraform: Any,
    local_cloud: local.LocalCloud,
    account: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable, value in an_organization().items():
        monkeypatch.setenv(f"TF_VAR_{variable}", value)
    reader = a_reader("organization", terraform, local_cloud, tmp_path)
    example = (terraform.examples / "organization/main.tf").read_text().replace("../..", "../")
    (reader.folder / "main.tf").write_text(example)
    terraform.run(reader.folder, "init")
    terraform.run(reader.folder, "apply", "-auto-approve")
    local_cloud.confirm(account)
    page = (PAGES / "add-an-account.md").read_text()
    one, two = page.split("## Without an organisation")

    def then(what: str) -> None:
        assert what == "production-secret rings"
        alarm = "organization-production"
        describe = boto3.client("cloudwatch").describe_alarms
        wait_for(
            "the alarm", lambda: describe(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"] == "ALARM"
        )

    reader.then = then
    (tmp_path / "one.md").write_text(one)
    assert reader.follow(tmp_path / "one.md")
    terraform.run(reader.folder, "destroy", "-auto-approve")

    (call,) = [part.text for part in parts(two) if part.kind == "hcl"]
    shop = a_witness()["witness_role_arn"].split(":")[4]
    root = terraform.new_root("two-accounts", with_source(call.replace("210987654321", shop), ".."))
    assert "0 to change, 0 to destroy" in terraform.run(root, "plan")


@later
def test_what_is_not_watched_is_watched_by_hand(repo: Path, tmp_path: Path) -> None:
    page = (PAGES / "not-watched.md").read_text()
    tests = []
    for part in parts(page):
        if part.kind == "hcl":
            (tmp_path / part.file).parent.mkdir(exist_ok=True)
            (tmp_path / part.file).write_text(with_source(part.text, repo))
        elif part.kind == "python":
            tests.append(part.text)
    run_tests(tmp_path, tests)
