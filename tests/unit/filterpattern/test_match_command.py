"""`secretwatch match`: what it reads, what it prints, and how it exits."""

import gzip
import json

import pytest
from click.testing import CliRunner

from secretwatch.cli.match import match

READ = {"eventName": "GetSecretValue", "requestParameters": {"secretId": "prod/db"}}
LIST = {"eventName": "ListSecrets", "requestParameters": None}
PATTERN = "{ $.eventName = GetSecretValue }"


def run(*arguments, stdin=""):
    return CliRunner().invoke(match, list(arguments), input=stdin)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"Records": [LIST, READ]}),
        json.dumps({"Records": [LIST, READ]}, indent=2),
        json.dumps(LIST) + "\n" + json.dumps(READ) + "\n",
        "\n" + json.dumps(LIST) + "\r\n\r\n" + json.dumps(READ),
    ],
    ids=["log file", "pretty log file", "JSON lines", "JSON lines of Windows"],
)
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("by", ["file", "stdin", "dash"])
def test_events_are_found_in_every_kind_of_file(tmp_path, content, zipped, by):
    data = gzip.compress(content.encode()) if zipped else content.encode()
    path = tmp_path / "events"
    path.write_bytes(data)
    arguments = {"file": [str(path)], "stdin": [], "dash": ["-"]}[by]
    result = run(PATTERN, *arguments, "--json", stdin=data)
    report = json.loads(result.output)
    assert (report["pattern"], report["kind"], report["messages"], report["matched"]) == (
        PATTERN,
        "JSON",
        2,
        1,
    )
    (found,) = report["results"]
    assert found["file"] == (str(path) if by == "file" else "-")
    assert found["number"] == 2
    assert json.loads(found["message"]) == READ
    assert found["extracted"] == {"$.eventName": "GetSecretValue"}
    assert result.exit_code == 0


def test_a_single_event_may_span_lines():
    assert json.loads(run(PATTERN, "--json", stdin=json.dumps(READ, indent=2)).output)["messages"] == 1


def test_lines_that_only_begin_like_json_are_messages():
    assert run('"{oops"', stdin="{oops\nfine\n").exit_code == 0


def test_matching_messages_are_shown_with_their_place(tmp_path):
    path = tmp_path / "app.log"
    path.write_text("INFO up\nERROR down\nERROR again\n")
    result = run("ERROR -again", str(path))
    assert f"{path}:2" in result.stdout
    assert "INFO" not in result.stdout
    assert "1 of 3 messages match" in result.stderr


def test_nothing_matched_is_exit_code_1():
    result = run("ERROR", stdin="INFO up\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert run("ERROR", stdin="").exit_code == 1


def test_explain_shows_what_each_condition_saw_in_each_message():
    pattern = '{ $.eventName = "Get*" && $.requestParameters.secretId != "prod/*" && $.errorCode NOT EXISTS }'
    result = run(pattern, "--explain", stdin=json.dumps(READ))
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[0].startswith("no match")
    assert lines[1:] == [
        'yes  $.eventName = "Get*"   saw "GetSecretValue"',
        'no   $.requestParameters.secretId != "prod/*"   saw "prod/db"',
        "yes  $.errorCode NOT EXISTS   saw nothing",
    ]
    report = json.loads(run(pattern, "--explain", "--json", stdin=json.dumps(READ)).output)
    assert report["results"][0]["matches"] is False
    assert report["results"][0]["conditions"][1] == {
        "condition": '$.requestParameters.secretId != "prod/*"',
        "holds": False,
        "saw": ["prod/db"],
    }


def test_explain_of_terms_has_nothing_to_see():
    assert "yes  ERROR\n" in run("ERROR", "--explain", stdin="ERROR\n").stdout


def test_a_bad_pattern_is_refused_with_its_place():
    result = run("{ $.a = }", stdin="x")
    assert result.exit_code == 2
    assert "A value is missing here" in result.stderr
    assert result.stderr.rstrip().endswith("^")
    assert result.stdout == ""


def test_an_unreadable_file_is_refused_with_its_name(tmp_path):
    broken = tmp_path / "broken.gz"
    broken.write_bytes(gzip.compress(b"x" * 1000)[:-20])
    for path in (tmp_path / "missing", tmp_path, broken):
        result = run("x", str(path))
        assert result.exit_code == 2
        assert f"{path} cannot be read" in result.stderr


def test_no_pattern_is_wrong_usage():
    assert run().exit_code == 2


def test_a_message_cannot_steer_the_terminal():
    result = run('"up"', "--explain", stdin="up \x1b[31m\a " + "x" * 500)
    assert not any(ord(char) < 32 and char != "\n" for char in result.stdout)
    assert max(map(len, result.stdout.splitlines())) < 200
