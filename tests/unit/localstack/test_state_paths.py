"""What a JSONPath in a state machine comes to."""

from __future__ import annotations

from typing import Any

import pytest
from localstack.services.stepfunctions.asl.utils.json_path import NoSuchJsonPathError

from secretwatch.localstack.states.paths import extract

DATA: dict[str, Any] = {
    "none": [],
    "one": [{"is": True, "name": "a"}],
    "two": [{"is": True, "name": "a"}, {"is": False, "name": "b"}],
    "lists": [["a"], [], ["b", "c"]],
    "a*b": 1,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.one[0].name", "a"),
        ("$.two[-1].name", "b"),
        ("$.one", DATA["one"]),
        ("$.one[*].name", ["a"]),
        ("$.none[*].name", []),
        ("$.two[*].name", ["a", "b"]),
        ("$.two[?(@.is==true)].name", ["a"]),
        ("$.two[?(@.name=='c')].name", []),
        ("$.lists[*][*]", ["a", "b", "c"]),
        ("$.two[0:1]", [DATA["two"][0]]),
        ("$..missing", []),
        ("$['a*b']", 1),
    ],
)
def test_a_path_comes_to(path: str, value: Any) -> None:
    assert extract(path, DATA) == value


@pytest.mark.parametrize("path", ["$.missing", "$.none[0]", "$.one[0].missing"])
def test_one_thing_that_is_not_there_is_an_error(path: str) -> None:
    with pytest.raises(NoSuchJsonPathError):
        extract(path, DATA)
