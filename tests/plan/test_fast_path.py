"""The fast path of many generated watches: EventBridge takes its patterns, and they mean what they should.

One root module with a watch for each generated input; what EventBridge makes of them is told by the pure
`eventpattern`.
"""

from __future__ import annotations

import functools
import json
import random
import string
from typing import Any

import pytest

from secretwatch.eventpattern import MOST_CHARACTERS, MOST_COMPLEX, EventPattern
from secretwatch.localstack.events.bus import envelope_of

from .conftest import ACCOUNT, REGION, arn, plan_of
from .test_pattern import event

# The modules alone: a whole instance for each watch would take a plan of minutes.
ROOT = """
locals {
  account = { id = "000000000000", partition = "aws", region = "us-east-1" }
  topics  = { default = "arn:aws:sns:us-east-1:000000000000:topic" }
  watches = jsondecode(file("${path.module}/watches.json"))
}

module "watch" {
  source   = "../modules/watch"
  for_each = local.watches

  account        = local.account
  alarm          = {}
  events         = each.value.events
  except         = each.value.except
  except_denied  = each.value.except_denied
  log_group_name = "logs"
  metric         = { name = each.key, namespace = "test" }
  name           = "test-${each.key}"
  organization   = false
  outcome        = each.value.outcome
  path           = "watches.${each.key}."
  resolved       = {}
  secrets        = each.value.secrets
  tags           = {}
  stuck          = false
  topic_arns     = values(local.topics)
}

module "realtime" {
  source   = "../modules/realtime"
  for_each = local.watches

  account          = local.account
  alarm_topic_arns = values(local.topics)
  console_domain   = "console.aws.amazon.com"
  created          = null
  definition       = module.watch[each.key].definition
  key              = each.key
  name             = "test"
  secret_arns      = [for secret in each.value.secrets : secret if startswith(secret, "arn:")]
  tags             = {}
  topic_arns       = local.topics
}

output "patterns" {
  value = { for key, watch in module.realtime : key => watch.event_patterns }
}
"""

ROLE, USER = (f"arn:aws:iam::{ACCOUNT}:{kind}/" for kind in ("role", "user"))
OUTCOMES = {"any": (False, True), "success": (False,), "denied": (True,)}

# Few letters, so that names begin alike and prefixes lie within each other.
_random = random.Random(7)
_name = lambda most: "".join(_random.choice("ab/") for _ in range(_random.randint(1, most)))  # noqa: E731


def _principals(count: int) -> list[str]:
    """Roles and users, exact ones, prefixes and services, often within each other."""
    return list(
        dict.fromkeys(
            _random.choice(
                [
                    "rds.amazonaws.com",
                    f"{_random.choice((ROLE, USER))}{_name(5)}",
                    f"{_random.choice((ROLE, USER))}{_name(3)}*",
                ]
            )
            for _ in range(count)
        )
    )


def _prefixes(count: int) -> list[str]:
    found = [f"{_name(12)}*" for _ in range(count)]
    # What repeats itself, also what an ARN has before it, is matched by many beginnings at once.
    return [*found, *_random.sample(["000000000000*", "0*", "aaaaaaaaaaaa*", "aaaa*", "secret*", "arn*"], 2)]


def _watch(secrets: list[str], outcome: str, excepted: int, **fields: Any) -> dict[str, Any]:
    except_ = _principals(excepted)
    return {
        "events": ["reads"],
        "except": except_,
        "except_denied": outcome == "denied" or _random.random() < 0.5,
        "outcome": outcome,
        "secrets": secrets,
    } | fields


def _watches() -> dict[str, dict[str, Any]]:
    found = {}
    for number in range(24):
        outcome = ("any", "success", "denied")[number % 3]
        found[f"e{number}"] = _watch([arn("db")], outcome, number % 7)
    for number, count in enumerate((1, 2, 3, 4, 10, 30)):
        found[f"p{number}"] = _watch(_prefixes(count), ("any", "success")[number % 2], 3)
    for number in range(6):
        names = [f"{_name(20)}{n}" for n in range(3 + 4 * number)]
        secrets = [arn(name, "".join(_random.choices(string.ascii_letters, k=6))) for name in names]
        events = ["reads", "changes"] if number % 2 else ["reads"]
        found[f"m{number}"] = _watch([*secrets, *_prefixes(number)], "any", 1, events=events)
    found["kinds"] = _watch([arn("db")], "any", 0, **{"except": [f"{ROLE}app", f"{ROLE}ci/*", f"{ROLE}ci/x"]})
    found["prefixes"] = _watch([arn("db")], "any", 0, **{"except": [f"{USER}ci/*", f"{USER}ci/x*"]})
    return found


WATCHES = _watches()


@pytest.fixture(scope="module")
def patterns(terraform: Any, aws: dict[str, str]) -> dict[str, list[str]]:
    root = terraform.new_root("fast_path", ROOT)
    (root / "watches.json").write_text(json.dumps(WATCHES))
    planned: dict[str, list[str]] = plan_of(terraform, root).outputs["patterns"]
    return planned


def _wildcards(pattern: Any) -> list[str]:
    """Every text of a wildcard operator in a pattern."""
    if isinstance(pattern, list):
        return [text for each in pattern for text in _wildcards(each)]
    if not isinstance(pattern, dict):
        return []
    found = [text for name, each in pattern.items() if name != "wildcard" for text in _wildcards(each)]
    own = pattern.get("wildcard", [])
    return [*found, *([own] if isinstance(own, str) else own)]


def test_eventbridge_takes_every_pattern(patterns: dict[str, list[str]]) -> None:
    for key, found in patterns.items():
        assert found, key
        for text in found:
            assert len(text) <= MOST_CHARACTERS
            assert EventPattern.parse(text).complexity <= MOST_COMPLEX - 1, (key, text)


def test_no_wildcard_begins_with_a_star_or_stands_where_a_prefix_does(patterns: dict[str, list[str]]) -> None:
    for key, found in patterns.items():
        for text in found:
            for wildcard in _wildcards(json.loads(text)):
                assert not wildcard.startswith("*")
                # Of ids, any region; of principals, exact ones beside prefixes.
                assert wildcard.startswith("arn:aws:secretsmanager:*:") or WATCHES[key]["except"]
    mixed, prefixes = (json.loads(patterns[key][0])["detail"] for key in ("kinds", "prefixes"))
    issuer = mixed["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]
    assert issuer == [{"exists": False}, {"anything-but": {"wildcard": [f"{ROLE}app", f"{ROLE}ci/*"]}}]
    assert prefixes["userIdentity"]["arn"] == [
        {"exists": False},
        {"anything-but": {"prefix": [f"{USER}ci/"]}},
    ]


def _is_excepted(principal: str, excepted: list[str]) -> bool:
    return any(
        principal.startswith(each[:-1]) if each.endswith("*") else principal == each for each in excepted
    )


def _identity(principal: str) -> dict[str, Any]:
    if ":role/" in principal:
        session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{principal.rsplit('/', 1)[-1]}/session"
        return {
            "type": "AssumedRole",
            "arn": session,
            "sessionContext": {"sessionIssuer": {"arn": principal}},
        }
    if ":user/" in principal:
        return {"type": "IAMUser", "arn": principal}
    return {"type": "AWSService", "invokedBy": principal}


def _near(principal: str) -> list[str]:
    """The principal, and those whose names are nearly the same."""
    base = principal.rstrip("*")
    return [base, f"{base}a", f"{base}-evil", f"{base}/b", base[:-1], base.replace("/a", "/b"), base.upper()]


def _matches(found: list[str], message: dict[str, Any]) -> bool:
    envelope = envelope_of(ACCOUNT, message | {"managementEvent": True, "eventTime": "2026-01-01T00:00:00Z"})
    assert envelope
    return any(_parsed(text).matches(envelope) for text in found)


_parsed = functools.cache(EventPattern.parse)


def test_nobody_outside_except_is_left_out_and_everybody_in_it_is(patterns: dict[str, list[str]]) -> None:
    for key, watch in WATCHES.items():
        if not key.startswith(("e", "kinds", "prefixes")):
            continue
        principals = {near for each in watch["except"] for near in _near(each)} | {f"{ROLE}x", f"{USER}x"}
        for principal in sorted(principals):
            for denied in OUTCOMES[watch["outcome"]]:
                error = {"errorCode": "AccessDenied"} if denied else {}
                message = event(
                    "GetSecretValue", {"secretId": "db"}, userIdentity=_identity(principal), **error
                )
                left_out = _is_excepted(principal, watch["except"]) and (watch["except_denied"] or not denied)
                assert _matches(patterns[key], message) is not left_out, (key, principal, denied)


def test_every_form_of_every_id_rings(patterns: dict[str, list[str]]) -> None:
    other = REGION.replace("east", "west")
    for key, watch in WATCHES.items():
        for secret in watch["secrets"]:
            if secret.endswith("*"):
                name = f"{secret[:-1]}some-AbCdEf"
                forms = [name, arn(name), arn(name)[:-7]]
            else:
                forms = [secret.split(":")[-1][:-7], secret, secret[:-7]]
            forms += [form.replace(REGION, other) for form in forms[1:]]
            for denied in OUTCOMES[watch["outcome"]]:
                error = {"errorCode": "AccessDenied"} if denied else {}
                for form in forms:
                    one, several = {"secretId": form}, {"secretIdList": ["x", form]}
                    assert _matches(patterns[key], event("GetSecretValue", one, **error)), (key, form)
                    assert _matches(patterns[key], event("BatchGetSecretValue", several, **error)), (
                        key,
                        form,
                    )


def test_another_accounts_ids_do_not_ring(patterns: dict[str, list[str]]) -> None:
    for key, watch in WATCHES.items():
        for secret in watch["secrets"]:
            if secret.startswith("arn:") and key.startswith("e"):
                other = secret.replace(ACCOUNT, "999999999999")
                assert not _matches(patterns[key], event("GetSecretValue", {"secretId": other}))
