"""A check by reference finds what a check of the literal finds; what is not certain is left, and said why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from deep import deep
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.cli import main
from secretwatch.pipeline.hcl_check import Found, check
from secretwatch.pipeline.hcl_values import Unknown, Values, in_order, parsed

FILTER = """
resource "aws_cloudwatch_log_metric_filter" "root" {{
  pattern = {pattern}
  metric_transformation {{
    name          = {name}
    namespace     = "CIS"
    value         = {value}
    default_value = {default_value}
    unit          = {unit}
  }}
}}
"""
ALARM = """
resource "aws_cloudwatch_metric_alarm" "root" {{
  metric_name         = {metric_name}
  namespace           = "CIS"
  comparison_operator = {comparison_operator}
  statistic           = {statistic}
  threshold           = {threshold}
  period              = {period}
  evaluation_periods  = {evaluation_periods}
  treat_missing_data  = {treat_missing_data}
}}
"""
BAD = '{ $.eventname = "x" }'


def hcl(value: Any) -> str:
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def read(text: str, expression: str = "local.x", **settings: str | None) -> Any:
    files = {name.replace("_", "."): each for name, each in settings.items()}
    return Values([parsed("main.tf", text)], {}, files).read("${" + expression + "}")[0]


WAYS = ["local", "local twice", "variable", "terraform.tfvars", "a.auto.tfvars.json", "text", "parts"]


def by_reference(name: str, value: Any, way: str) -> tuple[str, str, dict[str, Any]]:
    """An expression with this value, the blocks that it needs, and what files of values say."""
    literal = hcl(value)
    if way == "local":
        return f"local.{name}", f"locals {{\n  {name} = {literal}\n}}\n", {}
    if way == "local twice":
        return f"local.{name}", f"locals {{\n  {name} = local.{name}_\n  {name}_ = {literal}\n}}\n", {}
    if way == "variable":
        return f"var.{name}", f'variable "{name}" {{\n  default = {literal}\n}}\n', {}
    if way in ("terraform.tfvars", "a.auto.tfvars.json"):
        wrong = f'variable "{name}" {{\n  default = "wrong"\n}}\n'
        return f"var.{name}", wrong, {way: {name: value}}
    if way == "text" or not isinstance(value, str):
        return f'"${{local.{name}}}"', f"locals {{\n  {name} = {literal}\n}}\n", {}
    middle = len(value) // 2
    parts = f"locals {{\n  {name} = {hcl(value[middle:])}\n}}\n"
    return f'"{hcl(value[:middle])[1:-1]}${{local.{name}}}"', parts, {}


SAYINGS = {
    "pattern": st.sampled_from(
        [BAD, '{ $.eventName = "a${b}%{c}$${d}" }', "{ $.a = ", "", "ERROR", '{ $.a = "\\\\"}']
    ),
    "name": st.sampled_from(["Root", "a/${b}"]),
    "value": st.sampled_from(["1", 1, 0]),
    "default_value": st.sampled_from([None, 0, "0"]),
    "unit": st.sampled_from([None, "Count"]),
    "comparison_operator": st.sampled_from(["GreaterThanOrEqualToThreshold", "LessThanThreshold", "Above"]),
    "statistic": st.sampled_from(["Sum", "Average", "Maximum"]),
    "threshold": st.sampled_from([1, "1", 0, 2000, 1.5]),
    "period": st.sampled_from([60, "300", 90]),
    "evaluation_periods": st.sampled_from([1, 2]),
    "treat_missing_data": st.sampled_from(["notBreaching", "breaching", None]),
}


@deep(60)
@given(
    says=st.fixed_dictionaries(SAYINGS),
    ways=st.fixed_dictionaries({name: st.sampled_from(["", *WAYS]) for name in SAYINGS}),
)
def test_a_reference_is_judged_as_the_literal(says: dict[str, Any], ways: dict[str, str]) -> None:
    literal = {name: hcl(value) for name, value in says.items()}
    metric = "aws_cloudwatch_log_metric_filter.root.metric_transformation[0].name"
    plain = check({"main.tf": FILTER.format(**literal) + ALARM.format(**literal, metric_name=metric)})
    written, blocks, given_values = dict(literal), "", dict[str, dict[str, Any]]()
    for name, way in ways.items():
        if way:
            written[name], block, values = by_reference(f"x_{name}", says[name], way)
            blocks += block
            for file, each in values.items():
                given_values.setdefault(file, {}).update(each)
    settings: dict[str, str | None] = {
        file: json.dumps(each)
        if file.endswith("json")
        else "".join(f"{name} = {hcl(value)}\n" for name, value in each.items())
        for file, each in given_values.items()
    }
    text = FILTER.format(**written) + ALARM.format(**written, metric_name=written["name"])
    found = check({"main.tf": text}, {"beside.tf": blocks}, settings)
    assert told(found) == told(plain)
    assert plain.looked_at == 2
    assert not found.left


def told(found: Found) -> list[tuple[str, str]]:
    return [(each.address, each.sentence) for each in found.problems]


@given(st.permutations(["terraform.tfvars", "terraform.tfvars.json", "a.auto.tfvars.json", "b.auto.tfvars"]))
def test_the_last_file_of_values_counts(names: list[str]) -> None:
    """Whatever stands beside them, and in whichever order they are found."""
    right = ["terraform.tfvars", "terraform.tfvars.json", "a.auto.tfvars.json", "b.auto.tfvars"]
    assert in_order([*names, "prod.tfvars", "b.auto.tfvars.bak", "main.tf"]) == right
    texts = {name: f'{{"x": "{name}"}}' if name.endswith("json") else f'x = "{name}"' for name in names}
    for count in range(1, len(names) + 1):
        settings: dict[str, str | None] = {name: texts[name] for name in names[:count]}
        values = Values([parsed("main.tf", 'variable "x" {}\n')], {}, settings)
        last = max(names[:count], key=right.index)
        assert values.read("${var.x}") == (last, frozenset({f"var.x in {last}"}))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "local.x is not defined here"),
        ("locals {\n  x = var.y\n}\n", "var.y is not defined here"),
        ('locals {\n  x = var.y\n}\nvariable "y" {}\n', "var.y has no default"),
        ("locals {\n  x = local.y\n  y = local.x\n}\n", "local.x refers to itself"),
        ('locals {\n  x = "a${local.x}"\n}\n', "local.x refers to itself"),
        ("locals {\n  x = 1\n}\nlocals {\n  x = 2\n}\n", "local.x is defined more than once"),
        ("locals {\n  x = [1]\n}\n", "local.x is a list or an object"),
        ('locals {\n  x = join("", ["a"])\n}\n', '`join("", ["a"])` is known only in a plan'),
        ('locals {\n  x = "a${module.b.c}"\n}\n', "`module.b.c` is known only in a plan"),
        ('locals {\n  x = "a%{ if true }b%{ endif }"\n}\n', "is known only in a plan"),
        ('locals {\n  x = "a${local.y}"\n  y = null\n}\n', "is known only in a plan"),
        ('locals {\n  x = var.y\n}\nvariable "y" {\n  default = 1\n  sensitive = true\n}\n', "is sensitive"),
        ('locals {\n  x = var.y\n}\nvariable "y" {\n  default = 1\n  type = list(any)\n}\n', "another type"),
        ('locals {\n  x = var.y\n}\nvariable "y" {\n  default = "1e3"\n  type = number\n}\n', "another type"),
        ('locals {\n  x = var.y\n}\nvariable "y" {\n  default = [1]\n}\n', "var.y is a list or an object"),
    ],
)
def test_what_is_not_certain_is_said(text: str, why: str) -> None:
    with pytest.raises(Unknown) as told_why:
        read(text)
    assert why in str(told_why.value)


@pytest.mark.parametrize(
    ("kind", "default", "value"),
    [
        ("string", "1", "1"),
        ("string", "true", "true"),
        ('"string"', "5", "5"),
        ("number", '"5"', 5),
        ("number", '"-1.50"', -1.5),
        ("any", '"01"', "01"),
        ("string", "null", None),
    ],
)
def test_a_value_is_of_its_variables_type(kind: str, default: str, value: Any) -> None:
    found = read(f'variable "y" {{\n  type = {kind}\n  default = {default}\n}}\n', "var.y")
    assert (found, type(found)) == (value, type(value))


def test_what_is_escaped_is_no_reference() -> None:
    assert (
        read('locals {\n  x = "a$${local.y}-%%{b}-${local.y}"\n  y = "$${c}"\n}\n') == "a${local.y}-%{b}-${c}"
    )


def test_texts_of_texts_do_not_grow_without_end() -> None:
    lines = "".join(f'  x{n} = "${{local.x{n + 1}}}${{local.x{n + 1}}}"\n' for n in range(16))
    with pytest.raises(Unknown, match="characters"):
        read(f'locals {{\n{lines}  x16 = "ab"\n}}\n', "local.x0")
    chain = "".join(f"  x{n} = local.x{n + 1}\n" for n in range(200))
    with pytest.raises(Unknown, match="one local after the other"):
        read(f"locals {{\n{chain}  x200 = 1\n}}\n", "local.x0")


def test_a_file_of_values_that_cannot_be_read_leaves_what_it_may_set() -> None:
    variable = 'variable "x" {\n  default = 1\n}\n'
    for broken in (None, "GITCRYPT { x", "x = ["):
        with pytest.raises(Unknown) as why:
            read(variable, "var.x", a_auto_tfvars=broken)
        assert str(why.value) == "a.auto.tfvars, which may set var.x, cannot be read"
        assert read(variable, "var.x", a_auto_tfvars=broken, b_auto_tfvars="x = 2") == 2
        with pytest.raises(Unknown):
            read(variable, "var.x", a_auto_tfvars="x = 2", b_auto_tfvars=broken)


def test_null_is_not_given_to_a_variable_that_refuses_it() -> None:
    text = 'variable "x" {\n  default = 1\n  nullable = %s\n}\n'
    assert read(text % "false", "var.x", terraform_tfvars="x = null") == 1
    assert read(text % "true", "var.x", terraform_tfvars="x = null") is None


def test_a_neighbour_that_cannot_be_read_leaves_every_name() -> None:
    values = Values([parsed("a.tf", "locals {\n  x = 1\n}\n")], {"b.tf": "locals {"})
    with pytest.raises(Unknown, match=r"^b\.tf, which may define local\.x, cannot be read$"):
        values.read("${local.x}")
    assert values.read(1) == (1, frozenset())


def test_a_local_called_pattern_is_judged_once() -> None:
    block = f"locals {{\n  pattern = {hcl(BAD)}\n}}\n"
    each = 'resource "aws_cloudwatch_log_metric_filter" "x" {\n  pattern = local.pattern\n}\n'
    assert [one.address for one in check({"main.tf": block}).problems] == ["locals"]
    found = check({"main.tf": block + each})
    assert [one.address for one in found.problems] == ["aws_cloudwatch_log_metric_filter.x"]
    assert found.looked_at == 1


def test_a_table_of_references_is_gone_through() -> None:
    table = f"locals {{\n  all = {{\n    One = {{ pattern = local.bad }}\n  }}\n  bad = {hcl(BAD)}\n}}\n"
    (problem,) = check({"main.tf": table}).problems
    assert (problem.address, problem.line) == ("locals.all.One", 3)


def test_the_command_says_by_whose_value_and_what_is_left(tmp_path: Path) -> None:
    each = 'resource "aws_cloudwatch_log_metric_filter" "%s" {\n  pattern = var.%s\n}\n'
    (tmp_path / "main.tf").write_text("".join(each % (name, name) for name in ("bad", "good", "none")))
    (tmp_path / "variables.tf").write_text(
        f'variable "bad" {{\n  default = {hcl(BAD)}\n}}\nvariable "good" {{}}\nvariable "none" {{}}\n'
    )
    (tmp_path / "terraform.tfvars").write_text('good = "ERROR"\n')
    (tmp_path / "prod.tfvars").write_text('none = "{ $.eventname = 1 }"\n')
    for named in (tmp_path, tmp_path / "main.tf"):
        told = CliRunner().invoke(main, ["check", str(named)])
        assert told.exit_code == 1
        (problem,) = told.stdout.splitlines()
        assert problem.endswith(" Judged by the default of var.bad.")
        assert told.stderr.splitlines() == [
            "2 filters and alarms looked at, 1 problem; 1 more left to a plan.",
            f"  left to a plan: var.none has no default: {tmp_path / 'main.tf'}:7",
            "  judged by the default of var.bad, var.good in terraform.tfvars",
        ]
        as_json = json.loads(CliRunner().invoke(main, ["check", "--json", str(named)]).stdout)
        assert as_json["left_why"][0]["why"] == ["var.none has no default"]
        assert as_json["problems"][0]["judged_by"] == ["the default of var.bad"]


def test_what_a_file_of_values_holds_is_not_printed(tmp_path: Path) -> None:
    """It may hold passwords, also where it cannot be read."""
    (tmp_path / "main.tf").write_text(
        'variable "x" {}\nresource "aws_cloudwatch_log_metric_filter" "x" {\n  pattern = var.x\n}\n'
    )
    (tmp_path / "terraform.tfvars").write_text('x = 1\npassword = hunter2 "hunter2\n')
    told = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert told.exit_code == 0
    assert "hunter2" not in told.output
    assert "terraform.tfvars, which may set var.x, cannot be read" in told.stderr
