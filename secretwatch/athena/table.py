"""A CloudTrail table: its definition with partition projection, and what the data catalogue says of one.

https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html
https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlglot import exp

from secretwatch import partition
from secretwatch.athena.errors import Unusable
from secretwatch.athena.fields import FIELDS, Field, declared
from secretwatch.forms import ACCOUNT_ID, BUCKET_NAME, ORGANIZATION_ID

_NAME = re.compile(r"[a-z0-9_]{1,255}")
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()/=+@:-]*")
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_DAY = "%Y/%m/%d"
_RELATIVE = re.compile(r"NOW(?:-([0-9]{1,4})(YEAR|MONTH|WEEK|DAY)S?)?")
_UNITS = {"YEAR": 365, "MONTH": 28, "WEEK": 7, "DAY": 1}
"""Days, rather too few than too many."""

_LATE = timedelta(days=1)
"""A log file lies in the folder of the day on which it was delivered, and may be late."""


@dataclass(frozen=True)
class Table:
    """A table that can be asked.

    fields: what it holds. day: the partition key that is a log file's day (`2026/01/31`); None where there
    is none, and a query scans everything. keys: the values of the other partition keys. location: the
    template of a partition's place, or the table's.
    """

    database: str
    name: str
    fields: tuple[Field, ...] = FIELDS
    day: str | None = "day"
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    location: str = ""
    since: date | None = None
    until: date | None = None
    """The days that are projected: of others a query finds nothing, and says nothing."""

    def check(self, begin: datetime, end: datetime) -> None:
        """Raises Unusable unless the table can be named, and has the days of this time."""
        for name in (self.database, self.name):
            if not name or not name.isprintable():
                raise Unusable(f"{name!r} is no name of a database or a table.")
        first, last = begin.astimezone(UTC).date(), end.astimezone(UTC).date()
        if self.since and first < self.since:
            raise Unusable(
                f"{self.database}.{self.name} begins on {self.since}, and says nothing of {first}: "
                f"ask from {self.since} on, or define the table anew from an earlier day."
            )
        if self.until and last > self.until:
            raise Unusable(
                f"{self.database}.{self.name} ends on {self.until}, and says nothing of {last}: "
                "end its projection.*.range with NOW."
            )

    def days(self, begin: datetime, end: datetime) -> list[exp.Expression]:
        """Narrowed to the days of log files that can hold events of this time."""
        if self.day is None:
            return []
        first, last = (exp.Literal.string(_day(at)) for at in (begin, end + _LATE))
        return [exp.Between(this=exp.column(self.day, quoted=True), low=first, high=last)]

    def folders(self, begin: datetime, end: datetime) -> list[tuple[str, str, str, str]]:
        """Where the files of this time lie: bucket, prefix, and the first and last key's beginnings.

        A listing of the prefix from the first to the last gives all files that a query scans. Raises Unusable
        where the table does not say where they are.
        """
        bucket, _, path = self.location.removeprefix("s3://").partition("/")
        if not self.location.startswith("s3://") or not bucket:
            raise Unusable("The table does not say where its files are.")
        paths = [path]
        for key in dict.fromkeys(_PLACEHOLDER.findall(path)):
            if key == self.day:
                continue
            values = self.keys.get(key)
            if not values:
                raise Unusable(f"The table does not say which values its partition key {key} has.")
            paths = [each.replace(f"${{{key}}}", value) for each in paths for value in values]
        found = []
        for each in paths:
            before, day, _ = each.partition(f"${{{self.day}}}")
            prefix = before if day else before.rstrip("/") + "/"
            bounds = [prefix + _day(at) for at in (begin, end + _LATE)] if day else ["", ""]
            found.append((bucket, prefix, bounds[0], bounds[1]))
        return found


def _day(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_DAY)


def from_catalogue(
    database: str,
    name: str,
    columns: Mapping[str, str],
    partition_keys: Sequence[str],
    parameters: Mapping[str, str],
    *,
    now: datetime,
    location: str = "",
) -> Table:
    """The table as the data catalogue says it is. Raises Unusable.

    columns: type by name; parameters: the table's, which hold what is projected.
    now: what its ranges are relative to.
    """
    fields = declared(columns)
    held = {each.name for each in fields}
    if missing := [each for each in ("eventTime", "eventSource", "eventName", "eventID") if each not in held]:
        raise Unusable(
            f"{database}.{name} is no table of CloudTrail's events: it has no column {missing[0].lower()} "
            "of type string."
        )
    projected = parameters.get("projection.enabled", "").lower() == "true"
    day: str | None = None
    since = until = None
    keys: dict[str, tuple[str, ...]] = {}
    for key in partition_keys:
        kind = parameters.get(f"projection.{key}.type", "").lower() if projected else ""
        if kind == "date" and parameters.get(f"projection.{key}.format") == "yyyy/MM/dd":
            day = key
            start, _, stop = parameters.get(f"projection.{key}.range", "").partition(",")
            since, until = _projected(start, now), _projected(stop, now)
            until = None if stop.strip().startswith("NOW") else until
        elif kind == "enum":
            values = parameters.get(f"projection.{key}.values", "").split(",")
            keys[key] = tuple(value.strip() for value in values if value.strip())
        elif kind == "injected":
            raise Unusable(
                f"{database}.{name} wants the values of its partition key {key} in each query "
                "(projection type injected): list them in the table, as --print-sql shows."
            )
    template = parameters.get("storage.location.template", "") if projected else ""
    return Table(database, name, fields, day, keys, template or location, since, until)


def _projected(text: str, now: datetime) -> date | None:
    """A bound of a projected range: 2026/01/31, NOW or NOW-3YEARS."""
    text = text.strip()
    if found := _RELATIVE.fullmatch(text):
        return (now - timedelta(days=int(found[1] or 0) * _UNITS.get(found[2] or "", 0))).date()
    try:
        return datetime.strptime(text, _DAY).date()
    except ValueError:
        return None


@dataclass(frozen=True)
class Files:
    """Where a trail's log files lie, and of whom. since: the first day."""

    bucket: str
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    since: date
    prefix: str = ""
    organization: str | None = None

    def __post_init__(self) -> None:
        given = [
            (BUCKET_NAME, "bucket", self.bucket),
            *((ACCOUNT_ID, "account", each) for each in self.accounts),
            (ORGANIZATION_ID, "organisation", self.organization or "o-0000000000"),
            (_PREFIX, "prefix that a table can be defined on", self.prefix),
        ]
        for form, what, value in given:
            if not form.fullmatch(value):
                raise Unusable(f"{value!r} is no {what}.")
        if wrong := next((each for each in self.regions if not partition.is_region(each)), None):
            raise Unusable(f"{wrong!r} is no region.")
        if not self.accounts or not self.regions:
            raise Unusable("A table needs an account and a region at least.")

    @property
    def location(self) -> str:
        """The folder that all files lie in."""
        parts = (self.bucket, self.prefix.strip("/"), "AWSLogs", self.organization or "")
        return "s3://" + "/".join(part for part in parts if part) + "/"


def defined(database: str, name: str, files: Files) -> Table:
    """The table that `definition` defines."""
    return Table(
        database,
        name,
        day="day",
        keys={"account": files.accounts, "region": files.regions},
        location=files.location + "${account}/CloudTrail/${region}/${day}",
        since=files.since,
    )


def definition(database: str, name: str, files: Files) -> exp.Create:
    """CREATE EXTERNAL TABLE, for Athena. Raises Unusable for names that it does not take."""
    for what, value in (("database", database), ("table", name)):
        if not _NAME.fullmatch(value):
            raise Unusable(
                f"{value!r} is no name of a {what}: small letters, digits and _ make one, 255 at most."
            )
    keys = ("account", "region", "day")
    properties = {
        "projection.enabled": "true",
        "projection.account.type": "enum",
        "projection.account.values": ",".join(files.accounts),
        "projection.region.type": "enum",
        "projection.region.values": ",".join(files.regions),
        "projection.day.type": "date",
        "projection.day.format": "yyyy/MM/dd",
        "projection.day.range": f"{files.since.strftime(_DAY)},NOW",
        "projection.day.interval": "1",
        "projection.day.interval.unit": "DAYS",
        "storage.location.template": defined(database, name, files).location,
    }
    text = exp.DataType.build("string", dialect="hive")
    return exp.Create(
        kind="TABLE",
        this=exp.Schema(
            this=exp.table_(name, db=database, quoted=True),
            expressions=[
                exp.ColumnDef(this=exp.to_identifier(each.column, quoted=True), kind=each.hive_type)
                for each in FIELDS
            ],
        ),
        properties=exp.Properties(
            expressions=[
                exp.ExternalProperty(),
                exp.PartitionedByProperty(
                    this=exp.Schema(
                        expressions=[
                            exp.ColumnDef(this=exp.to_identifier(key, quoted=True), kind=text.copy())
                            for key in keys
                        ]
                    )
                ),
                exp.RowFormatSerdeProperty(
                    this=exp.Literal.string("org.apache.hive.hcatalog.data.JsonSerDe")
                ),
                exp.FileFormatProperty(
                    this=exp.InputOutputFormat(
                        input_format=exp.Literal.string("com.amazon.emr.cloudtrail.CloudTrailInputFormat"),
                        output_format=exp.Literal.string(
                            "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
                        ),
                    ),
                    hive_format=True,
                ),
                exp.LocationProperty(this=exp.Literal.string(files.location)),
                *(
                    exp.Property(this=exp.Literal.string(key), value=exp.Literal.string(value))
                    for key, value in properties.items()
                ),
            ]
        ),
    )
