"""What can silence a watch, and who hears of it.

Here: the table of every write call, judged (`table`), what is a write call (`actions`), which calls silence
together (`model`), and all of it as a page (`page`). Not here: the rules and filters that hear of them, which
are the module's (modules/self-watch, modules/fast-self-watch) and are tested against this. Pure.
"""

from secretwatch.silencing.table import ROWS, Row, Verdict

__all__ = ["ROWS", "Row", "Verdict"]
