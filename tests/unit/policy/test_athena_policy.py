"""Who asks Athena may do that, and nothing beside it."""

from __future__ import annotations

import json

import pytest
from commands import Runner

from secretwatch.cli import main

KEY = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"


def printed(*arguments: str) -> dict[str, dict[str, list[str]]]:
    done = Runner().invoke(main, ["policy", "athena", *arguments])
    assert done.exit_code == 0, done.output
    return {each["Sid"]: each for each in json.loads(done.stdout)["Statement"]}


def test_it_is_for_one_table_one_workgroup_and_one_trails_files() -> None:
    found = printed(
        *("--bucket", "logs", "--prefix", "a/b/", "--output", "s3://results/athena", "--key", KEY),
        *("--database", "d", "--table", "t", "--workgroup", "w", "--account", "111122223333"),
        *("--region", "eu-west-1"),
    )
    aws = "arn:aws:{}:eu-west-1:111122223333:{}".format
    assert {sid: each["Resource"] for sid, each in found.items()} == {
        "Queries": [aws("athena", "workgroup/w")],
        "Catalogue": [aws("athena", "datacatalog/AwsDataCatalog")],
        "Table": [aws("glue", "catalog"), aws("glue", "database/d"), aws("glue", "table/d/t")],
        "Files": ["arn:aws:s3:::logs"],
        "FilesRead": ["arn:aws:s3:::logs/a/b/AWSLogs/*"],
        "Results": ["arn:aws:s3:::results"],
        "ResultsWritten": ["arn:aws:s3:::results/athena/*"],
        "Keys": [KEY],
    }
    # What writes, writes results or a query.
    reads = ("Get", "List", "Decrypt")
    writes = {
        action
        for each in found.values()
        for action in each["Action"]
        if not action.split(":")[1].startswith(reads)
    }
    assert writes == {
        *(
            "athena:StartQueryExecution",
            "athena:StopQueryExecution",
            "s3:AbortMultipartUpload",
            "s3:PutObject",
        ),
        "kms:GenerateDataKey",
    }


def test_what_is_not_given_is_left_out_or_any() -> None:
    found = printed("--bucket", "logs")
    assert set(found) == {"Queries", "Catalogue", "Table", "Files", "FilesRead"}
    assert found["FilesRead"]["Resource"] == ["arn:aws:s3:::logs/AWSLogs/*"]
    assert found["Queries"]["Resource"] == ["arn:aws:athena:*:*:workgroup/primary"]


def test_another_partition_has_its_own_arns() -> None:
    found = printed("--bucket", "logs", "--region", "cn-north-1", "--output", "s3://results")
    assert found["ResultsWritten"]["Resource"] == ["arn:aws-cn:s3:::results/*"]
    assert found["Queries"]["Resource"] == ["arn:aws-cn:athena:cn-north-1:*:workgroup/primary"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(
            ("--bucket", "*"),
            ("--bucket", "a/b"),
            ("--prefix", "*"),
            ("--prefix", "${a}"),
            ("--output", "s3://*/x"),
        ),
        *(
            ("--output", "https://x"),
            ("--key", "*"),
            ("--database", "*"),
            ("--table", "a/b"),
            ("--workgroup", "*"),
        ),
    ],
)
def test_nothing_that_is_given_makes_it_wider(option: str, value: str) -> None:
    arguments = [] if option == "--bucket" else ["--bucket", "logs"]
    done = Runner().invoke(main, ["policy", "athena", *arguments, option, value])
    assert done.exit_code == 2
    assert done.stdout == ""
