"""From files to the result: what was counted by hand, however the history lies there."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import random
from pathlib import Path
from typing import Any

import pytest
from history import PATTERN, name, other, read, subject, write
from hypothesis import given, settings
from hypothesis import strategies as st

from secretwatch.backtest.bill import bill
from secretwatch.backtest.delay import QUANTILES, Delay, arrival_of_name, seconds
from secretwatch.backtest.limit import InvalidLimit, Limit
from secretwatch.backtest.result import Result
from secretwatch.backtest.subject import Rule, Subject
from secretwatch.pipeline.backtest import scan as scanning
from secretwatch.pipeline.backtest.run import backtest
from secretwatch.pipeline.backtest.scan import Setting, scan
from secretwatch.pipeline.backtest.sources import arrival, items
from secretwatch.pipeline.backtest.store import OtherRun, Store

OPS = "arn:aws:sns:eu-central-1:111122223333:ops"
FAST = "arn:aws:sns:eu-central-1:111122223333:fast"
RULE = Rule(
    "fast",
    '{"source": ["aws.secretsmanager"], "detail": {"eventName": ["GetSecretValue"]}}',
    state="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
    topics=(FAST,),
    region="eu-central-1",
)


def run(*where: Path, tested: Subject | None = None, workers: int = 1, **more: Any) -> Result:
    subjects = (tested or subject(),)
    store = Store()
    setting = Setting(subjects, skip=more.pop("skip", True), every=more.get("with_bill", False))
    tally = scan(items(tuple(map(str, where))), store, setting, workers)
    try:
        return backtest(subjects, store, tally, **more)
    finally:
        store.close()


def answers(result: Result) -> Any:
    """What must not hang on how it was read."""
    found = result.as_dict()
    del found["read"], found["files"], found["duplicates"]
    return found


def alarms(result: Result) -> list[tuple[str, str | None, list[str]]]:
    (found,) = result.as_dict()["subjects"][0]["watches"][0]["alarms"]
    return [(r["at"][11:16], r["until"][11:16], [e["event_id"] for e in r["events"]]) for r in found["rings"]]


def test_the_alarms_of_a_day_worked_out_by_hand(tmp_path: Path) -> None:
    # Arrives 10:05, is seen at 10:06, and gone from the seven windows that are looked at by 10:13.
    write(
        tmp_path, "2026-03-01T10:05", [other("o1", "2026-03-01T10:01:00Z"), read("a", "2026-03-01T10:01:30Z")]
    )
    # In ALARM already; it holds the alarm until 10:17. Unsorted, and one of them for the second time.
    write(
        tmp_path,
        "2026-03-01T10:09",
        [
            read("c", "2026-03-01T10:06:59Z"),
            read("b", "2026-03-01T10:05:00Z"),
            read("a", "2026-03-01T10:01:30Z"),
        ],
        "1123456789abcdef",
    )
    # Hours late.
    write(tmp_path, "2026-03-01T23:59", [read("d", "2026-03-01T12:00:00Z")], "2123456789abcdef")
    found = run(tmp_path)
    assert alarms(found) == [
        ("10:06", "10:17", ["a"]),
        ("00:00", "00:07", ["d"]),
    ]
    watch = found.subjects[0].watches[0]
    assert watch.alarms[0].fates == {"rang": 2, "already in ALARM": 2}
    assert (watch.reads, found.duplicates, found.hits) == (4, 1, 4)
    assert watch.channels["alarm"].days == {"2026-03-01": 1, "2026-03-02": 1}
    assert watch.reads_by_day == {"2026-03-01": 4}
    # With the time of the call: a rings from 10:06 to 10:09, as 10:01 is looked at until then; b and c ring
    # anew at 10:10; d is in a window that nobody looks at any more.
    assert watch.alarms[0].at_call == {"rings": 2, "missed": 1}


def test_days_are_those_of_the_zone_also_where_the_clock_changes(tmp_path: Path) -> None:
    # In Berlin the 29th of March 2026 has 23 hours: 00:30 there is 23:30 UTC of the 28th, its end 22:00 UTC.
    times = ["2026-03-28T22:30:00Z", "2026-03-28T23:30:00Z", "2026-03-29T00:59:59Z", "2026-03-29T21:59:59Z"]
    times += ["2026-03-29T22:00:00Z"]
    write(tmp_path, "2026-03-30T00:00", [read(f"e{n}", time) for n, time in enumerate(times)])
    days = run(tmp_path, zone="Europe/Berlin").subjects[0].watches[0].reads_by_day
    assert days == {"2026-03-28": 1, "2026-03-29": 3, "2026-03-30": 1}
    days = run(tmp_path, zone="UTC").subjects[0].watches[0].reads_by_day
    assert days == {"2026-03-28": 2, "2026-03-29": 3}


def test_each_message_is_counted_by_its_channel_and_topic(tmp_path: Path) -> None:
    tested = subject(rules=[RULE], trail_topics=("files",))
    write(
        tmp_path, "2026-03-01T10:05", [read("a", "2026-03-01T10:01:30Z"), read("b", "2026-03-01T10:02:00Z")]
    )
    write(tmp_path, "2026-03-01T10:30", [other("o", "2026-03-01T10:25:00Z")], "1123456789abcdef")
    write(
        tmp_path,
        "2026-03-01T10:40",
        # A rule sees its own region alone; a log group gets all.
        [read("c", "2026-03-01T10:35:00Z", awsRegion="us-east-1")],
        "2123456789abcdef",
    )
    watch = run(tmp_path, tested=tested).subjects[0].watches[0]
    assert {name: each.total for name, each in watch.channels.items()} == {
        "alarm": 2,
        "realtime": 2,
        "trail": 3,
    }
    assert {name: each.total for name, each in watch.topics.items()} == {OPS: 2, FAST: 2, "files": 3}
    assert (watch.reads, watch.top["reader"]) == (3, [("arn:aws:iam::111122223333:user/ada", 3)])


@pytest.mark.parametrize("state", ["ENABLED", "DISABLED"])
def test_a_rule_that_does_not_ask_for_reads_gets_none(tmp_path: Path, state: str) -> None:
    from dataclasses import replace

    write(tmp_path, "2026-03-01T10:05", [read("a", "2026-03-01T10:01:30Z")])
    tested = subject(rules=[replace(RULE, state=state)])
    assert "realtime" not in {
        name
        for name, each in run(tmp_path, tested=tested).subjects[0].watches[0].channels.items()
        if each.total
    }


def test_damage_is_named_counted_and_costs_nothing_else(tmp_path: Path) -> None:
    good = write(tmp_path, "2026-03-01T10:05", [read("a", "2026-03-01T10:01:30Z")])
    whole = gzip.decompress(good.read_bytes()).decode()
    text = whole.replace('"Records":[', '"Records":[' + json.dumps(read("b", "2026-03-01T10:02:00Z")) + ",")
    cut = gzip.compress(text.encode())[:-20]
    (tmp_path / name("2026-03-01T10:20", "1123456789abcdef")).write_bytes(cut)
    (tmp_path / "notes.txt").write_text("nothing of CloudTrail's\n")
    (tmp_path / "table.parquet").write_bytes(b"PAR1....")
    (tmp_path / "CloudTrail-Digest").mkdir()
    (tmp_path / "CloudTrail-Digest/x.json.gz").write_bytes(b"\x1f\x8b")
    found = run(tmp_path)
    assert (found.hits, found.files, found.damaged) == (2, 4, 2)
    told = {Path(file).suffix: why for file, why in found.broken}
    assert "cut off" in told[".gz"]
    assert "Parquet" in told[".parquet"]
    assert found.read["messages_that_are_no_events"] == 1


def test_the_same_log_file_in_two_folders_is_one(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, "2026-03-01T10:05", [read("a", "2026-03-01T10:01:30Z")])
    found = run(tmp_path, with_bill=True)
    assert (found.files, found.read["files_twice"], found.duplicates) == (1, 1, 0)
    assert found.bill is not None
    assert [(line.source, line.events) for line in found.bill.lines] == [("secretsmanager.amazonaws.com", 1)]


@settings(max_examples=25, deadline=None)
@given(
    events=st.lists(
        st.tuples(st.integers(0, 5000), st.integers(0, 2000), st.booleans()), min_size=1, max_size=25
    ),
    seed=st.integers(0, 99),
    named=st.booleans(),
)
def test_neither_order_nor_files_nor_skipping_decide(
    events: list[tuple[int, int, bool]], seed: int, named: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def moment(second: int) -> str:
        return f"2026-03-01T{10 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"

    made = [
        (
            read(f"id{n}", moment(at), userAgent=f"agent{n % 3}") if is_read else other(f"id{n}", moment(at)),
            late,
        )
        for n, (at, late, is_read) in enumerate(events)
    ]
    one = tmp_path_factory.mktemp("one")
    write(one, "2026-03-01T15:00", [event for event, _ in made])
    rng = random.Random(seed)
    many = tmp_path_factory.mktemp("many")
    shuffled = [event for event, _ in made] + [event for event, _ in rng.sample(made, len(made) // 2)]
    rng.shuffle(shuffled)
    for number, start in enumerate(range(0, len(shuffled), 4)):
        write(many, "2026-03-01T15:00", shuffled[start : start + 4], f"{number:016}")
    assert answers(run(one)) == answers(run(many)) == answers(run(many, skip=False))
    if named:
        return
    # Where nothing says when they came, delays are drawn of ids, and so alike.
    lines = tmp_path_factory.mktemp("lines") / "x.jsonl"
    lines.write_text("\n".join(json.dumps(event) for event in shuffled))
    array = tmp_path_factory.mktemp("array") / "x.json"
    array.write_text(json.dumps([event for event, _ in made], indent=1))
    assert answers(run(lines)) == answers(run(array, skip=False))


def test_two_processes_give_what_one_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_BATCH_FILES", 2)
    for number in range(9):
        write(
            tmp_path,
            f"2026-03-01T1{number}:05",
            [read(f"r{number}", f"2026-03-01T1{number}:01:00Z"), other(f"o{number}", "2026-03-01T10:01:00Z")],
            f"{number:016}",
        )
    assert run(tmp_path).as_dict() == run(tmp_path, workers=2).as_dict()


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(6):
        write(
            logs,
            f"2026-03-01T1{number}:05",
            [read(f"r{number}", f"2026-03-01T1{number}:01:00Z")],
            f"{number:016}",
        )
    monkeypatch.setattr(scanning, "_BATCH_FILES", 1)
    monkeypatch.setattr(scanning, "_COMMIT_EVERY", 1)
    subjects = (subject(),)
    file = tmp_path / "work"
    seen: list[str] = []

    def some() -> Any:
        for each in items((str(logs),)):
            seen.append(each.name)
            if len(seen) == 4:
                raise KeyboardInterrupt
            yield each

    store = Store(file, "one")
    with pytest.raises(KeyboardInterrupt):
        scan(some(), store, Setting(subjects), 1)
    store.close()
    with pytest.raises(OtherRun):
        Store(file, "another")
    store = Store(file, "one")
    assert 0 < sum(store.is_done(each.key) for each in items((str(logs),))) < 6
    tally = scan(items((str(logs), str(logs))), store, Setting(subjects), 1)
    assert (tally.files, tally.twice) == (6, 6)
    found = backtest(subjects, store, tally)
    store.close()
    assert answers(found) == answers(run(logs))


def test_no_process_is_left_by_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_BATCH_FILES", 1)
    for number in range(6):
        write(tmp_path, "2026-03-01T10:05", [read(f"r{number}", "2026-03-01T10:01:00Z")], f"{number:016}")

    def interrupted() -> Any:
        yield from items((str(tmp_path),))
        raise KeyboardInterrupt

    store = Store()
    with pytest.raises(KeyboardInterrupt):
        scan(interrupted(), store, Setting((subject(),)), 2)
    store.close()
    assert not multiprocessing.active_children()


def test_a_default_value_counts_where_events_came_and_none_matched(tmp_path: Path) -> None:
    from dataclasses import replace

    tested = subject(
        alarm={"ComparisonOperator": "LessThanThreshold", "Statistic": "Maximum", "EvaluationPeriods": 1}
    )
    (watch,) = tested.watches
    watch = replace(watch, filters=(replace(watch.filters[0], default_value=0.0),))
    tested = replace(tested, watches=(watch,))
    write(tmp_path, "2026-03-01T10:05", [other("a", "2026-03-01T10:04:30Z")])
    write(tmp_path, "2026-03-01T10:30", [read("b", "2026-03-01T10:29:30Z")], "1123456789abcdef")
    assert [at for at, _, _ in alarms(run(tmp_path, tested=tested))] == ["10:06"]


def test_what_the_trail_leaves_out_is_not_seen(tmp_path: Path) -> None:
    pattern = '{ $.eventName = "Decrypt" }'
    event = read("a", "2026-03-01T10:01:30Z", eventSource="kms.amazonaws.com", eventName="Decrypt")
    write(tmp_path, "2026-03-01T10:05", [event])
    assert run(tmp_path, tested=subject(pattern)).hits == 1
    assert run(tmp_path, tested=subject(pattern, excluded_sources=("kms.amazonaws.com",))).hits == 0


# The small ones


@pytest.mark.parametrize(
    ("text", "times", "broken"),
    [
        ("3/week", [0, 1, 2], None),
        ("3/week", [0, 1, 2, 3], (0, 3)),
        ("3/week", [0, 100_000, 200_000, 604_800], None),
        ("3/week", [0, 100_000, 200_000, 604_799], (0, 3)),
        ("0/day", [5], (0, 0)),
        ("1/hour", [0, 3599, 10_000, 10_001, 10_002], (2, 4)),
        ("1/month", [], None),
    ],
)
def test_a_limit_holds_in_any_period_of_its_length(text: str, times: list[float], broken: Any) -> None:
    assert Limit.parse(text).broken(times) == broken


@pytest.mark.parametrize(
    "text", ["", "3", "three/week", "3/year", "-1/day", "1.5/day", "3/week;", "9" * 20 + "/day"]
)
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(InvalidLimit):
        Limit.parse(text)


def test_who_broke_the_limit_is_told(tmp_path: Path) -> None:
    for number in range(3):
        event = read(f"r{number}", f"2026-03-01T1{number}:01:00Z", userIdentity={"arn": f"arn:{number % 2}"})
        write(tmp_path, f"2026-03-01T1{number}:05", [event], f"{number:016}")
    (found,) = run(tmp_path, limit=Limit.parse("2/day")).too_many
    assert (found.rings, found.readers) == (3, [("arn:0", 2), ("arn:1", 1)])
    assert not run(tmp_path, limit=Limit.parse("3/day")).too_many


def test_delays_are_the_measured_ones_and_hang_on_seed_and_id_alone() -> None:
    for share, wanted in QUANTILES:
        assert seconds(share) == pytest.approx(wanted)
    drawn = sorted(Delay().arrival(f"id-{n}", 1000) - 1000 for n in range(4000))
    assert abs(drawn[2000] - 191) < 12
    assert abs(drawn[3800] - 455) < 12
    assert drawn[0] > 0
    assert drawn[-1] <= 608
    assert Delay(1).arrival("a", 0) == Delay(1).arrival("a", 0) != Delay(2).arrival("a", 0)


def test_arrivals() -> None:
    assert arrival_of_name(f"AWSLogs/o-1/1/{name('2026-03-01T10:05')}") == 1_772_359_500
    assert (
        arrival_of_name("x.json") is arrival_of_name(name("2026-03-01T10:05").replace("T10", "T99")) is None
    )
    # An object's own time is exact, unless it was copied.
    assert arrival(name("2026-03-01T10:05"), 1_772_359_533) == 1_772_359_533
    assert arrival(name("2026-03-01T10:05"), 1_999_999_999) == 1_772_359_500
    assert arrival("copy.json", 1_999_999_999) is None


def test_the_bill_is_of_a_month() -> None:
    found = bill(
        {("s3", "events"): 3, ("s3", "bytes"): 10**9, ("kms", "bytes"): 2 * 10**9, ("kms", "events"): 1},
        86400.0,
    )
    assert [(line.source, line.gb, line.dollars) for line in found.lines] == [
        ("kms", 60, 30.0),
        ("s3", 30, 15.0),
    ]
    assert (found.gb, found.dollars) == (90, 45.0)


def test_a_pattern_is_what_is_counted_by_reading(tmp_path: Path) -> None:
    """Against the plainest reading there is, on events of all sorts."""
    rng = random.Random(5)
    sources = ["secretsmanager.amazonaws.com", "s3.amazonaws.com", "kms.amazonaws.com"]
    names = ["GetSecretValue", "BatchGetSecretValue", "ListSecrets", "Decrypt"]
    events = [
        read(
            f"e{n}",
            f"2026-03-01T10:{n % 60:02}:00Z",
            eventSource=rng.choice(sources),
            eventName=rng.choice(names),
        )
        for n in range(500)
    ]
    for number in range(10):
        write(tmp_path, "2026-03-01T11:00", events[number * 50 : number * 50 + 50], f"{number:016}")
    wanted = [
        each
        for each in events
        if each["eventSource"] == sources[0]
        and each["eventName"] in ("GetSecretValue", "BatchGetSecretValue")
    ]
    assert PATTERN
    assert run(tmp_path).hits == len(wanted) > 50
