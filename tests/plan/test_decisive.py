"""The doctor's table of what decides has every attribute of every resource that the module makes."""

from __future__ import annotations

from typing import Any

from secretwatch.pipeline.doctor.kinds import ALL, BY_NAME, RESOURCES, Harmless, Of

# Resources that hold nothing a watch depends on, and why.
LEFT_OUT = {
    "aws_cloudwatch_dashboard": "it shows what others decide",
    "aws_kms_alias": "a name of a key for people: everything here names keys by their ARNs",
    "aws_secretsmanager_secret_policy": "who may read the secret, not who is told of it",
    "aws_secretsmanager_secret_version": "the secret's value",
    "terraform_data": "Terraform's own",
}


def resources(plan: Any) -> list[tuple[str, str, set[str]]]:
    """Address, type and attributes of each, those that are known after apply as well."""
    found = []
    for address, change in plan.raw.resource_changes.items():
        if change["mode"] == "managed":
            after, unknown = change["change"]["after"] or {}, change["change"]["after_unknown"] or {}
            found.append((address, str(change["type"]), {*after, *unknown}))
    return found


def test_every_attribute_is_decisive_or_harmless(instances: Any) -> None:
    missing = set()
    for _, type, attributes in resources(instances):
        if type in LEFT_OUT:
            continue
        assert type in RESOURCES, f"{type} is in no table of kinds/, nor left out here"
        missing |= {f"{type}.{each}" for each in attributes - set(RESOURCES[type].attributes)}
    assert sorted(missing) == []


def test_nothing_in_the_table_is_gone(instances: Any) -> None:
    """Every type of the table is one that the module makes."""
    made = {type for _, type, _ in resources(instances)}
    # Of an instance with a heartbeat tests/e2e/test_what_was_applied.py has all.
    heartbeat = {"aws_cloudwatch_event_connection", "aws_sfn_state_machine"}
    assert set(RESOURCES) - made <= {"aws_s3_bucket_lifecycle_configuration", *heartbeat}
    assert set(LEFT_OUT) - made <= {"aws_secretsmanager_secret_policy", "aws_secretsmanager_secret_version"}


def test_what_decides_is_compared() -> None:
    names = {"alarm": "AlarmName", "topic": "TopicArn", "subscription": "Endpoint", "queue": "QueueUrl"}
    for type, resource in RESOURCES.items():
        kind = BY_NAME[resource.kind]
        for name, attribute in resource.attributes.items():
            if isinstance(attribute, Harmless):
                assert attribute.because, f"{type}.{name}"
                continue
            assert isinstance(attribute, Of)
            # Or it is what tells one thing from another, so that a change of it is another thing.
            known = attribute.member in kind.decisive or attribute.member in {
                *names.values(),
                *("Name", "filterName", "logGroupName", "RoleName", "Path", "Protocol", "TopicArn"),
                *("EventBusName", "RoleArn"),
            }
            assert known, f"{type}.{name} is {attribute.member}, which is not compared"


def test_every_kind_has_its_words() -> None:
    for kind in ALL:
        assert kind.said
        assert kind.label("a/b:c|d|e")


# What the provider fills in where the module says nothing, and a plan therefore leaves as it finds it.
FILLED_IN = {
    "aws_cloudwatch_log_group.log_group_class": "cannot be changed",
    "aws_cloudwatch_metric_alarm.evaluate_low_sample_count_percentiles": "no alarm here is on percentiles",
    "aws_kms_key.policy": "AWS's own for the key of a secret that the module makes: no message needs it",
    "aws_sfn_state_machine.encryption_configuration": "whether its role may use such a key is tried",
    "aws_sqs_queue.url": "its name",
}


def test_a_plan_would_put_right_all_that_decides(instances: Any) -> None:
    """So a fault that a refresh has put into the state is no part of what is meant (meant.py)."""
    written = _written(instances.raw["configuration"]["root_module"])
    found = set()
    for change in instances.raw.resource_changes.values():
        resource = RESOURCES.get(change["type"])
        if change["mode"] != "managed" or resource is None:
            continue
        unknown = {name for name, each in change["change"]["after_unknown"].items() if each is True}
        said = written[change["type"], change["name"]]
        found |= {
            f"{change['type']}.{name}"
            for name in unknown - said
            if isinstance(resource.attributes.get(name), Of)
        }
    assert found <= set(FILLED_IN), sorted(found)


def _written(module: Any) -> Any:
    """By type and name: arguments that the module writes, in whatever module it is."""
    found: dict[Any, set[str]] = {}

    def walk(part: Any) -> None:
        for each in part.get("resources") or ():
            found.setdefault((each["type"], each["name"]), set()).update(each.get("expressions") or ())
        for call in (part.get("module_calls") or {}).values():
            walk(call["module"])

    walk(module)
    return found
