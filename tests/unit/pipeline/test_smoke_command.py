from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import boto3
import pytest
from click.testing import Result
from commands import Runner
from fake_cloud import FACTS, NEVER, VALUE, AtOnce, Cloud, refused

from secretwatch import terraform
from secretwatch.cli.smoke import smoke
from secretwatch.pipeline import smoke as pipeline_smoke


@pytest.fixture
def run(cloud: Cloud, root: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs the command on the fake cloud and its clock; Ctrl-C too."""
    monkeypatch.setenv("XDG_STATE_HOME", str(root.parent / "state"))
    monkeypatch.setattr(boto3, "Session", lambda **_: cloud)

    class OnFakeClock(pipeline_smoke.Smoke):
        def __init__(self, *args, **options) -> None:
            super().__init__(*args, clock=cloud.clock, executor=AtOnce(), **options)

    monkeypatch.setattr(pipeline_smoke, "Smoke", OnFakeClock)

    def run(*arguments: str) -> Result:
        return Runner().invoke(smoke, [str(root), *arguments])

    return run


def test_a_pass(run, tmp_path: Path) -> None:
    result = run("--report", str(tmp_path / "report.json"))
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    hops = [line for line in lines if line[0] == "ok"]
    assert len(hops) == 7
    assert "event event-1" in result.stdout
    assert lines[-1][0] == "pass:"
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["result"] == "pass"
    assert [hop["status"] for hop in report["hops"]] == ["ok"] * 7


@pytest.mark.parametrize("arguments", [[], ["--json"]])
@pytest.mark.parametrize("alarm", [5.0, NEVER])
def test_the_value_is_never_shown(
    run, cloud: Cloud, tmp_path: Path, arguments: list[str], alarm: float
) -> None:
    cloud.alarm = alarm
    result = run(*arguments, "--timeout", "20", "--report", str(tmp_path / "report.json"))
    assert cloud.read_at is not None
    assert VALUE not in result.stdout + result.stderr + (tmp_path / "report.json").read_text()


def test_json_alone_is_on_stdout(run) -> None:
    result = run("--json")
    assert json.loads(result.stdout)["result"] == "pass"
    assert "alarm ALARM" in result.stderr


def test_it_says_first_where_it_is(run, cloud: Cloud) -> None:
    """The endpoint is that of the client, whatever named it: a variable, or a profile."""
    cloud.endpoint_url = "https://secrets.example.com"
    line = "watch: account 111111111111, us-east-1, https://secrets.example.com"
    assert run("--timeout", "20").stdout.splitlines()[0] == line
    assert run("--timeout", "20", "--json").stderr.splitlines()[0] == line


def test_another_account_is_refused_before_anything_is_read(run, cloud: Cloud) -> None:
    cloud.account = "222222222222"
    result = run()
    assert result.exit_code == 2
    assert result.stderr == (
        "fail: The credentials are of account 222222222222, and the watch is in account 111111111111.\n"
    )
    assert cloud.calls == ["get_caller_identity"]


def test_time_is_up(run, cloud: Cloud, tmp_path: Path) -> None:
    cloud.alarm = NEVER
    result = run("--timeout", "70", "--report", str(tmp_path / "report.json"))
    assert result.exit_code == 3
    assert "waiting for 60 s now: alarm ALARM (usually" in result.stdout
    assert "fail: After 70 s this had not come: alarm ALARM, notification sent." in result.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["result"] == "fail"
    assert [hop["status"] for hop in report["hops"]][-2:] == ["waiting", "waiting"]


def test_a_failed_hop(run, cloud: Cloud, tmp_path: Path) -> None:
    cloud.trail_status = {"IsLogging": False}
    cloud.file = cloud.log = NEVER
    result = run("--report", str(tmp_path / "report.json"))
    assert result.exit_code == 1
    assert "does not log" in result.stdout
    assert json.loads((tmp_path / "report.json").read_text())["result"] == "fail"


def test_ctrl_c(run, cloud: Cloud, tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    cloud.clock.at[3.5] = interrupt
    result = run("--report", str(tmp_path / "report.json"))
    assert result.exit_code == 130
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["result"] == "fail"
    assert {hop["name"]: hop["status"] for hop in report["hops"]}["log file in S3"] == "ok"


REALTIME = {"realtime": {"rule_names": ["watch"]}}


def test_both_paths_with_their_delivery_proved(run, cloud: Cloud, root: Path) -> None:
    (root / "outputs").write_text(json.dumps({"watch": {"value": FACTS | REALTIME}}))
    result = run("--path", "both", "--prove-delivery", "--count", "2")
    assert result.exit_code == 0, result.output
    last = result.stdout.splitlines()[-1]
    assert last.startswith("pass: 2 reads raised the alarm in ")
    assert " and came as realtime messages in " in last
    assert (cloud.queues, cloud.subscribed) == ({}, {})


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_whatever_ends_it_no_queue_is_left(run, cloud: Cloud, tmp_path: Path, name: str) -> None:
    def end() -> None:
        assert cloud.queues
        os.kill(os.getpid(), getattr(signal, name))

    cloud.clock.at[3.5] = end
    result = run("--prove-delivery", "--report", str(tmp_path / "report.json"))
    assert result.exit_code == 130
    assert (cloud.queues, cloud.subscribed) == ({}, {})
    assert json.loads((tmp_path / "report.json").read_text())["reason"] == "It was interrupted."


def test_what_is_left_behind_is_told(run, cloud: Cloud) -> None:
    cloud.errors["delete_queue"] = refused("DeleteQueue", "AccessDenied")
    result = run("--prove-delivery")
    assert result.exit_code == 1
    assert f"--queue-url {next(iter(cloud.queues))}" in result.stdout


def test_runs_are_kept_and_drawn(run, cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    assert run("--history-file", str(file)).exit_code == 0
    cloud.alarm = NEVER
    assert run("--history-file", str(file), "--timeout", "20").exit_code == 3
    run("--history-file", str(file), "--no-history")
    drawn = Runner().invoke(smoke, ["--history", "--history-file", str(file)])
    assert drawn.exit_code == 0, drawn.output
    results = [line.split()[2] for line in drawn.stdout.splitlines()[:-1]]
    assert results == ["pass", "fail"]
    picture = file.with_suffix(".svg")
    assert drawn.stdout.splitlines()[-1] == f"The picture: {picture}"
    assert "2 runs, 1 passed" in picture.read_text()
    assert VALUE not in file.read_text() + picture.read_text()


def test_the_history_is_in_the_state_folder(run, cloud: Cloud, root: Path) -> None:
    run()
    assert len((root.parent / "state/secretwatch/smoke.jsonl").read_text().splitlines()) == 1


def test_a_history_that_cannot_be_written_fails_no_run(run, root: Path) -> None:
    result = run("--history-file", str(root / "outputs" / "runs.jsonl"))
    assert result.exit_code == 0
    assert "The history cannot be written" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--history", "--history-file", "/no/such/runs.jsonl"], "no run of the smoke test was kept there"),
        ([], "Missing argument 'DIR'"),
    ],
)
def test_without_runs_or_a_folder(arguments: list[str], says: str) -> None:
    result = Runner().invoke(smoke, arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def refusal(result: Result) -> str:
    """What was said, which is one line."""
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


def test_one_of_several_watches(run, root: Path) -> None:
    other = FACTS | {"watch": "keys", "alarm_name": "keys"}
    (root / "outputs").write_text(json.dumps({"watches": {"value": {"keys": other}}}))
    result = run("--watch", "keys", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["alarm"]["name"] == "keys"
    assert '"watch": "watch/keys"' in (root.parent / "state/secretwatch/smoke.jsonl").read_text()
    assert "no watch 'x', but keys" in refusal(run("--watch", "x"))


def test_nothing_is_applied(run, root: Path, tmp_path: Path) -> None:
    (root / "outputs").write_text("{}")
    said = refusal(run("--report", str(tmp_path / "report.json")))
    assert said == (
        f"fail: Nothing is applied in {root}: run `terraform init` and `terraform apply` there first."
    )
    assert json.loads((tmp_path / "report.json").read_text())["result"] == "fail"


def test_something_else_is_applied(run, root: Path) -> None:
    (root / "outputs").write_text(json.dumps({"bucket": {"value": "b"}}))
    assert "has no output `watch`" in refusal(run())


def test_the_outputs_cannot_be_read(run, root: Path) -> None:
    (root / "error").write_text(
        '╷\n│ Error: Backend initialization required, please run "terraform init"\n│ \n│ Reason\n╵\n'
    )
    assert 'Backend initialization required, please run "terraform init".' in refusal(run())


def test_terraform_is_missing(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_BINARY", "no-such-terraform")
    assert "Terraform was not found" in refusal(run())


def test_terraform_is_asked_with_the_environment_as_it_is(run, root: Path, monkeypatch) -> None:
    monkeypatch.setenv("OUTPUTS", "from-the-environment")
    terraform_script = Path(os.environ["TF_BINARY"])
    terraform_script.write_text(terraform_script.read_text().replace("cat outputs", "cat $OUTPUTS"))
    terraform.inspect_binary.cache_clear()
    (root / "from-the-environment").write_text("{}")
    assert "Nothing is applied" in refusal(run())


def test_credentials_are_of_another_account(run, cloud: Cloud) -> None:
    cloud.account = "222222222222"
    result = run()
    assert result.exit_code == 2
    assert "account 222222222222" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--via", "curl"],
        ["--timeout", "0"],
        ["--timeout", "soon"],
        ["--report", "/no/such/folder/report.json"],
        ["--count", "0"],
        ["--path", "telegram"],
        ["--history"],
        ["--picture", "x.svg"],
    ],
)
def test_wrong_usage(run, cloud: Cloud, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2
    assert cloud.calls == []


def test_a_folder_that_is_not_there() -> None:
    assert Runner().invoke(smoke, ["/no/such/folder"]).exit_code == 2
