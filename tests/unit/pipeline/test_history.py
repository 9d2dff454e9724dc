from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_cloud import BEGIN, FACTS, NEVER, refused

from secretwatch.pipeline import history
from secretwatch.pipeline.probes.probe import ALARM, LOG_EVENT, LOG_FILE
from secretwatch.pipeline.watch import Watch

WATCH = Watch.from_outputs({"watch": FACTS})


def test_a_run_is_kept_with_its_seconds(cloud, smoke, tmp_path: Path) -> None:
    report = smoke(count=2).run()
    file = tmp_path / "a" / "b" / "smoke.jsonl"
    history.append(file, history.line(report, WATCH, local=False))
    history.append(file, history.line(report, WATCH, local=False))
    one, two = history.load(file)
    assert one == two
    assert (one["watch"], one["result"], one["count"], one["time"]) == ("watch", "pass", 2, BEGIN.isoformat())
    assert one["hops"][ALARM] == round(report.hop(ALARM).seconds, 3)


def test_what_was_not_seen_is_kept_as_such_and_what_was_not_looked_at_is_not(cloud, smoke) -> None:
    cloud.alarm = NEVER
    entry = history.line(smoke({"bucket_name": None}, timeout=20).run(), WATCH, local=True)
    assert (entry["result"], entry["hops"][ALARM]) == ("fail", None)
    assert entry["hops"][LOG_EVENT] is not None
    assert LOG_FILE not in entry["hops"]


def test_a_hop_that_failed_took_no_time(cloud, smoke) -> None:
    cloud.errors["list_objects_v2"] = refused("ListObjectsV2", "NoSuchBucket", "gone", 404)
    assert history.line(smoke().run(), WATCH, local=False)["hops"][LOG_FILE] is None


def test_a_run_that_read_nothing_is_not_kept(cloud, smoke) -> None:
    assert history.line(smoke(secret="Other").run(), WATCH, local=False) is None


def test_lines_that_are_no_runs_are_left_out(cloud, smoke, tmp_path: Path) -> None:
    file = tmp_path / "smoke.jsonl"
    entry = history.line(smoke().run(), WATCH, local=False)
    file.write_text("\n".join([json.dumps(entry)[:30], "[]", '{"hops": 1}', json.dumps(entry)]))
    assert history.load(file) == [entry]


@pytest.mark.parametrize(
    ("environ", "file"),
    [
        ({}, "/home/somebody/.local/state/secretwatch/smoke.jsonl"),
        ({"XDG_STATE_HOME": "/state"}, "/state/secretwatch/smoke.jsonl"),
    ],
)
def test_where_it_is(environ: dict[str, str], file: str) -> None:
    assert history.default_file(environ, Path("/home/somebody")) == Path(file)
