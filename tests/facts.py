"""Facts of AWS's that the module's HCL and the tools both state, and where each of them stands.

HCL cannot ask Python, nor one of its modules another. So a fact has one name in Python, or is botocore's from
AWS's own models, and here is listed wherever HCL has it. ALONE is what HCL says and no tool asks about.
tests/unit/test_one_table.py compares them.

Long because it is one table: a row a fact.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ROOT = "variables.tf"
WATCH, REALTIME = "modules/watch", "modules/realtime"
SELF, FAST, GLOBAL = "modules/self-watch", "modules/fast-self-watch", "modules/global-events"


@dataclass(frozen=True)
class Fact:
    what: str
    held: str
    """`module:NAME` in secretwatch, or `botocore SERVICE SHAPE LIMIT`."""
    hcl: tuple[tuple[str, str], ...]
    """Files, and what finds it there (hcl_facts.said)."""
    written: Callable[[Any], Any] = lambda value: value
    """How HCL writes what Python holds."""


@dataclass(frozen=True)
class Narrower:
    """A form of HCL's that takes less than the tools do."""

    what: str
    held: str
    hcl: tuple[str, str]
    why: str


def anchored(pattern: re.Pattern[str]) -> str:
    return f"^{_same(pattern)}$"


def characters(pattern: re.Pattern[str]) -> str:
    """Without how many of them there may be, which HCL counts apart."""
    return re.sub(r"\{1,\d+\}$", "+", _same(pattern))


def _same(pattern: re.Pattern[str]) -> str:
    return re.sub(r"\(\?(?::|P<\w+>)", "(", pattern.pattern).replace(r"\d", "[0-9]")


def in_tags(separators: str) -> str:
    """AWS's \\p{Z} are these to Python."""
    assert re.compile(f"[{separators}]+").fullmatch(" \u00a0\u2003\u3000")
    return r"[\p{L}\p{Z}\p{N}_.:/=+@-]"


FACTS = (
    # --- Filters --------------------------------------------------------------------------------------
    Fact(
        "length of a filter pattern",
        "secretwatch.filterpattern:MAX_LENGTH",
        ((f"{WATCH}/pattern.tf", "local.longest_pattern"), (f"{SELF}/main.tf", "local.longest_pattern")),
    ),
    Fact(
        "length of a filter pattern, as AWS's model has it",
        "botocore logs FilterPattern max",
        ((f"{WATCH}/pattern.tf", "local.longest_pattern"),),
    ),
    Fact(
        "wildcards [*] in a filter pattern",
        "secretwatch.filterpattern.json_event:_MAX_WILDCARDS",
        (
            ("modules/spread/main.tf", r"try\(var\.wildcards\[index\], 0\)\]\) <= (\d+)"),
            (f"{SELF}/names.tf", r"together\s+= max\(1, min\((\d+),"),
        ),
    ),
    Fact(
        "metric filters of a log group",
        "secretwatch.localstack.logs.provider:_FILTERS_IN_A_GROUP",
        (
            (f"{WATCH}/main.tf", r"length\(local\.patterns\) <= (\d+)"),
            (f"{WATCH}/main.tf", r"metric filters: a log group takes (\d+)\."),
            ("outputs.tf", r"local\.filters <= (\d+)"),
            ("outputs.tf", r"largest, 6, -1\)\}: a log group takes (\d+)\."),
        ),
    ),
    Fact(
        "filters with regular expressions of a log group",
        "secretwatch.localstack.logs.subscriptions:_FILTERS_WITH_REGEXES_IN_A_GROUP",
        (
            (f"{WATCH}/main.tf", r"length\(local\.regex_patterns\) <= (\d+)"),
            (f"{WATCH}/main.tf", r"regular expressions: a log group takes (\d+)\."),
            ("outputs.tf", r"local\.expressions <= (\d+)"),
            ("outputs.tf", r"regular expressions: a log group takes (\d+)\."),
        ),
    ),
    # --- Rules ----------------------------------------------------------------------------------------
    Fact(
        "length of an event pattern",
        "secretwatch.eventpattern:MOST_CHARACTERS",
        (
            (f"{REALTIME}/pattern.tf", "local.longest_pattern"),
            (f"{FAST}/main.tf", r"length\(each\.value\) <= (\d+)"),
            (f"{FAST}/main.tf", r"EventBridge takes (\d+):"),
            (f"{GLOBAL}/main.tf", r"length\(each\.value\.pattern\) <= (\d+)"),
            (f"{GLOBAL}/main.tf", r"EventBridge takes (\d+):"),
        ),
    ),
    Fact(
        "the state of a rule that sees reads",
        "secretwatch.cloudtrail.eventbridge:ALL_MANAGEMENT_EVENTS",
        (
            (f"{REALTIME}/main.tf", r'state = "(\w+)"'),
            (f"{GLOBAL}/main.tf", r'each\.key == "reads" \? "(\w+)"'),
        ),
    ),
    Fact(
        "tries of a target",
        "botocore events MaximumRetryAttempts max",
        (("modules/details/main.tf", r"maximum_retry_attempts\s+= (\d+)"),),
    ),
    Fact(
        "what a change of an alarm's state is called",
        "secretwatch.alarm.statechange:DETAIL_TYPE",
        (("modules/details/main.tf", r'detail-type = \["([^"]+)"\]'),),
    ),
    Fact(
        "whose event it is",
        "secretwatch.alarm.statechange:SOURCE",
        (("modules/details/main.tf", r'source\s+= \["([^"]+)"\]'),),
    ),
    Fact(
        "what an API call is called",
        "secretwatch.cloudtrail.eventbridge:API_CALL",
        tuple(
            (f"{module}/pattern.tf", r'"detail-type"\s+= \["([^"]+)"\]')
            for module in (REALTIME, FAST, GLOBAL)
        ),
    ),
    # --- Alarms ---------------------------------------------------------------------------------------
    Fact(
        "topics of an alarm",
        "secretwatch.localstack.cloudwatch.alarm_settings:_MOST_ACTIONS",
        (
            (ROOT, r"try\(length\(var\.decoys\.topics\), 1\) <= (\d+)"),
            (ROOT, r"length\(var\.topics\) <= (\d+)"),
            (f"{WATCH}/variables.tf", r"length\(var\.topic_arns\) <= (\d+)"),
        ),
    ),
    Fact(
        "topics of an alarm, as AWS's model has them",
        "botocore cloudwatch ResourceList max",
        ((f"{WATCH}/variables.tf", r"length\(var\.topic_arns\) <= (\d+)"),),
    ),
    Fact(
        "length of an alarm's description",
        "botocore cloudwatch AlarmDescription max",
        ((f"{WATCH}/main.tf", r"length\(local\.description\) <= (\d+)"),),
    ),
    Fact(
        "how far an alarm looks back, in seconds",
        "secretwatch.alarm.config:_DAY",
        (
            (f"{WATCH}/variables.tf", r"period \* var\.alarm\.evaluation_periods <= (\d+)"),
            (f"{WATCH}/variables.tf", r"one day, so write at most (\d+)\."),
        ),
    ),
    Fact(
        "statistics of a metric",
        "secretwatch.alarm.statistics:BASIC",
        (
            (f"{WATCH}/definition.tf", "local.wrong_statistics"),
            (f"{WATCH}/variables.tf", r'statistic == ("Sum")'),
        ),
        lambda basic: {"local": set(basic) - {"Sum"}, "else": {"Sum"}},
    ),
    Fact(
        "what missing data is treated as",
        "secretwatch.alarm.config:TreatMissingData",
        ((f"{WATCH}/variables.tf", r"contains\(\[([^]]+)\], var\.alarm\.treat_missing_data"),),
        lambda kinds: {str(each) for each in kinds},
    ),
    # --- Secrets --------------------------------------------------------------------------------------
    Fact(
        "calls that read a secret",
        "secretwatch.secretid:READS",
        (
            (f"{WATCH}/definition.tf", r"reads\s+= (\[[^]]+\])"),
            (f"{REALTIME}/message.tf", r"contains\((\[[^]]+\]), event\)"),
            (f"{GLOBAL}/pattern.tf", r"eventName = (\[[^]]+\]), eventSource = \[\"secretsmanager"),
        ),
        set,
    ),
    Fact(
        "calls that name one secret",
        "secretwatch.pipeline.doctor.reads:NAMED_ONE",
        ((f"{WATCH}/definition.tf", "local.api_calls"),),
        set,
    ),
    Fact(
        "Secrets Manager",
        "secretwatch.secretid:SOURCE",
        (
            (f"{WATCH}/pattern.tf", r'\$\.eventSource=\\"([^"\\]+)\\"'),
            (f"{WATCH}/insights.tf", r'"eventSource = \\"([^"\\]+)\\""'),
            (f"{REALTIME}/pattern.tf", r'eventSource = \["([^"]+)"\]'),
            ("modules/heartbeat/main.tf", r'\$\.eventSource = \\"([^"\\]+)\\"'),
            ("modules/existing-trail/main.tf", r'eventSource = "([^"]+)"'),
        ),
    ),
    Fact(
        "characters of a secret's name",
        "secretwatch.forms:SECRET_NAME",
        ((ROOT, "local.secret_name"), ("modules/decoy/variables.tf", r'regex\("(\^[^"]+)", var\.name\)')),
        lambda name: f"^{characters(name)}$",
    ),
    Fact(
        "length of a secret's name",
        "botocore secretsmanager NameType max",
        (
            (ROOT, r"length\(name\) <= (\d+)\]\)\n"),
            (ROOT, r"length\(var\.secret\.name\), 0\) <= (\d+)"),
            (ROOT, r"at most (\d+) letters, digits and /_\+=\.@-"),
            (ROOT, r"characters: Secrets Manager takes (512)\."),
            ("modules/decoy/variables.tf", r"length\(var\.name\) <= (\d+)"),
            (f"{GLOBAL}/variables.tf", r"length\(secret\), 0\) <= (\d+)"),
        ),
    ),
    Fact(
        "length of a secret's name, as the tools have it",
        "secretwatch.forms:SECRET_NAME",
        ((ROOT, r"length\(var\.secret\.name\), 0\) <= (\d+)"),),
        lambda name: int(re.findall(r"\d+", name.pattern)[-1]),
    ),
    Fact(
        "length of a secret's description",
        "botocore secretsmanager DescriptionType max",
        (
            (ROOT, r"length\(var\.secret\.description\), 0\) <= (\d+)"),
            ("modules/decoy/variables.tf", r"length\(var\.description\), 0\) <= (\d+)"),
        ),
    ),
    Fact(
        "bytes of a secret's value",
        "botocore secretsmanager SecretStringType max",
        (
            (ROOT, r"\* 3 / 4\) <= (\d+)"),
            (ROOT, r"too long: Secrets Manager takes (\d+) bytes"),
            ("modules/decoy/variables.tf", r"<= (\d{5,})"),
        ),
    ),
    Fact(
        "names in a filter of ListSecrets",
        "botocore secretsmanager FilterValuesStringList max",
        (
            ("main.tf", r"chunklist\(local\.names_to_look_up, (\d+)\)"),
            ("main.tf", r"named\[floor\(index / (\d+)\)\]"),
        ),
    ),
    Fact(
        "a suffix that looks like a word",
        "secretwatch.secretid:_WORD",
        ((f"{WATCH}/definition.tf", "local.word"),),
        anchored,
    ),
    Fact(
        "what stands at the end of a whole ARN",
        "secretwatch.secretid:_WHOLE",
        ((f"{WATCH}/definition.tf", r'complete = "\^arn:.*?:secret:((?:[^"])+)\$"'),),
        _same,
    ),
    Fact(
        "what Secrets Manager adds to a name",
        "secretwatch.secretid:_WHOLE",
        (
            ("modules/decoy/variables.tf", r'regex\("(-[^"]+)\$", var\.name'),
            (ROOT, r'"\[\^:\]\+(-[^"]+)\$"'),
        ),
        lambda whole: "-" + re.sub(r"[()]", "", _same(whole).rpartition("-(")[2]),
    ),
    Fact(
        "characters of a secret's name, also of one that a service has named",
        "secretwatch.forms:SECRET_NAME",
        (
            (f"{WATCH}/definition.tf", r"\|(\[[^]]+!-\]\+)\["),
            (f"{GLOBAL}/variables.tf", r'"\^\((\[[^]]+\]\+)\['),
        ),
        lambda name: characters(name).replace("@-", "@!-"),
    ),
    # --- Forms ----------------------------------------------------------------------------------------
    Fact(
        "an account's id",
        "secretwatch.forms:ACCOUNT_ID",
        (
            (ROOT, r'regex\("\^(\[0-9\][^"]*)\$", var\.trail\.organization\.management'),
            *(
                (ROOT, rf"\^arn:\[a-z-\]\+:{service}:[^:\"]+:([^:\"]+):")
                for service in ("cloudtrail", "events", "kms", "sns")
            ),
            (ROOT, r":iam::([^:\"]+):role/\["),
            (f"{WATCH}/definition.tf", r":iam::([^:\"]+):\("),
            (f"{WATCH}/definition.tf", r"secretsmanager:\[a-z0-9-\]\+:\(?([^:)]+)\)?:secret"),
            (f"{GLOBAL}/variables.tf", r":events:[^:\"]+:([^:\"]+):"),
            ("modules/decoy/variables.tf", r":kms:\$\{[^}]*\}:(\[[^:\"]+):\("),
        ),
        lambda form: form.pattern,
    ),
    Fact(
        "an organisation's id",
        "secretwatch.forms:ORGANIZATION_ID",
        ((ROOT, r'regex\("(\^o-[^"]+)"'),),
        anchored,
    ),
    Fact(
        "a region",
        "secretwatch.partition:_REGION",
        ((f"{GLOBAL}/variables.tf", r'regex\("([^"]+)", var\.home_region'),),
        anchored,
    ),
    Fact(
        "the ARN of a key",
        "secretwatch.forms:KEY_ARN",
        ((ROOT, r'regex\("(\^arn:\[a-z-\]\+:kms:\[a-z0-9-\]\+:[^"]*\$)"'),),
        anchored,
    ),
    Fact(
        "the ARN of a key or an alias, in its region",
        "secretwatch.localstack.strict.kms:_ARN",
        (
            (ROOT, r'regex\("(\^arn:\[a-z-\]\+:kms:\$[^"]+)"'),
            ("modules/decoy/variables.tf", r'regex\("(\^arn:\[a-z-\]\+:kms:\$[^"]+)"'),
        ),
        lambda arn: (
            anchored(arn).replace(":kms:[a-z0-9-]+:", ":kms:REGION:").replace("a-zA-Z0-9", "A-Za-z0-9")
        ),
    ),
    Fact(
        "the ARN of a role, or how it begins",
        "secretwatch.forms:ROLE_ARN",
        ((ROOT, "local.role_arn"),),
        lambda arn: f"^{arn.pattern}[*]?$",
    ),
    Fact(
        "characters of a role's or a user's path and name",
        "secretwatch.forms:USER_OR_ROLE_ARN",
        ((f"{WATCH}/definition.tf", r"\(role\|user\)/\((\[[^]]+\]\+)\["),),
        lambda arn: arn.pattern.rpartition("/[")[0] and "[" + arn.pattern.rpartition(")/[")[2],
    ),
    Fact(
        "an AWS service as a principal",
        "secretwatch.forms:SERVICE_PRINCIPAL",
        ((f"{WATCH}/definition.tf", r'root\)\|([^"]+)\)\$"'),),
        _same,
    ),
    Fact(
        "a topic's name",
        "secretwatch.forms:TOPIC_NAME",
        ((ROOT, r":sns:[^\"]*?:([^:\"]+)\$\""),),
        lambda form: form.pattern,
    ),
    Fact(
        "an instance's name, and short names",
        "secretwatch.forms:INSTANCE_NAME",
        ((ROOT, "local.short_name"), (f"{GLOBAL}/variables.tf", r'regex\("(\^\[a-z\]\[a-z0-9\]\*[^"]+)"')),
        lambda form: f"^{form.pattern.partition('$)')[2]}$",
    ),
    Fact(
        "length of an instance's name",
        "secretwatch.forms:INSTANCE_NAME",
        (
            (ROOT, r"length\(var\.name\) <= (\d+)"),
            (ROOT, r"named after it, so write 3 to (\d+) lower"),
            (f"{GLOBAL}/variables.tf", r"length\(var\.name\) <= (\d+)"),
        ),
        lambda form: int(re.findall(r"\{3,(\d+)\}", form.pattern)[0]),
    ),
    Fact(
        "length of a bucket's name",
        "secretwatch.forms:BUCKET_NAME",
        (
            (ROOT, r"length\(var\.trail\.bucket\.name\), 0\) <= (\d+)"),
            (ROOT, r"name of a bucket, 3 to (\d+) lower"),
            (f"{SELF}/main.tf", r"bucket_bytes\s+= (\d+)"),
        ),
        lambda form: 2 + int(re.findall(r"\{1,(\d+)\}", form.pattern)[0]),
    ),
    Fact(
        "length of a prefix in a trail's bucket",
        "secretwatch.localstack.cloudtrail.settings:_PREFIX_LENGTH",
        (
            (ROOT, r"length\(var\.trail\.bucket\.key_prefix\) <= (\d+)"),
            (ROOT, r"write at most (\d+) letters, digits and !_"),
        ),
    ),
    Fact(
        "length of a trail's name",
        "secretwatch.localstack.cloudtrail.settings:NAME_LENGTHS",
        ((ROOT, r":trail/\[[^]]+\]\{(\d+,\d+)\}"),),
        lambda lengths: ",".join(map(str, lengths)),
    ),
    Fact(
        "the longest name of a trail",
        "secretwatch.localstack.cloudtrail.settings:NAME_LENGTHS",
        ((f"{SELF}/main.tf", r"trail_bytes [^\n]*: (\d+)\n"),),
        lambda lengths: lengths[1],
    ),
    Fact(
        "length of a log group's name",
        "secretwatch.forms:LOG_GROUP_NAME_LENGTH",
        (
            (ROOT, r"length\(var\.trail\.existing\.log_group_name\), 0\) <= (\d+)"),
            (ROOT, r"delivers to, at most (\d+) letters"),
        ),
    ),
    Fact(
        "characters of a log group's name",
        "botocore logs LogGroupName pattern",
        ((ROOT, r'regex\("\^\[([^"]+)\]\+\$", var\.trail\.existing\.log_group_name'),),
        lambda pattern: "".join(sorted(re.sub(r"[\\\[\]]|\+$", "", pattern))),
    ),
    Fact(
        "length of an event bus's name",
        "botocore events EventBusName max",
        (
            (ROOT, r"event-bus/\[[^]]+\]\{1,(\d+)\}"),
            (f"{GLOBAL}/variables.tf", r"event-bus/\[[^]]+\]\{1,(\d+)\}"),
        ),
    ),
    Fact(
        "length of a role's name",
        "botocore iam roleNameType max",
        ((f"{SELF}/main.tf", r"role_bytes\s+= (\d+)"),),
    ),
    Fact(
        "an id of Microsoft's",
        "botocore chatbot UUID pattern",
        ((ROOT, "local.teams_id"),),
        lambda pattern: f"^{pattern.replace('(?:', '(')}$",
    ),
    # --- Tags -----------------------------------------------------------------------------------------
    Fact(
        "characters of a tag",
        "secretwatch.tags:SEPARATORS",
        (
            (ROOT, r"tag_key\s+= \"\^(.*?)\+\$\""),
            (ROOT, r"tag_value\s+= \"\^(.*?)\*\$\""),
            (f"{GLOBAL}/variables.tf", r"tag_key\s+= \"\^(.*?)\+\$\""),
            (f"{GLOBAL}/variables.tf", r"tag_value\s+= \"\^(.*?)\*\$\""),
            ("modules/decoy/variables.tf", r"regex\(\"\^(.[\\][^\"]*?)[+*]\$\", (?:key|value)"),
        ),
        in_tags,
    ),
    *(
        Fact(
            what,
            f"secretwatch.tags:{name}",
            tuple((file, find) for file in (ROOT, f"{GLOBAL}/variables.tf", "modules/decoy/variables.tf")),
        )
        for what, name, find in (
            ("length of a tag's key", "_KEY_LENGTH", r"length\(key\) <= (\d+) && !startswith"),
            ("length of a tag's value", "_VALUE_LENGTH", r"length\(value\) <= (\d+)"),
            ("tags of a resource", "_LIMIT", r"length\(var\.tags\) <= (\d+)"),
        )
    ),
    # --- Trails and logs ------------------------------------------------------------------------------
    Fact(
        "sources that a trail can leave out",
        "secretwatch.cloudtrail.selectors:EXCLUDABLE",
        (
            (ROOT, "local.excludable"),
            ("main.tf", r'exclude_management_event_sources, ("[^"]+")\)'),
        ),
        set,
    ),
    Fact(
        "what is not seen of them",
        "secretwatch.backtest.bill:BLINDS",
        ((ROOT, "local.excludable"),),
        set,
    ),
    Fact(
        "how long a log group keeps events, in days",
        "secretwatch.localstack.logs.groups:RETENTION_DAYS",
        ((ROOT, "local.retention_days"),),
        set,
    ),
    Fact(
        "classes of log groups without metric filters",
        "botocore logs LogGroupClass enum",
        (("modules/existing-trail/main.tf", r"!contains\((\[[^]]+\]), coalesce\(self\.log_group_class"),),
        lambda classes: set(classes) - {"STANDARD"},
    ),
    Fact(
        "how a selector compares",
        "secretwatch.cloudtrail.selectors:_OPERATORS",
        (("modules/existing-trail/main.tf", r"field\.(\w+(?:Equals|With)|Equals)\b"),),
        set,
    ),
    Fact(
        "how long a queue keeps messages, in seconds",
        "secretwatch.localstack.strict.sqs:_NUMBERS",
        tuple(
            (f"modules/{module}/main.tf", r"message_retention_seconds = (\d+)")
            for module in ("alerts", "realtime")
        ),
        lambda numbers: numbers["MessageRetentionPeriod"][1],
    ),
    Fact(
        "what executions that failed are counted as",
        "secretwatch.localstack.states.provider:_METRICS",
        (("modules/details/main.tf", r'metric_name = "(Executions\w+)"'),),
        lambda names: {names[state] for state in ("ABORTED", "FAILED", "TIMED_OUT")},
    ),
)

SERVICES = (
    *(
        f"secretwatch.policy.services:{name}"
        for name in ("CLOUDTRAIL", "CLOUDWATCH", "EVENTS", "SNS", "STATES")
    ),
    "secretwatch.localstack.chatbot.channels:SERVICE",
)
"""All that a policy of the module's lets in."""

NARROWER = (
    Narrower(
        "an e-mail address",
        "secretwatch.localstack.sns.mail:_ADDRESS",
        (ROOT, "local.bare_address"),
        "SNS takes what no mail server does",
    ),
    Narrower(
        "a bucket's name",
        "secretwatch.forms:BUCKET_NAME",
        (ROOT, r'regex\("([^"]+)", var\.trail\.bucket\.name'),
        "between dots stands what is a label by itself, as in a host's name; lengths are counted apart",
    ),
    Narrower(
        "a workspace of Slack's",
        "botocore chatbot SlackTeamId pattern",
        (ROOT, "local.slack_workspace"),
        "AWS takes what Slack does not have, and posts nowhere",
    ),
    Narrower(
        "a channel of Slack's",
        "botocore chatbot SlackChannelId pattern",
        (ROOT, "local.slack_channel"),
        "AWS takes what Slack does not have, and posts nowhere",
    ),
    Narrower(
        "a channel of Microsoft Teams'",
        "botocore chatbot TeamsChannelId pattern",
        (ROOT, "local.teams_channel"),
        "AWS takes what Teams does not have",
    ),
)

ALONE: dict[tuple[str, str], str] = {
    (ROOT, "7, 31"): "days of KMS's and Secrets Manager's windows, which their models do not say",
    (ROOT, "20"): "a watch's name has room for 20 characters in a rule's of 64",
    (ROOT, "32"): "short names have room for 32 characters in others",
    (ROOT, "1000000000"): "the module's own: more than there will be values",
    (ROOT, "2048"): "the module's own bound of an address of https",
    (ROOT, "2147483647"): "the largest number that S3's API takes",
    (ROOT, '"log-files", "self-watch"'): "the module's own topics",
    (ROOT, "^(blind|"): "the module's own alarms",
    (ROOT, "^(1 hour|"): "how often the module's own heartbeat is",
    (ROOT, "^https://"): "addresses that a topic or a state machine posts to",
    (ROOT, "^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$"): "buckets from before there were rules",
    (ROOT, "^[A-Za-z0-9!_.'()=@:,&+-]+"): "a prefix that needs no escapes in a policy",
    (ROOT, "(^|:)alias/aws/"): "keys of AWS's own",
    ("modules/deal/main.tf", "0, 13"): "a tree of twelve bits",
    ("modules/decoy/variables.tf", "7, 31"): "as in the root module",
    ("modules/decoy/variables.tf", "1000000000"): "as in the root module",
    ("modules/details/main.tf", "75"): "what the history of an execution has room for (search.tf)",
    ("modules/existing-topic/main.tf", "(^|:)alias/aws/sns$"): "keys of AWS's own",
    (f"{FAST}/message.tf", '"account", "bus"'): "the module's own rules",
    (f"{FAST}/message.tf", '"what", "who"'): "fields of the module's own message",
    (f"{REALTIME}/message.tf", '"parameters", "reader"'): "fields of the module's own message",
    (f"{WATCH}/definition.tf", ":(user/|root$)"): "kinds of principals",
    (f"{WATCH}/definition.tf", ":role/"): "kinds of principals",
    (f"{WATCH}/pattern.tf", '"no", "exactly"'): "the module's own words",
    (f"{WATCH}/variables.tf", "60"): "a filter's metric has one value a minute",
    (f"{WATCH}/variables.tf", "10000"): "reads a second that Secrets Manager answers",
    (f"{WATCH}/variables.tf", '"any", "denied", "success"'): "the module's own outcomes",
    (f"{WATCH}/variables.tf", ":assumed-role/"): "kinds of principals",
}
"""Limits and forms that no tool asks about, by file and how they begin, each with what it is."""
