"""Write scripts/calls.json: the calls of AWS's APIs that the module makes.

Applies three examples on a local cloud of their own and reads its log: "deploy" are the calls of an apply, a
plan and a destroy, whose errors `scripts/docs` lists. Then it applies all that the module can have, and
changes that: "change" are the calls that this adds. Takes about six minutes; --check writes nothing and fails
when a call is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import boto3

from secretwatch import local
from secretwatch import terraform as tf

ROOT = Path(__file__).resolve().parents[1]
FILE = "scripts/calls.json"
EXAMPLES = ("quickstart", "realtime", "severities")
# What no example that is applied here calls: the checks of an adopted trail and topic (data sources of
# modules/existing-*), the expiration of log files, which all of them turn off, and secrets given by name.
ALSO = {
    "cloudcontrol": {"GetResource"},
    "s3": {"DeleteBucketLifecycle", "PutBucketLifecycleConfiguration"},
    "secretsmanager": {"ListSecrets"},
}
# Whose event bus is told as well: an account's id is its root user's access key here.
_WITNESS = "444455556666"
# All that an instance can have, and one that watches by way of the first one's trail and topic. Before it
# there have to be the secret `known`, an organization, another account's event bus that lets this one in, and
# the values of the variables.
EVERYTHING = """
variable "changed" {
  type = bool
}

variable "organization_id" {
  type = string
}

# A queue takes the provider a minute.
variable "realtime" {
  type = bool
}

variable "secret_value" {
  ephemeral = true
  type      = string
}

variable "witness" {
  type = string
}

module "everything" {
  source = "../"

  dashboard                   = true
  kms_deletion_window_in_days = 7
  look_up_secrets             = true
  name                        = "everything"
  secret_value                = var.secret_value
  self_watch                  = { witness = { event_bus_arn = var.witness } }
  tags                        = var.changed ? { stage = "second" } : { once = "only", stage = "first" }

  # Whoever stays subscribed gets all messages once there is no ping.
  heartbeat = {
    every = var.changed ? "2 hours" : "1 hour"
    ping  = var.changed ? null : { url = "https://ping.example.com/heartbeat" }
  }

  secret = {
    description             = var.changed ? "Changed." : "First."
    name                    = "made/by-terraform"
    recovery_window_in_days = 0
    value_version           = var.changed ? 2 : 1
  }

  topics = {
    page = {
      email_addresses = ["always@example.com", var.changed ? "new@example.com" : "old@example.com"]
      endpoints       = { pager = { url = "https://pager.example.com/never-confirms" } }
    }
    quiet = {}

    # The provider waits half a minute for each.
    slack = { chat = { slack = {
      channel_id   = var.changed ? "C07EZ1ABC99" : "C07EZ1ABC23"
      workspace_id = "T07EA123LEP"
    } } }
    teams = { chat = { teams = {
      channel_id = "19%3a${var.changed ? "b" : "a"}%40thread.tacv2"
      team_id    = "12345678-90ab-cdef-1234-567890abcdef"
      tenant_id  = "87654321-90ab-cdef-1234-567890abcdef"
    } } }
  }

  # The provider looks at rules that let files expire for a minute.
  trail = {
    bucket_expiration_in_days = 0
    bucket_force_destroy      = true
    log_retention_in_days     = var.changed ? 7 : 30
    notifications             = {}
    organization              = { id = var.organization_id }
  }

  watches = {
    known = {
      alarm   = { period = var.changed ? 600 : 300 }
      details = true
      secrets = ["known"]
      topics  = ["page", "slack"]
    }
    made = {
      except   = var.changed ? ["arn:aws:iam::123456789012:role/app"] : []
      realtime = var.realtime
      secrets  = ["made/by-terraform"]
      topics   = ["page"]
    }
  }
}

module "adopting" {
  source = "../"

  name    = "adopting"
  secrets = var.changed ? ["db/*"] : ["db/*", "web/*"]
  topics  = { theirs = { existing = { arn = module.everything.topic_arn } } }

  trail = {
    existing = { arn = module.everything.trail_arn, log_group_name = module.everything.log_group_name }
  }

  depends_on = [module.everything]
}
"""
_LINE = re.compile(r" AWS ([a-z0-9-]+)\.([A-Za-z0-9]+) => \d+")


def calls_in(log: Iterable[str]) -> dict[str, set[str]]:
    """Operations by service, as botocore names them, from lines of LocalStack's log."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in log:
        if match := _LINE.search(line):
            found[match[1]].add(match[2])
    return dict(found)


def known(root: Path = ROOT, kind: str = "deploy") -> dict[str, set[str]]:
    """The calls that are written down."""
    written = json.loads((root / FILE).read_text(encoding="utf-8"))[kind]
    return {service: set(operations) for service, operations in written.items()}


def made() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Apply, plan and destroy the examples, then everything, with a change."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cloud = local.start(folder / "cloud", tied=True)
        try:
            module = tf.copy_module(ROOT, folder / "module")
            (log,) = (folder / "cloud").rglob("local.log")
            with tf.environment(scratch=folder) as env, cloud.as_aws(env):
                run = partial(_run, dict(os.environ))
                for example in EXAMPLES:
                    run(module / "examples" / example, "init", "apply", "plan", "destroy")
                cloud.details()  # The log then has the line of each call up to now.
                deployed = log.stat().st_size
                variables = {"TF_VAR_realtime": "true", **_before_everything()}
                directory = module / "everything"
                directory.mkdir()
                (directory / "main.tf").write_text(EVERYTHING)
                run(directory, "init", "apply", **variables, TF_VAR_changed="false")
                run(directory, "apply", "plan", "destroy", **variables, TF_VAR_changed="true")
            cloud.details()
            text = log.read_bytes()
            deploy, change = (
                text[:deployed].decode(errors="replace"),
                text[deployed:].decode(errors="replace"),
            )
            return calls_in(deploy.splitlines()), calls_in(change.splitlines())
        finally:
            local.stop(folder / "cloud")


def _run(environ: dict[str, str], directory: Path, *commands: str, **variables: str) -> None:
    for command in commands:
        approved = ["-auto-approve"] if command in ("apply", "destroy") else []
        tf.run(directory, {**environ, **variables}, command, *approved)


def _before_everything() -> dict[str, str]:
    """Make what EVERYTHING needs; its variables."""
    client = partial(boto3.Session().client, region_name="us-east-1")
    client("secretsmanager").create_secret(Name="known", SecretString="x")
    organizations = client("organizations")
    made = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    keys = {"aws_access_key_id": _WITNESS, "aws_secret_access_key": "test"}
    witness = client("events", **keys)
    bus = witness.create_event_bus(Name="witness")["EventBusArn"]
    account = client("sts").get_caller_identity()["Account"]
    witness.put_permission(
        EventBusName="witness", StatementId="Watched", Action="events:PutEvents", Principal=account
    )
    return {
        "TF_VAR_organization_id": made,
        "TF_VAR_secret_value": "none of yours",
        "TF_VAR_witness": bus,
    }


# What is made by hand for EVERYTHING.
_BY_HAND = {
    "events": {"CreateEventBus", "PutPermission"},
    "organizations": {"CreateOrganization", "EnableAWSServiceAccess"},
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a call is missing")
    parser.add_argument("--log", type=Path, help="read this log of a local cloud; apply nothing")
    options = parser.parse_args(arguments)
    deploy, change = (
        (calls_in(options.log.read_text(errors="replace").splitlines()), {}) if options.log else made()
    )
    for service, operations in ALSO.items():
        deploy.setdefault(service, set()).update(operations)
    change = {
        service: new
        for service, operations in change.items()
        if (new := operations - deploy.get(service, set()) - _BY_HAND.get(service, set()))
    }
    if options.check:
        missing = sorted(
            f"{service}.{operation}"
            for kind, found in (("deploy", deploy), ("change", change))
            for service, operations in found.items()
            for operation in operations - known(kind=kind).get(service, set())
        )
        if missing:
            print(f"error: {FILE} lacks {', '.join(missing)}: run scripts/calls.py.", file=sys.stderr)
        return bool(missing)
    written = {
        kind: {service: sorted(found[service]) for service in sorted(found)}
        for kind, found in (("deploy", deploy), ("change", change))
    }
    (ROOT / FILE).write_text(f"{json.dumps(written, indent=2)}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
