"""`secretwatch match`: what it reads, what it prints, and how it exits."""

import gzip
import json
import re

import pytest
from commands import Runner

from secretwatch.cli.match import match

READ = {"eventName": "GetSecretValue", "requestParameters": {"secretId": "prod/db"}}
LIST = {"eventName": "ListSecrets", "requestParameters": None}
PATTERN = "{ $.eventName = GetSecretValue }"


def run(*arguments, stdin=""):
    return Runner().invoke(match, list(arguments), input=stdin)


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
    for path in (tmp_path / "missing", tmp_path):
        result = run("x", str(path))
        assert result.exit_code == 2
        assert f"{path} cannot be read" in result.stderr


def test_a_cut_file_is_named_and_what_is_in_it_is_read(tmp_path):
    cut, whole = tmp_path / "cut.json.gz", tmp_path / "whole.json"
    events = "".join(f'{{"eventName": "{n} {hash(n * 0.1)}"}}\n' for n in range(1000))
    cut.write_bytes(gzip.compress(events.encode())[:-20])
    whole.write_text(json.dumps({"Records": [LIST]}))
    result = run(PATTERN, str(cut), str(whole))
    assert result.exit_code == 3
    assert re.search(rf"0 of \d+ messages match\n{cut}, after message \d+, has a piece", result.stderr)
    whole.write_text(json.dumps({"Records": [READ]}))
    result = run(PATTERN, str(cut), str(whole))
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
    assert f"{whole}:1" in result.stdout
    assert "the gzip data is cut off" in result.stderr


def test_a_folder_as_it_lies_in_the_bucket(tmp_path):
    """Log files and digests of an account, region by region."""
    for kind, region, content in (
        ("CloudTrail", "us-east-1", {"Records": [READ]}),
        ("CloudTrail", "eu-west-1", {"Records": [LIST, READ]}),
        ("CloudTrail-Digest", "us-east-1", {"digestS3Object": "x"}),
    ):
        folder = tmp_path / "AWSLogs" / "111122223333" / kind / region / "2026/07/10"
        folder.mkdir(parents=True)
        (folder / f"111122223333_{kind}_{region}_20260710T1200Z_x.json.gz").write_bytes(
            gzip.compress(json.dumps(content).encode())
        )
    report = json.loads(run(PATTERN, str(tmp_path), "--json").output)
    assert (report["messages"], report["matched"], report["broken"]) == (3, 2, 0)


def test_what_is_no_json_is_said():
    """The answer of lookup-events as YAML, for example."""
    result = run(PATTERN, stdin="Events:\n- EventName: GetSecretValue\n")
    assert result.exit_code == 1
    assert "2 of 2 messages are not JSON objects" in result.stderr


def test_an_unknown_wrapping_is_said():
    result = run(PATTERN, stdin=json.dumps({"payload": READ}))
    assert result.exit_code == 1
    assert "No message has a field that the pattern asks for" in result.stderr
    assert "No message" not in run(PATTERN, stdin=json.dumps(LIST)).stderr


def test_broken_pieces_are_named_and_counted():
    result = run(PATTERN, stdin="".join(f'{{"a{n}" 1}}\n' for n in range(9)))
    assert result.exit_code == 3
    assert result.stderr.count("has a piece that cannot be read: it is not JSON") == 5
    assert "4 more pieces cannot be read." in result.stderr


def test_no_pattern_is_wrong_usage():
    assert run().exit_code == 2


def test_a_message_cannot_steer_the_terminal():
    result = run('"up"', "--explain", stdin="up \x1b[31m\a " + "x" * 500)
    assert not any(ord(char) < 32 and char != "\n" for char in result.stdout)
    assert max(map(len, result.stdout.splitlines())) < 200


def test_a_field_in_other_letters_is_named_as_it_is_written():
    result = run("{ $.eventname = GetSecretValue }", stdin=json.dumps(READ))
    assert result.exit_code == 1
    assert "The pattern asks for $.eventname, and messages have $.eventName" in result.stderr


def test_a_message_in_place_of_a_file_is_said_to_be_one():
    result = run(PATTERN, json.dumps(READ))
    assert result.exit_code == 2
    assert "pipe it in instead" in result.stderr


def test_two_equals_signs_are_answered_with_one():
    result = run("{ $.eventName == GetSecretValue }", stdin=json.dumps(READ))
    assert result.exit_code == 2
    assert "there is no ==, write =" in result.stderr
