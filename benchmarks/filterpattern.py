"""How fast filter patterns match, here and beside other Python implementations, on the same input in one run.

    python benchmarks/filterpattern.py [--seconds 0.5] [--json]

moto is measured where it is installed, ministack where it can be imported (it wants a botocore of its own:
put an unpacked copy on PYTHONPATH). Neither reads JSON patterns: both answer yes to every message. They are
timed for what they do, and `right` says how many of the answers on the three messages are as AWS's page has
them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from statistics import median

from secretwatch.filterpattern import FilterPattern

READ = {
    "eventVersion": "1.11",
    "userIdentity": {
        "type": "AssumedRole",
        "arn": "arn:aws:sts::111122223333:assumed-role/app/session",
        "accountId": "111122223333",
        "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/app", "type": "Role"}},
    },
    "eventTime": "2026-01-17T17:02:11Z",
    "eventSource": "secretsmanager.amazonaws.com",
    "eventName": "GetSecretValue",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "192.0.2.10",
    "userAgent": "Boto3/1.34",
    "requestParameters": {"secretId": "prod/database"},
    "responseElements": None,
    "readOnly": True,
    "eventType": "AwsApiCall",
    "managementEvent": True,
    "eventCategory": "Management",
}
OTHER_SECRET = {**READ, "requestParameters": {"secretId": "dev/database"}}
OTHER_CALL = {**READ, "eventName": "DescribeSecret"}
EVENTS = [READ, OTHER_SECRET, OTHER_CALL]
MESSAGES = [json.dumps(event, separators=(",", ":")) for event in EVENTS]
ACCESS_LOG = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'

THREE_CONDITIONS = (
    '{ $.eventSource = "secretsmanager.amazonaws.com" && $.eventName = "GetSecretValue"'
    ' && $.requestParameters.secretId = "prod/*" }'
)
TERMS = "GetSecretValue database -DescribeSecret"

Matcher = Callable[[str], bool]


def rate(call: Callable[[], object], seconds: float) -> float:
    """Calls a second: the median of five rounds."""
    number = 1
    while True:
        started = time.perf_counter()
        for _ in range(number):
            call()
        taken = time.perf_counter() - started
        if taken >= seconds / 20:
            break
        number *= 4
    rounds = max(1, int(number * (seconds / 5) / taken))
    rates = []
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(rounds):
            call()
        rates.append(rounds / (time.perf_counter() - started))
    return median(rates)


def others() -> dict[str, Callable[[str], Matcher]]:
    """The other implementations that can be imported: from a pattern to a matcher."""
    found: dict[str, Callable[[str], Matcher]] = {}
    try:
        from moto.logs.utils import EventMessageFilter

        found["moto"] = lambda pattern: EventMessageFilter(pattern).matches
    except ImportError:
        pass
    try:
        from ministack.services.cloudwatch_logs import _compile_filter_pattern

        found["ministack"] = _compile_filter_pattern
    except ImportError:
        pass
    return found


def alone(seconds: float) -> list[dict[str, object]]:
    parsed = FilterPattern.parse(THREE_CONDITIONS).matches_event
    text = FilterPattern.parse(THREE_CONDITIONS).matches
    fields = FilterPattern.parse("[..., request = *.html*, status = 4*, size > 1000]").matches
    regex = FilterPattern.parse(r"%role/[a-z]+.*Boto3/[0-9]+\.[0-9]+%").matches
    cases: list[tuple[str, Callable[[], object]]] = [
        ("JSON, 3 conditions, parsed event, all hold", lambda: parsed(READ)),
        ("JSON, 3 conditions, parsed event, first two hold", lambda: parsed(OTHER_SECRET)),
        ("JSON, 3 conditions, message text", lambda: text(MESSAGES[0])),
        ("space-delimited, 3 conditions", lambda: fields(ACCESS_LOG)),
        ("regular expression", lambda: regex(MESSAGES[0])),
        ("parse and compile", lambda: FilterPattern.parse(THREE_CONDITIONS)),
    ]
    return [{"case": name, "per_second": round(rate(call, seconds))} for name, call in cases]


def beside(seconds: float) -> list[dict[str, object]]:
    """Every implementation on the same three messages, ratios to ours."""
    makers: dict[str, Callable[[str], Matcher]] = {
        "secretwatch": lambda pattern: FilterPattern.parse(pattern).matches,
        **others(),
    }
    rows: list[dict[str, object]] = []
    for kind, pattern, right in (
        ("terms", TERMS, [True, True, False]),
        ("JSON, 3 conditions", THREE_CONDITIONS, [True, False, False]),
    ):
        ours = 0.0
        for name, maker in makers.items():
            matcher = maker(pattern)
            answers = [bool(matcher(message)) for message in MESSAGES]

            def call(matcher: Matcher = matcher) -> None:
                for message in MESSAGES:
                    matcher(message)

            speed = rate(call, seconds) * len(MESSAGES)
            ours = ours or speed
            correct = sum(answer is wanted for answer, wanted in zip(answers, right, strict=True))
            rows.append(
                {
                    "pattern": kind,
                    "implementation": name,
                    "per_second": round(speed),
                    "ratio": round(speed / ours, 2),
                    "right": f"{correct} of {len(right)}",
                }
            )
    return rows


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=0.5, help="time spent on each figure")
    options.add_argument("--json", action="store_true", help="print JSON")
    arguments = options.parse_args()
    result = {"alone": alone(arguments.seconds), "beside": beside(arguments.seconds)}
    if arguments.json:
        print(json.dumps(result, indent=2))
        return
    for row in result["alone"]:
        print(f"{row['case']:<50} {row['per_second']:>12,} /s")
    print()
    for row in result["beside"]:
        print(
            f"{row['pattern']:<20} {row['implementation']:<12} {row['per_second']:>12,} /s   "
            f"x {row['ratio']:<8} right {row['right']}"
        )
    missing = {"moto", "ministack"} - others().keys()
    for name in sorted(missing):
        print(f"{name} is not installed here and was not measured")


if __name__ == "__main__":
    main()
