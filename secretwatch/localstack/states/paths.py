"""What a JSONPath in a state machine comes to.

One that can find several (`*`, `..`, a filter, a slice, several names) is a list, also of one and of none;
any other is the value, and an error where there is none. LocalStack unwraps a list of one, and fails where a
filter finds nothing.
https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from jsonpath_ng.ext.parser import parse
from localstack.services.stepfunctions.asl.utils.json_path import NoSuchJsonPathError

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_SEVERAL = re.compile(r"\.\.|\*|\?\(|\[[^\[\]]*[:,][^\[\]]*\]")


def extract(path: str, data: Any) -> Any:
    """Raises LocalStack's NoSuchJsonPathError."""
    found = [match.value for match in _parsed(path).find(data)]
    if finds_several(path):
        return found
    if not found:
        raise NoSuchJsonPathError(json_path=path, data=data)
    return found[0]


def finds_several(path: str) -> bool:
    """Whether AWS calls the path indefinite."""
    return bool(_SEVERAL.search(_QUOTED.sub("", path)))


# A parser is made for each path, which takes longer than a state.
@lru_cache(maxsize=1000)
def _parsed(path: str) -> Any:
    return parse(path)
