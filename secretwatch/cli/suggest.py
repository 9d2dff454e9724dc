"""`secretwatch suggest`: exceptions for a watch that rings too often, ready to paste, with what they risk."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from secretwatch.cli import backtest_inputs, exits
from secretwatch.cli.console import plain, teller, visible_json, visible_line
from secretwatch.cli.installed import needs

if TYPE_CHECKING:
    from secretwatch.backtest.suggest import Suggestion, Trial, Usage
    from secretwatch.pipeline.backtest.scan import Tally
    from secretwatch.pipeline.backtest.suggest import ForWatch

_OTHERS = 8
_STRANGE = 5


@click.command(
    epilog=exits.table(
        done="the limit holds, or holds with the suggested exceptions",
        failed="no safe exceptions keep the limit, or they do not keep it in the last fifth",
        usage="wrong usage, or nothing to test or to read",
        unknown="no answer: AWS could not be asked, or an alarm is of a kind that is not evaluated",
    )
)
@click.argument("plans", metavar="[PLAN|DIR]...", nargs=-1)
@click.option("--logs", "where", metavar="WHERE", multiple=True, required=True, help="As for backtest.")
@click.option("--pattern", "patterns", metavar="PATTERN", multiple=True, help="As for backtest.")
@click.option("--alarm", "settings", metavar="KEY=VALUE", multiple=True, help="As for backtest.")
@click.option("--max-alarms", "limit_text", metavar="N/UNIT", required=True, help="As 3/week, of each watch.")
@click.option("--watch", "keys", metavar="KEY", multiple=True, help="Only this watch; repeatable.")
@click.option(
    "--seed", type=click.IntRange(0, 2**63), default=0, show_default=True, help="Seed for drawing delays."
)
@click.option("--workers", type=click.IntRange(1, 64), help="Processes. [default: as many as processors]")
@click.option("--yes", is_flag=True, help="Fetch from a bucket without asking.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write the suggestions as JSON.")
def suggest(
    plans: tuple[str, ...],
    where: tuple[str, ...],
    patterns: tuple[str, ...],
    settings: tuple[str, ...],
    limit_text: str,
    keys: tuple[str, ...],
    seed: int,
    workers: int | None,
    yes: bool,
    json_file: str | None,
) -> None:
    """Say which callers a watch that rings too often could leave out, and at what risk. Nothing is changed.

    It reads recorded history as `secretwatch backtest` does. It finds the fewest roles, users and services
    with which --max-alarms holds, and prints them as HCL for `except`. It never suggests a caller with
    unusual reads: one that is new, reads rarely, has a new address, agent or secret, or was ever denied. It
    decides without the last fifth of the history, and then tries the suggestion on that part.
    """
    from secretwatch.backtest.limit import InvalidLimit, Limit
    from secretwatch.cli.untold import untold
    from secretwatch.pipeline.backtest.scan import Setting
    from secretwatch.pipeline.backtest.suggest import suggestions

    backtest_inputs.check_targets(json_file, None, [*plans, *where])
    if not plans and not patterns:
        raise click.UsageError("Which watch is it about? Give a PLAN or DIR, or a --pattern.")
    if settings and not patterns:
        raise click.UsageError("--alarm is the alarm on a --pattern: give one.")
    try:
        limit = Limit.parse(limit_text)
    except InvalidLimit as error:
        raise click.UsageError(str(error)) from None
    needs("isal", "msgspec", "ahocorasick_rs", extra="backtest")
    console = plain(stderr=json_file == "-", soft_wrap=True)
    subjects = backtest_inputs.subjects(plans, patterns, settings, keys, True, console)
    setting = Setting(subjects, seed)
    with backtest_inputs.kept(backtest_inputs.store(None, setting, where), None) as store:
        tally = backtest_inputs.read(where, store, setting, workers, yes, console)
        read = {"files": tally.files, "damaged": tally.damaged, "events": tally.events + tally.skipped}
        if why := untold((), **read):
            backtest_inputs.end(f"Nothing can be suggested: {why}", exits.UNKNOWN)
        begin, end = _span(store.span(), tally)
        with console.status("trying exceptions") as status:
            found = list(suggestions(subjects, store, limit, begin, end, tell=teller(console, status)))
    if json_file is not None:
        _write(found, json_file)
    for each in found:
        console.print("\n".join(visible_line(line) for line in lines(each, str(limit))), markup=False)
    for subject in subjects:
        for sentence in subject.unknown:
            console.print(f"# not tested: {visible_line(sentence)}", markup=False)
    if any(each.suggestion is None for each in found):
        sys.exit(exits.UNKNOWN)
    if not all(_holds(each.suggestion) for each in found):
        sys.exit(exits.FAILED)
    sys.exit(exits.UNKNOWN if untold(subjects, **read) else exits.DONE)


def _span(hits: tuple[int, int] | None, tally: Tally) -> tuple[int, int]:
    """Of the history, not of its reads alone: who reads no more is seen by what came later."""
    from secretwatch.pipeline.backtest.store import BUCKET

    times = [*(hits or ()), *(bucket * BUCKET for bucket in tally.arrivals)]
    return (min(times), max(times) + 1) if times else (0, 1)


def _holds(found: Suggestion | None) -> bool:
    """Also in the part of the history that the suggestion was not made from."""
    return found is not None and found.reached and not found.held.broken and not found.broken


def lines(each: ForWatch, limit: str) -> list[str]:
    """What is printed: HCL, and comments of it."""
    found, name = each.suggestion, f"{each.watch} of {each.subject}"
    if found is None:
        return [f"# {name}: its alarm is not evaluated here, so nothing can be suggested."]
    if not found.needed:
        told = f"{_count(found.seen.before, 'alarm')} {_period(found.seen)}"
        if not _holds(found):
            return [
                f"# {name}: no more than {limit} in the first part, {told}; more in the part that was "
                f"held out, with {_count(found.held.before, 'alarm')} {_period(found.held)}.",
                "# The end of a history never decides whom to leave out: ask again when there is more "
                "history.",
            ]
        return [f"# {name}: no more than {limit}, {told}. Nothing to do."]
    if not found.reached:
        return [
            f"# {name}: more than {limit}, and no safe exceptions change that. Who reads, and why it stays:",
            *_others(found.others),
        ]
    seen = found.seen
    head = [
        f"# {name}: {seen.before} alarms {_period(seen)} become {seen.after}; at most {limit}.",
        f"# Held out, {_period(found.held)}: {found.held.before} become {found.held.after}"
        + (
            "."
            if _holds(found)
            else f", more than {limit}" + ("." if found.held.broken else " with what was before.")
        ),
    ]
    chosen = []
    for one in found.chosen:
        usage = one.usage
        chosen += [
            f"  # {usage.reads} reads on {usage.days} days, {_seen(usage)}.",
            f"  # Removes {_count(one.alone, 'alarm')} by itself, {one.with_others} beside the others here.",
            f"  {json.dumps(usage.principal)},",
        ]
    return [*head, "except = [", *chosen, "]", *_risk(found), *_others(found.others)]


def _risk(found: Suggestion) -> list[str]:
    told = [
        "# The price: if somebody steals the credentials of one of these, reads with them do not "
        "ring. Denied calls still ring,",
        "# unless the watch has `except_denied`.",
        f"# The part that was held out shows what this hides: {_count(found.held.hidden, 'read')}, "
        f"{len(found.held.strange)} of them with an address, agent or secret not seen before:",
    ]
    if not found.held.strange:
        told[-1] = told[-1].partition(",")[0] + ", all as before."
    for read in found.held.strange[:_STRANGE]:
        at = datetime.fromtimestamp(read.time, UTC)
        how = f"from {read.address} with {read.agent}: {read.secret}"
        told.append(f"#   {at:%Y-%m-%d %H:%M} {read.who[0]} {how}")
    return told


def _others(others: Sequence[Usage]) -> list[str]:
    told = [
        f"# {each.principal}: {each.reads} reads; stays, because {'; '.join(each.unusual)}."
        for each in others
        if each.unusual
    ]
    return told[:_OTHERS] + ([f"# and {len(told) - _OTHERS} more"] if len(told) > _OTHERS else [])


def _period(trial: Trial) -> str:
    first, last = (datetime.fromtimestamp(at, UTC) for at in (trial.begin, trial.end))
    return f"from {first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _seen(usage: Usage) -> str:
    return ", ".join(_count(len(values), kind) for kind, values in usage.seen.items())


def _count(number: int, of: str) -> str:
    return f"{number} {of}{'' if number == 1 else 'es' if of.endswith('s') else 's'}"


def _write(found: Sequence[ForWatch], target: str) -> None:
    from dataclasses import asdict

    from secretwatch.pipeline.whole_files import write_whole

    def plainly(value: Any) -> Any:
        return {key: each for key, each in value if key != "key"}

    made = [asdict(each, dict_factory=plainly) for each in found]
    text = visible_json(json.dumps(made, indent=2, ensure_ascii=False)) + "\n"
    if target == "-":
        click.echo(text, nl=False)
    else:
        write_whole(Path(target), text)
