"""Filter patterns as SQL for Athena: which events of a CloudTrail table can a pattern match.

A query never loses an event that a pattern matches; whether it finds others as well depends on the pattern,
and the pattern itself decides on what comes back. So the answer is that of `secretwatch.filterpattern`,
whatever the SQL can say.

    table = from_catalogue("default", "cloudtrail_logs", columns, partition_keys, parameters)
    for query in queries(table, patterns, begin, end):
        ...                                              # run text(query)
        found = event(table.fields, row)                 # and each row back as an event

Pure: no AWS, no file, no clock. Asking Athena stands in `secretwatch.pipeline.athena`. Needs sqlglot
(`pip install 'secretwatch[athena]'`). The page for users is docs/athena.md.
"""

from secretwatch.athena.errors import Unanswerable, Unusable
from secretwatch.athena.query import FILE, LONGEST, Pattern, header, is_exact, queries, text
from secretwatch.athena.rows import event
from secretwatch.athena.table import Files, Table, defined, definition, from_catalogue
from secretwatch.athena.where import check_selector, where

__all__ = [
    "FILE",
    "LONGEST",
    "Files",
    "Pattern",
    "Table",
    "Unanswerable",
    "Unusable",
    "check_selector",
    "defined",
    "definition",
    "event",
    "from_catalogue",
    "header",
    "is_exact",
    "queries",
    "text",
    "where",
]
