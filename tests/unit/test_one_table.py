"""What the module's HCL says of AWS is what the tools say (tests/facts.py)."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib import import_module
from typing import Any

import botocore.session
import pytest
from facts import ALONE, FACTS, FAST, GLOBAL, NARROWER, SELF, SERVICES, WATCH, Fact, Narrower
from hcl_facts import REPO, Said, census, files, said, text_of
from hypothesis import given, settings
from hypothesis import strategies as st

from secretwatch import partition
from secretwatch.cloudtrail.classify import is_read_only
from secretwatch.secretid import SOURCE
from secretwatch.silencing.table import ROWS, Verdict


@cache
def held(name: str) -> Any:
    """What Python, or AWS's model of a service, holds. LocalStack is not imported for it."""
    if name.startswith("botocore "):
        _, service, shape, limit = name.split()
        model = botocore.session.get_session().get_service_model(service)
        return model.shape_for(shape).metadata[limit]
    module, _, attribute = name.partition(":")
    if not module.startswith("secretwatch.localstack."):
        return getattr(import_module(module), attribute)
    file = REPO / f"{module.replace('.', '/')}.py"
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == attribute:
            if ast.unparse(node.value).startswith("re.compile("):
                assert isinstance(node.value, ast.Call)
                return re.compile(ast.literal_eval(node.value.args[0]))
            return ast.literal_eval(node.value)
    raise AssertionError(f"{name} is not there")


def wanted(fact: Fact, find: str) -> Any:
    value = fact.written(held(fact.held))
    if isinstance(value, dict):
        return value["local" if find.startswith("local.") else "else"]
    return value


def found(file: str, find: str) -> list[Said]:
    values = said(file, find)
    assert values, f"{file} has nothing that is found by {find}"
    return values


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.what)
def test_hcl_says_what_python_holds(fact: Fact) -> None:
    for file, find in fact.hcl:
        values = found(file, find)
        expected = wanted(fact, find)
        if isinstance(expected, set):
            spread = {
                each
                for one in values
                for each in (one.value if isinstance(one.value, (dict, list)) else [one.value])
            }
            assert spread == expected, (file, find)
            continue
        for one in values:
            assert _plain(one.value, fact) == expected, (file, find)


def _plain(value: Any, fact: Fact) -> Any:
    if not isinstance(value, str):
        return value
    if "characters of a log group" in fact.what:
        return "".join(sorted(value))
    return re.sub(r"(?<=:kms:)\$\{[^}]*\}", "REGION", value)


def test_the_calls_are_those_that_secrets_manager_has() -> None:
    """Each names a secret, or is about none; changes are what CloudTrail does not mark as reading."""
    model = botocore.session.get_session().get_service_model("secretsmanager")
    (calls,), (none,) = (
        said(f"{WATCH}/definition.tf", find) for find in ("local.api_calls", "local.about_none")
    )
    (sets,) = said(f"{WATCH}/definition.tf", "local.event_sets")
    naming = {name for name in model.operation_names if _names_a_secret(model, name)}
    assert set(calls.value) == naming | {"BatchGetSecretValue"}
    assert set(none.value) == set(model.operation_names) - set(calls.value)
    changes = {
        name
        for name in calls.value
        for each in sets.value["changes"]
        if re.fullmatch(each.replace("*", ".*"), name)
    }
    assert changes == {name for name in calls.value if not is_read_only(SOURCE, name)}


def _names_a_secret(model: Any, name: str) -> bool:
    shape = model.operation_model(name).input_shape
    return shape is not None and "SecretId" in shape.required_members


def test_services_are_the_same() -> None:
    here = {one.value for file in files() for one in said(file, r'Service\s*= "([^"$]+)"')}
    assert here == set(map(held, SERVICES))


def test_partitions_are_the_same() -> None:
    for name in ("console_domain", "global_region"):
        table = re.search(
            rf'^  {name} = lookup\(\{{(.*?)\}}, [^,]+, "([^"]+)"\)', text_of("main.tf"), re.M | re.S
        )
        assert table
        here = dict(re.findall(r'([a-z-]+)\s*= "([^"]+)"', table[1])) | {"aws": table[2]}
        assert here == {each.name: getattr(each, name) for each in partition.PARTITIONS}


def test_calls_that_hold_for_all_of_an_account_are_heard_in_each_way() -> None:
    """Those of organisations and accounts, of all services that a rule asks for by their names."""
    of_all = {
        action
        for row in ROWS
        if row.verdict is Verdict.SILENCES and row.service in ("account", "organizations")
        for action in row.actions
    }
    fast = set(found(f"{FAST}/pattern.tf", r"account = \{.*?eventName = (\[.*?\])")[0].value)
    silencing = {
        (row.service, action) for row in ROWS if row.verdict is Verdict.SILENCES for action in row.actions
    }
    assert of_all <= fast
    assert fast <= {action for _, action in silencing}
    assert set(found(f"{GLOBAL}/pattern.tf", "local.account_calls")[0].value) == of_all
    slow = found(f"{SELF}/main.tf", r"for name in (\[\"\*tachPolicy\".*?\])")[0].value
    heard = {name for name in of_all for each in slow if re.fullmatch(each.replace("*", ".*"), name)}
    assert heard == of_all - {"DisableRegion"}


@pytest.mark.parametrize("form", NARROWER, ids=lambda form: form.what)
@settings(max_examples=60)
@given(data=st.data())
def test_what_the_module_takes_the_tools_take(form: Narrower, data: st.DataObject) -> None:
    (one,) = found(*form.hcl)
    shortest, longest = (3, 63) if form.held.endswith("BUCKET_NAME") else (0, 10_000)
    # HCL's \s is of ASCII, Python's of Unicode.
    printable = st.characters(min_codepoint=32, max_codepoint=126)
    text = data.draw(st.from_regex(one.value, fullmatch=True, alphabet=printable))
    assert not shortest <= len(text) <= longest or re.fullmatch(held(form.held), text), form.why


def test_each_limit_and_form_of_a_condition_is_in_the_table() -> None:
    """Whoever writes a new one says here who else holds it, or that nobody does."""
    places = [place for fact in FACTS for place in fact.hcl] + [form.hcl for form in NARROWER]
    missing = []
    for file in files():
        spans = [one.span for name, find in places if name == file for one in said(file, find)]
        for text, (start, end) in census(file):
            alone = any(name == file and text.startswith(begin) for name, begin in ALONE)
            if not alone and not any(first < end and start < last for first, last in spans):
                missing.append(f"{file}: {text}")
    assert missing == []


def test_what_stands_alone_stands_there() -> None:
    for file, begin in ALONE:
        assert any(text.startswith(begin) for text, _ in census(file)), (file, begin)
