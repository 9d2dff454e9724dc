"""What can silence a watch, and who hears of it.

Here: the table of every write call, judged (`table`), the list of all write calls there are (`actions`). Not
here: the rules and filters that hear of them, which are the module's (modules/self-watch,
modules/fast-self-watch) and are tested against this. Pure, but for reading its own list of actions.
"""

from secretwatch.silencing.table import ROWS, Row, Verdict

__all__ = ["ROWS", "Row", "Verdict"]
