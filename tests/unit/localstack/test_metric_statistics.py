"""What GetMetricStatistics answers while values come in: whole datapoints, of one moment."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from localstack.aws.api import RequestContext
from localstack.services.cloudwatch.cloudwatch_database_helper import CloudwatchDatabase

from secretwatch.localstack.cloudwatch.provider import AlarmingCloudwatchProvider

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BASIC = ["SampleCount", "Sum", "Average", "Minimum", "Maximum"]
ONE = {"Value": 1.0}
SET = {"StatisticValues": {"SampleCount": 2.0, "Sum": 2.0, "Minimum": 1.0, "Maximum": 1.0}}


class Store:
    """A provider, and one metric in its store."""

    def __init__(self, provider: AlarmingCloudwatchProvider) -> None:
        self.provider, self.namespace = provider, str(uuid.uuid4())
        self.context = RequestContext(None)
        self.context.account_id, self.context.region = "123456789012", "us-east-1"

    def put(self, value: dict[str, Any], unit: str | None = None, **metric: Any) -> None:
        datum = {"MetricName": "m", "Timestamp": AT, **value, **metric}
        if unit:
            datum["Unit"] = unit
        self.provider.cloudwatch_database.add_metric_data(
            "123456789012", "us-east-1", self.namespace, [datum]
        )

    def get(self, *statistics: str, **asked: Any) -> list[dict[str, Any]]:
        answer = self.provider.get_metric_statistics(
            self.context,
            namespace=self.namespace,
            metric_name="m",
            start_time=AT - timedelta(minutes=5),
            end_time=AT + timedelta(minutes=5),
            period=60,
            statistics=list(statistics) or None,
            **asked,
        )
        return [
            {name: value for name, value in each.items() if value is not None}
            for each in answer["Datapoints"]
        ]


class BusyLock:
    """The store's lock, after whose n-th release somebody else puts a value."""

    def __init__(self, release: int, put: Callable[[], None]) -> None:
        self._release, self._put = release, put
        self._depth = self._releases = 0

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._releases += 1
            if self._releases == self._release:
                self._put()


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlarmingCloudwatchProvider]:
    folder = tmp_path_factory.mktemp("metrics") / "cloudwatch"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CloudwatchDatabase, "CLOUDWATCH_DATA_ROOT", str(folder))
        patch.setattr(CloudwatchDatabase, "METRICS_DB", f"{folder}/metrics.db")
        patch.setattr(CloudwatchDatabase, "METRICS_DB_READ_ONLY", f"file:{folder}/metrics.db?mode=ro")
        yield AlarmingCloudwatchProvider(lambda *_: None)


@pytest.fixture
def store(provider: AlarmingCloudwatchProvider) -> Store:
    return Store(provider)


@pytest.mark.parametrize("unit", [None, "Count"])
@pytest.mark.parametrize("coming", [ONE, SET], ids=["value", "statistic set"])
@pytest.mark.parametrize("there", [None, ONE, SET], ids=["nothing", "value", "statistic set"])
@pytest.mark.parametrize("release", range(1, 7))
def test_a_value_that_comes_meanwhile_is_in_every_statistic_or_in_none(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    release: int,
    there: dict[str, Any] | None,
    coming: dict[str, Any],
    unit: str | None,
) -> None:
    if there:
        store.put(there, unit)
    lock = BusyLock(release, lambda: store.put(coming, unit))
    monkeypatch.setattr(store.provider.cloudwatch_database, "DATABASE_LOCK", lock)
    for each in store.get(*BASIC):
        assert {"Timestamp", "Unit", *BASIC} == set(each)
        assert each["Sum"] == each["SampleCount"]
        assert each["Average"] == each["Minimum"] == each["Maximum"] == 1.0


def test_writers_wait_for_the_reader(store: Store) -> None:
    lock = store.provider.cloudwatch_database.DATABASE_LOCK
    writer = threading.Thread(target=store.put, args=(ONE,))
    with lock:
        writer.start()
        assert store.get(*BASIC) == []
    writer.join()
    assert [each["Sum"] for each in store.get(*BASIC)] == [1.0]


def test_no_unit_is_the_unit_none(store: Store) -> None:
    store.put(ONE)
    store.put(ONE, "None")
    store.put(ONE, "Count")
    found = {each["Unit"]: each["Sum"] for each in store.get("Sum")}
    assert found == {"None": 2.0, "Count": 1.0}
    assert [each["Sum"] for each in store.get("Sum", unit="None")] == [2.0]


def test_a_metric_is_found_by_all_its_dimensions(store: Store) -> None:
    def dimensions(**pairs: str) -> list[dict[str, str]]:
        return [{"Name": name, "Value": value} for name, value in pairs.items()]

    published = [
        {},
        {"a": "b"},
        {"a": "B"},
        {"A": "b"},
        {"a": "bc"},
        {"a": "b", "c": "d"},
        {"a": "%"},
        {"a": "_"},
        {"a": "b=c"},
        {"a=b": "c"},
        {"a": "b\tc=d"},
        {"xa": "b"},
    ]
    for power, each in enumerate(published):
        store.put({"Value": 2.0**power}, Dimensions=dimensions(**each))
    for power, each in enumerate(published):
        for order in (dimensions(**each), dimensions(**each)[::-1]):
            assert [found["Sum"] for found in store.get("Sum", dimensions=order)] == [2.0**power]
    for unpublished in ({"c": "d"}, {"a": "c"}, {"a": "b", "c": "D"}, {"a": ""}):
        assert store.get("Sum", dimensions=dimensions(**unpublished)) == []


def test_datapoints_stand_at_whole_minutes(store: Store) -> None:
    at = datetime.now(UTC).replace(second=30, microsecond=0) - timedelta(minutes=2)
    store.put(ONE, Timestamp=at)
    answer = store.provider.get_metric_statistics(
        store.context,
        namespace=store.namespace,
        metric_name="m",
        start_time=at - timedelta(seconds=13),
        end_time=at + timedelta(minutes=1),
        period=60,
        statistics=["Sum"],
    )
    assert [each["Timestamp"] for each in answer["Datapoints"]] == [at.replace(second=0)]
