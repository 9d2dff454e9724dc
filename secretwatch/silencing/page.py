"""The table and the model as Markdown, for docs/self-watch.md."""

from __future__ import annotations

from collections.abc import Iterable

from secretwatch.silencing.model import MOVES, Move, unheard
from secretwatch.silencing.table import ROWS, Row, Verdict

__all__ = ["counts", "pairs", "table"]


def counts() -> str:
    """How many actions are judged, and how."""
    judged = {verdict: [row for row in ROWS if row.verdict is verdict] for verdict in Verdict}
    silences = judged[Verdict.SILENCES]

    def actions(rows: Iterable[Row]) -> int:
        return len({(row.service, action) for row in rows for action in row.actions})

    return "\n".join(
        [
            "| write actions | |",
            "| --- | --- |",
            f"| judged | {actions(ROWS)} |",
            f"| of these silence | {actions(silences)} |",
            f"| … matched by the fast way's rules | {actions(row for row in silences if row.fast)} |",
            f"| … by the slow way's filters | {actions(row for row in silences if row.slow)} |",
            f"| degrade | {actions(judged[Verdict.DEGRADES])} |",
            f"| … matched | {actions(row for row in judged[Verdict.DEGRADES] if row.fast or row.slow)} |",
            f"| harmless | {actions(judged[Verdict.HARMLESS])} |",
        ]
    )


def table() -> str:
    """All rows, those that silence first."""
    parts = []
    for verdict, title in (
        (Verdict.SILENCES, "Silences"),
        (Verdict.DEGRADES, "Degrades"),
        (Verdict.HARMLESS, "Harmless"),
    ):
        lines = [
            f"### {title}",
            "",
            "| part | calls | what comes of them | matched by |",
            "| --- | --- | --- | --- |",
        ]
        for row in (row for row in ROWS if row.verdict is verdict):
            heard = ", ".join(way for way, hears in (("fast", row.fast), ("slow", row.slow)) if hears)
            calls = ", ".join(f"`{action}`" for action in row.actions)
            lines.append(f"| {row.part or '–'} | {row.service}: {calls} | {row.why} | {heard or '–'} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def pairs() -> str:
    """What still silences both ways: single calls, and pairs by what they take."""
    alone = unheard(1, witness=False)
    both = unheard(2, witness=False)
    fast = [move for move in MOVES if any(thing.startswith("fast") for thing in move.takes)]
    slow = [move for move in MOVES if any({move} | {each} == set(pair) for pair in both for each in fast)]
    slow = [move for move in slow if move not in fast]
    assert len(both) == len(fast) * len(slow)

    def listed(moves: Iterable[Move]) -> list[str]:
        return [f"| {move.part} | {move.calls} |" for move in moves]

    head = ["| part | calls |", "| --- | --- |"]
    with_witness = [len(unheard(calls, witness=True)) for calls in (1, 2, 3)]
    return "\n".join(
        [
            f"Single calls of which nobody is told, but by the silence that follows ({len(alone)}):",
            "",
            *head,
            *listed(move for moves in alone for move in moves),
            "",
            f"Pairs ({len(both)}): one of these, which take the fast way,",
            "",
            *head,
            *listed(fast),
            "",
            "together with one of these, which take the slow way:",
            "",
            *head,
            *listed(slow),
            "",
            f"With a witness: {with_witness[0]} single (the same), {with_witness[1]} pairs, and"
            f" {with_witness[2]} sets of three calls.",
        ]
    )
