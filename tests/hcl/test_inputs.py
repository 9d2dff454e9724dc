"""Whatever a variable is given: accepted, or refused with a sentence, never an error from within the module.

The inputs are made from the types that the variables have, and from calls without a mistake that set each
part of them: each part made null, empty, wrong, huge and hostile in turn. What is of another type, Terraform
refuses itself, where the module is called.

Long because it holds two tables of every variable: calls to break part by part, and what of that is accepted.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from secretwatch import terraform as tf

REPO = Path(__file__).parents[2]

HERE = "arn:aws:{}:eu-west-1:111122223333:{}"
KEY = HERE.format("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab")
TOPIC = HERE.format("sns", "given")
ROLE = "arn:aws:iam::111122223333:role/deploy"
BUS = "arn:aws:events:eu-west-1:444455556666:event-bus/witness"
ALARM = {
    "datapoints_to_alarm": 1,
    "evaluation_periods": 2,
    "ok_actions": True,
    "period": 300,
    "statistic": "Sum",
    "threshold": 3,
    "treat_missing_data": "missing",
}
QUIET = {"email_addresses": [], "global_events": "arn:aws:events:us-east-1:111122223333:rule/x"}
CALL = {"email_addresses": ["ops@example.com"], "secrets": ["db"], "self_watch": QUIET}
TWO = {"topics": {"talk": {}, "page": {}}, "secrets": ["db"], "self_watch": QUIET}

# Calls without a mistake, and the variable of which each part is broken in turn. Together they set all.
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("alarm", CALL | {"alarm": ALARM}),
    ("dashboard", CALL | {"dashboard": False}),
    (
        "decoys",
        TWO
        | {
            "decoys": {
                "arns": {"db": HERE.format("secretsmanager", "secret:db-AbCdEf")},
                "details": True,
                "except": [ROLE],
                "realtime": True,
                "topics": ["talk"],
            }
        },
    ),
    ("email_addresses", CALL),
    ("details", CALL | {"details": False}),
    ("heartbeat", CALL | {"heartbeat": {"every": "1 hour", "ping": {"url": "https://hc-ping.com/0f3c8a5e"}}}),
    ("kms_deletion_window_in_days", CALL | {"kms_deletion_window_in_days": 30}),
    ("kms_keys", CALL | {"kms_keys": {"topics": {"arn": KEY}, "trail": {"arn": KEY}}}),
    ("look_up_secrets", CALL | {"look_up_secrets": False}),
    ("name", CALL | {"name": "secretwatch"}),
    (
        "secret",
        CALL
        | {
            "secret": {
                "description": "A secret.",
                "kms_key": {"arn": KEY},
                "name": "new",
                "recovery_window_in_days": 30,
                "value_version": 1,
            },
            "secret_value": "x",
        },
    ),
    ("secret_value", CALL | {"secret": {"name": "new"}, "secret_value": "x"}),
    ("secrets", CALL | {"secrets": ["db", HERE.format("secretsmanager", "secret:db-AbCdEf")]}),
    (
        "self_watch",
        CALL
        | {
            "self_watch": {
                "blindness": True,
                "email_addresses": ["ops@example.com"],
                "except": [ROLE],
                "fast": True,
                "global_events": QUIET["global_events"],
                "tampering": True,
                "witness": {"event_bus_arn": BUS},
            }
        },
    ),
    ("self_watch", TWO | {"self_watch": {"topics": ["talk"], "global_events": QUIET["global_events"]}}),
    ("tags", CALL | {"tags": {"team": "security"}}),
    (
        "topics",
        TWO
        | {
            "topics": {
                "talk": {"existing": {"arn": TOPIC, "verify": False}},
                "page": {
                    "email_addresses": ["ops@example.com"],
                    "endpoints": {
                        "db": {"url": "https://events.example.com/x", "raw_message_delivery": False}
                    },
                },
            }
        },
    ),
    (
        "topics",
        TWO
        | {
            "topics": {
                "here": {"chat": {"slack": {"channel_id": "C07EZ1ABC23", "workspace_id": "T07EA123LEP"}}},
                "there": {
                    "chat": {
                        "teams": {
                            "channel_id": "19%3aab6ef35dc342d56ba5654e6fc6d25a071%40thread.tacv2",
                            "team_id": "12345678-90ab-cdef-1234-567890abcdef",
                            "tenant_id": "87654321-90ab-cdef-1234-567890abcdef",
                        }
                    }
                },
            }
        },
    ),
    (
        "trail",
        CALL
        | {
            "trail": {
                "bucket": {"key_prefix": "trails", "name": "a-log-archive"},
                "bucket_expiration_in_days": 365,
                "bucket_force_destroy": False,
                "exclude_management_event_sources": ["rdsdata.amazonaws.com"],
                "log_retention_in_days": 90,
                "notifications": {"topic": {"arn": "arn:aws:sns:eu-west-1:444455556666:log-files"}},
                "organization": {"id": "o-exampleorgid", "management_account_id": "444455556666"},
            }
        },
    ),
    (
        "trail",
        CALL
        | {
            "trail": {
                "existing": {
                    "arn": HERE.format("cloudtrail", "trail/main"),
                    "bucket_name": "a-log-archive",
                    "log_group_name": "main",
                    "verify": False,
                }
            }
        },
    ),
    (
        "watches",
        {
            "topics": TWO["topics"],
            "self_watch": QUIET,
            "watches": {
                "db": {
                    "alarm": ALARM,
                    "events": ["reads", "DeleteSecret"],
                    "except": [ROLE, "rds.amazonaws.com"],
                    "except_denied": True,
                    "outcome": "success",
                    "details": True,
                    "realtime": True,
                    "realtime_topics": ["talk"],
                    "secrets": ["prod/*"],
                    "topics": ["page"],
                }
            },
        },
    ),
]

# Of modules/global-events, which is called by itself.
EVENTS_CALLS: list[tuple[str, dict[str, Any]]] = [
    (
        name,
        {
            "home_region": "eu-west-1",
            "name": "secretwatch",
            "secrets": ["db", "prod/*"],
            "tags": {"team": "security"},
            "witness": {"event_bus_arn": BUS},
        },
    )
    for name in ("home_region", "name", "secrets", "tags", "witness")
]

# Of modules/decoy, too.
DECOY_CALLS: list[tuple[str, dict[str, Any]]] = [
    (
        name,
        {
            "description": "Billing.",
            "kms_key": {"arn": KEY},
            "name": "prod/billing",
            "recovery_window_in_days": 30,
            "tags": {"team": "billing"},
            "value": "{random}",
            "value_version": 1,
        },
    )
    for name in (
        "description",
        "kms_key",
        "name",
        "recovery_window_in_days",
        "tags",
        "value",
        "value_version",
    )
]

TEXTS = {
    "empty": "",
    "garbage": "garbage",
    "blank": " ",
    "unicode": "ü\u202e",
    "long": "x" * 3000,
    "quotes": "a\"b'c\\",
    "lines": "a\nb",
    "template": "${path.module}%{if true}",
    "star": "*",
}
NUMBERS = {"zero": 0, "one": 1, "negative": -1, "half": 1.5, "large": 100_000, "huge": 1e300}

RAW = "an error of Terraform"

PLACE = """
locals {
  account = { dns_suffix = "amazonaws.com", id = "111122223333", partition = "aws", region = "eu-west-1" }

  global_region = "us-east-1"
}
"""


def types(file: Path) -> dict[str, Any]:
    """Of each variable in a file: "string" and so on, or `list`, `set`, `map` or `object` and what it holds.

    After an object's parts come the names of those that it has to have.
    """
    text = file.read_text()
    found = {}
    for name, block in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL):
        declared = re.search(r"^  type += (.*?)^(?:$|  \w)", block + "\n", re.MULTILINE | re.DOTALL)
        assert declared, name
        tokens = re.findall(r'"[^"]*"|\w+|[(){}\[\]=,\n]', declared[1])
        found[name] = _type(tokens)
    return found


def _type(tokens: list[str]) -> Any:
    """The type at the beginning of these tokens, which are used up."""
    while tokens[0] == "\n":
        tokens.pop(0)
    kind = tokens.pop(0)
    if kind in ("string", "number", "bool"):
        return kind
    assert tokens.pop(0) == "("
    if kind == "object":
        found: tuple[Any, ...] = (kind, *_parts(tokens))
    else:
        assert kind in ("list", "map", "set"), kind
        found = (kind, _type(tokens))
    assert tokens.pop(0) == ")"
    return found


def _parts(tokens: list[str]) -> tuple[dict[str, Any], set[str]]:
    assert tokens.pop(0) == "{"
    held, required = {}, set()
    while True:
        while tokens[0] in ("\n", ","):
            tokens.pop(0)
        name = tokens.pop(0)
        if name == "}":
            return held, required
        assert tokens.pop(0) == "="
        if tokens[0] != "optional":
            held[name] = _type(tokens)
            required.add(name)
            continue
        del tokens[:2]
        held[name] = _type(tokens)
        # A default may be anything.
        depth = 1
        while depth:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(tokens.pop(0), 0)


def parts(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every part of a type that can be set: `*` stands for elements."""
    yield path
    if isinstance(kind, tuple) and kind[0] == "object":
        for name, of_part in kind[1].items():
            yield from parts(of_part, (*path, name))
    elif isinstance(kind, tuple):
        yield from parts(kind[1], (*path, "*"))


def broken(kind: Any, value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    """Each part of a value, how it is broken, and what it is then."""
    yield path, "null", None
    if kind == "string":
        for how, text in TEXTS.items():
            yield path, how, text
        if value:
            yield (
                path,
                "elsewhere",
                value.replace("eu-west-1", "ap-south-1").replace("us-east-1", "ap-south-1"),
            )
            yield path, "foreign", value.replace("111122223333", "999988887777")
            for how, text in (
                ("newline", f"{value}\n"),
                ("and more", f"{value}/x y"),
                ("with star", f"{value}*"),
            ):
                yield path, how, text
    elif kind == "number":
        for how, number in NUMBERS.items():
            yield path, how, number
    elif kind == "bool":
        yield path, "other", not value
    elif kind[0] in ("list", "set"):
        yield path, "empty", []
        yield path, "garbage more", [*value, "garbage"]
        yield path, "null more", [*value, None]
        yield path, "many", [*value, *(f"{value[0]}{n}" for n in range(60))] if value else [None]
        for index, element in enumerate(value):
            yield from broken(kind[1], element, (*path, index))
    elif kind[0] == "map":
        yield path, "empty", {}
        for how, text in TEXTS.items():
            yield path, f"{how} key", {**value, text: next(iter(value.values()))}
        yield path, "many", {**value, **{f"n{n}": next(iter(value.values())) for n in range(60)}}
        for name, element in value.items():
            yield from broken(kind[1], element, (*path, name))
    else:
        if not kind[2]:
            yield path, "empty", {}
        for name, of_part in kind[1].items():
            if name in value:
                yield from broken(of_part, value[name], (*path, name))


@dataclass(frozen=True)
class Input:
    """A call with one part broken: which, and how."""

    part: str
    how: str
    call: dict[str, Any]

    @property
    def of(self) -> str:
        return self.part.partition(".")[0]

    @property
    def name(self) -> str:
        return f"{self.part}: {self.how}"


def inputs(calls: list[tuple[str, dict[str, Any]]], declared: dict[str, Any]) -> list[Input]:
    made = {}
    for variable, call in calls:
        for path, how, value in broken(declared[variable], call[variable], (variable,)):
            given = copy.deepcopy(call)
            at: Any = given
            for step in path[:-1]:
                at = at[step]
            at[path[-1]] = value
            if given != call:
                each = Input(".".join(map(str, path)), how, given)
                made.setdefault(each.name, each)
    return list(made.values())


def hcl(value: Any) -> str:
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def blocks(text: str, kind: str, indent: str = "") -> list[tuple[str, str]]:
    """Name and lines of each block of this kind, as `terraform fmt` writes them."""
    pattern = rf'^{indent}{kind}(?: "(\w+)")? \{{\n(.*?)^{indent}\}}'
    return re.findall(pattern, text, re.MULTILINE | re.DOTALL)


def argument(block: str, name: str, indent: str = "  ") -> str | None:
    found = re.search(rf"^{indent}{name} += (.*?)(?=^{indent}[\w#]|^$|\Z)", block, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else None


def judge(file: Path, place: str, replaced: dict[str, str]) -> str:
    """A root module that says of each input what the validations of this file say.

    Each of them is an expression here, which takes seconds for all inputs together. As arguments of as many
    calls they would take minutes, and an error of Terraform's own in one of them would hide others.
    """
    declared, said = [], []
    for name, block in blocks(file.read_text(), "variable"):
        kind, default = argument(block, "type"), argument(block, "default") or "null"
        declared.append(f"{name} = optional({kind}, {default})")
        for _, validation in blocks(block, "validation", "  "):
            condition, message = (
                argument(validation, part, "    ") for part in ("condition", "error_message")
            )
            assert condition, name
            assert message, name
            about = set(re.findall(r"\bvar\.(\w+)", condition)) | {name}
            text = f"try(tobool({condition}) ? null : tostring({message}), {hcl(RAW)})"
            said.append((about, f"{{ of = {hcl(name)}, about = {hcl(sorted(about))}, said = {text} }}"))
    lines = ['variable "inputs" {', "  type = map(object({", "    broken = string", *declared, "  }))", "}"]
    lines += ['output "said" {', "  value = { for number, input in var.inputs : number => concat("]
    # Only those that look at the variable that is broken, which of them takes time.
    for variable in dict(blocks(file.read_text(), "variable")):
        of_it = ",\n".join(text for about, text in said if variable in about)
        lines.append(f'input.broken == "{variable}" ? jsondecode(jsonencode([{of_it}])) : [],')
    text = "\n".join([*lines, "  ) }", "}", ""])
    for old, new in {r"\bvar\.(?!inputs)": "input.", **replaced}.items():
        text = re.sub(old, new, text)
    # What the validations of this file share.
    own = "".join(f"locals {{\n{block}}}\n" for _, block in blocks(file.read_text(), "locals"))
    return text + own + place


def judged(terraform: Any, name: str, text: str, made: list[Input]) -> list[set[str]]:
    """What is said of each input."""
    root = terraform.module / name
    root.mkdir()
    (root / "main.tf").write_text(text)
    given = {f"{number:05}": {"broken": each.of, **each.call} for number, each in enumerate(made)}
    (root / "terraform.tfvars.json").write_text(json.dumps({"inputs": given}))
    # Without providers, and so without init.
    tf.run(root, os.environ | terraform.env, "apply", "-auto-approve", "-json")
    state = json.loads((root / "terraform.tfstate").read_text())
    found = []
    for _, said in sorted(state["outputs"]["said"]["value"].items()):
        refused = {each["of"] for each in said if each["said"] not in (None, RAW)}
        # What looks at another variable that was refused is not asked.
        asked = [each for each in said if not refused & (set(each["about"]) - {each["of"]})]
        found.append({each["said"] for each in asked if each["said"] is not None})
    return found


def watches(made: list[Input]) -> list[Input]:
    """What modules/watch is called with for those that break an alarm or a watch."""
    given = {
        "account": {"id": "111122223333", "partition": "aws", "region": "eu-west-1"},
        "log_group_name": "/aws/cloudtrail/secretwatch",
        "metric": {"name": "secretwatch-db", "namespace": "secretwatch/secretwatch"},
        "name": "secretwatch-db",
        "organization": False,
        "resolved": {},
        "stuck": True,
        "tags": {},
        "topic_arns": [TOPIC],
    }
    plain = {"alarm": {}, "events": ["reads"], "except": [], "except_denied": False, "outcome": "any"}
    calls = []
    for each in made:
        single = each.of in ("alarm", "secrets")
        watch = (
            {name: each.call[name] for name in ("secrets", "alarm") if name in each.call} if single else {}
        )
        if each.of == "watches" and len(each.call["watches"] or {}) == 1:
            watch = next(iter(each.call["watches"].values()))
        parts = each.part.split(".")
        broken_part = each.of if single else parts[2] if len(parts) > 2 else ""
        if each.of == "decoys" and each.call["decoys"]:
            given_decoys = each.call["decoys"]
            watch = {
                "events": ["touches"],
                "except": given_decoys["except"],
                "secrets": [*given_decoys["arns"]],
            }
            broken_part = parts[1] if len(parts) > 1 else ""
        if broken_part in ("alarm", "events", "except", "except_denied", "outcome", "secrets"):
            mine = {name: watch[name] for name in [*plain, "secrets"] if watch.get(name) is not None}
            path = "decoys." if each.of == "decoys" else "" if single else "watches.db."
            calls.append(Input(broken_part, each.name, {**given, **plain, **mine, "path": path}))
    return calls


@pytest.fixture(scope="module")
def answers(terraform: Any) -> dict[str, set[str]]:
    """Of each input what is said, nothing where it is accepted."""
    root = terraform.module / "variables.tf"
    made = inputs(CALLS, types(root))
    said = dict(
        zip(
            (each.name for each in made), judged(terraform, "root", judge(root, PLACE, {}), made), strict=True
        )
    )

    watch = terraform.module / "modules" / "watch"
    # The validations look at constants of this file; it takes these values for the rest.
    definition = (watch / "definition.tf").read_text()
    given = {"account": {"id": "111122223333"}, "events": ["reads"], "except": [], "organization": False}
    given |= {"resolved": {}, "secrets": ["db"]}
    place = definition + "".join(
        f'variable "{name}" {{\n  default = {hcl(of_it)}\n}}\n' for name, of_it in given.items()
    )
    left = watches([each for each in made if not said[each.name]])
    text = judge(watch / "variables.tf", place, {})
    for each, of_it in zip(left, judged(terraform, "watch", text, left), strict=True):
        said[each.how] |= of_it

    sender = terraform.module / "modules" / "global-events" / "variables.tf"
    made = [each for each in inputs(EVENTS_CALLS, types(sender)) if each.name != "home_region: null"]
    place = {
        r"\bdata\.aws_region\.sender\.id\b": '"us-east-1"',
        r"\bdata\.aws_caller_identity\.sender\.account_id": '"111122223333"',
    }
    for each, of_it in zip(made, judged(terraform, "sender", judge(sender, "", place), made), strict=True):
        said[f"modules/global-events.{each.name}"] = of_it

    decoy = terraform.module / "modules" / "decoy" / "variables.tf"
    made = [each for each in inputs(DECOY_CALLS, types(decoy)) if each.name != "name: null"]
    here = {r"\bdata\.aws_region\.neighbours\.id\b": '"eu-west-1"'}
    for each, of_it in zip(made, judged(terraform, "decoy", judge(decoy, "", here), made), strict=True):
        said[f"modules/decoy.{each.name}"] = of_it
    return said


def test_every_part_of_every_variable_is_broken() -> None:
    for file, calls in (
        ("variables.tf", CALLS),
        ("modules/decoy/variables.tf", DECOY_CALLS),
        ("modules/global-events/variables.tf", EVENTS_CALLS),
    ):
        declared = types(REPO / file)
        whole = {(name, *part) for name, kind in declared.items() for part in parts(kind)}
        made = inputs(calls, declared)
        done = {tuple(each.part.split(".")) for each in made}
        as_types = {
            tuple(
                "*" if step.isdigit() or step in ("db", "talk", "page", "here", "there", "team") else step
                for step in part
            )
            for part in done
        }
        assert not {part for part in whole if part not in as_types and part not in done}


@pytest.mark.later
def test_what_is_accepted_is_right(answers: dict[str, set[str]]) -> None:
    accepted = {name for name, said in answers.items() if not said}
    known = {f"{part}: {how}" for part, ways in ACCEPTED.items() for how in ways.split(", ")}
    assert sorted(accepted - known) == []
    assert sorted(known - accepted) == []


@pytest.mark.later
def test_no_input_is_answered_by_an_error_of_terraform(answers: dict[str, set[str]]) -> None:
    assert not sorted(name for name, said in answers.items() if RAW in said)


PLAN = """
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { dns_suffix = "amazonaws.com", partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { id = "eu-west-1", name = "eu-west-1" }
  }

  mock_data "aws_cloudwatch_log_groups" {
    defaults = { log_group_names = ["main", "garbage"] }
  }
}

run "accepted" {
  command = plan
}
"""

# What is accepted; all else is refused. Each was judged by what AWS takes, and by whether an alarm rings.
ACCEPTED = {
    "alarm": "null, empty",
    "alarm.datapoints_to_alarm": "null",
    "alarm.evaluation_periods": "null, one",
    "alarm.ok_actions": "null, other",
    "alarm.period": "null",
    "alarm.statistic": "null",
    "alarm.threshold": "null, one, half, large",
    "alarm.treat_missing_data": "null",
    "details": "null, other",
    "dashboard": "null, other",
    "decoys": "null",
    "decoys.details": "null, other",
    "decoys.except": "empty, many",
    "decoys.except.0": "foreign, with star",
    "decoys.realtime": "null, other",
    "decoys.topics": "null",
    "modules/decoy.description": "null, empty, garbage, blank, unicode, quotes, lines, template, star, "
    "newline, and more, with star",
    "modules/decoy.kms_key": "null",
    "modules/decoy.kms_key.arn": "foreign",
    "modules/decoy.name": "garbage",
    "modules/decoy.recovery_window_in_days": "null, zero",
    "modules/decoy.tags": "null, empty, garbage key, blank key",
    "modules/decoy.tags.team": "null, empty, garbage, blank, and more",
    "modules/decoy.value": "null, garbage, blank, unicode, long, quotes, lines, template, star, newline, "
    "and more, with star",
    "modules/decoy.value_version": "null, large",
    "email_addresses": "empty",
    "heartbeat": "null, empty",
    "heartbeat.every": "null",
    "heartbeat.ping": "null",
    "kms_deletion_window_in_days": "null",
    "kms_keys": "null, empty",
    "kms_keys.topics": "null",
    "kms_keys.topics.arn": "foreign",
    "kms_keys.trail": "null",
    "kms_keys.trail.arn": "foreign",
    "look_up_secrets": "null, other",
    "name": "null, garbage",
    "secret": "null",
    "secret.description": "null, empty, garbage, blank, unicode, quotes, lines, template, star, newline, "
    "and more, with star",
    "secret.kms_key": "null",
    "secret.kms_key.arn": "foreign",
    "secret.name": "garbage",
    "secret.recovery_window_in_days": "null, zero",
    "secret.value_version": "null, zero, large",
    "secret_value": "garbage, blank, unicode, long, quotes, lines, template, star, newline, and more, "
    "with star",
    "secrets": "garbage more, many",
    "secrets.0": "garbage, star, with star",
    "secrets.1": "garbage, star, elsewhere, foreign",
    "self_watch": "null, empty",
    "self_watch.blindness": "null, other",
    "self_watch.email_addresses": "null, empty",
    "self_watch.except": "null, empty, many",
    "self_watch.except.0": "foreign, with star",
    "self_watch.fast": "null",
    "self_watch.global_events": "null, foreign",
    "self_watch.tampering": "null",
    "self_watch.witness": "null",
    "self_watch.topics": "null",
    "tags": "null, empty, garbage key, blank key",
    "tags.team": "null, empty, garbage, blank, and more",
    "topics": "garbage key",
    "topics.talk": "empty",
    "topics.talk.existing": "null",
    "topics.talk.existing.arn": "foreign",
    "topics.talk.existing.verify": "null, other",
    "topics.page": "empty",
    "topics.page.email_addresses": "null, empty",
    "topics.page.endpoints": "null, empty",
    "topics.page.endpoints.db.raw_message_delivery": "null, other",
    "topics.page.endpoints.db.url": "with star",
    "topics.here": "empty",
    "topics.here.chat": "null",
    "topics.there": "empty",
    "topics.there.chat": "null",
    "trail": "null, empty",
    "trail.bucket": "null",
    "trail.bucket.key_prefix": "null, garbage",
    "trail.bucket.name": "garbage",
    "trail.bucket_expiration_in_days": "null, zero, one, large",
    "trail.bucket_force_destroy": "null, other",
    "trail.exclude_management_event_sources": "null, empty",
    "trail.log_retention_in_days": "null, one",
    "trail.notifications": "null",
    "trail.notifications.topic.arn": "elsewhere",
    "trail.organization": "null",
    "trail.organization.management_account_id": "null",
    "trail.existing": "null",
    "trail.existing.arn": "elsewhere, foreign",
    "trail.existing.bucket_name": "null, garbage",
    "trail.existing.log_group_name": "garbage",
    "trail.existing.verify": "null, other",
    "watches": "garbage key, many",
    "watches.db.alarm": "null, empty",
    "watches.db.alarm.datapoints_to_alarm": "null",
    "watches.db.alarm.evaluation_periods": "null, one",
    "watches.db.alarm.ok_actions": "null, other",
    "watches.db.alarm.period": "null",
    "watches.db.alarm.statistic": "null",
    "watches.db.alarm.threshold": "null, one, half, large",
    "watches.db.alarm.treat_missing_data": "null",
    "watches.db.details": "null, other",
    "watches.db.events": "null",
    "watches.db.except": "null, empty, many",
    "watches.db.except.0": "foreign, with star",
    "watches.db.except_denied": "null, other",
    "watches.db.outcome": "null",
    "watches.db.realtime_topics": "null",
    "watches.db.secrets": "garbage more",
    "watches.db.secrets.0": "garbage, star",
    "watches.db.topics": "null, empty",
    "modules/global-events.home_region": "elsewhere",
    "modules/global-events.name": "null, garbage",
    "modules/global-events.secrets": "null, empty, garbage more, many",
    "modules/global-events.secrets.0": "garbage, star, with star",
    "modules/global-events.secrets.1": "garbage, star",
    "modules/global-events.tags": "null, empty, garbage key, blank key",
    "modules/global-events.tags.team": "null, empty, garbage, blank, and more",
    "modules/global-events.witness": "null",
    "modules/global-events.witness.event_bus_arn": "elsewhere",
}

# What only the rest of the module refuses, which looks at the cloud and counts filters and topics.
LATER = {
    "look_up_secrets: other",
    "secrets.1: foreign",
    "secrets: many",
    "self_watch.except: many",
    "watches.db.secrets: garbage more",
    "watches.db.secrets.0: garbage",
    "watches: many",
    "decoys.except: many",
    "watches.db.except: many",
    "watches.db.topics: empty",
}


def together(made: list[Input]) -> list[dict[str, Any]]:
    """A few calls that have all of these inputs in them: one of each variable, and many watches."""
    columns: dict[str, list[dict[str, Any]]] = defaultdict(list)
    watches = {}
    for each in made:
        one = each.call.get("watches") or {}
        if each.of == "watches" and len(one) == 1:
            watches[f"w{len(watches)}"] = next(iter(one.values()))
        elif each.of in ("secret", "secret_value"):
            columns["secret"].append({name: each.call.get(name) for name in ("secret", "secret_value")})
        elif "topics" in each.call:
            columns["topics"].append(each.call)
        else:
            columns[each.of].append({each.of: each.call[each.of]})
    calls = columns.pop("topics", [])
    for number in range(max(map(len, columns.values()), default=0)):
        row = [values[number] for values in columns.values() if number < len(values)]
        calls.append({name: value for part in [CALL, *row] for name, value in part.items()})
    keys = list(watches)
    few = [keys[at : at + 8] for at in range(0, len(keys), 8)]
    return calls + [TWO | {"secrets": None, "watches": {key: watches[key] for key in some}} for some in few]


@pytest.mark.later
def test_what_the_variables_accept_is_planned(terraform: Any, answers: dict[str, set[str]]) -> None:
    root = terraform.module / "variables.tf"
    made = [each for each in inputs(CALLS, types(root)) if not answers[each.name] and each.name not in LATER]
    given = {f"c{number}": call for number, call in enumerate(together(made))}
    text = 'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n'
    text += (
        "locals {\n  calls = {\n"
        + "".join(f"    {key} = {hcl(call)}\n" for key, call in given.items())
        + "  }\n}\n"
    )
    text += 'module "call" {\n  source = "../"\n  for_each = local.calls\n'
    text += "".join(f"  {name} = try(each.value.{name}, null)\n" for name in types(root)) + "}\n"
    directory = terraform.new_root("accepted", text)
    (directory / "accepted.tftest.hcl").write_text(PLAN)
    terraform.run(directory, "init")
    try:
        output = terraform.run(directory, "test", "-json")
    except tf.TerraformFailed as failed:
        output = failed.output
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    found = [line["diagnostic"] for line in lines if line["type"] == "diagnostic"]
    # A check is a warning where this is applied.
    errors = [
        f"{each['summary']}: {each.get('detail')}"
        for each in found
        if each["severity"] == "error" and each["summary"] != "Check block assertion failed"
    ]
    assert not errors, "\n".join(errors)
    assert [line for line in lines if line["type"] == "test_run"]
