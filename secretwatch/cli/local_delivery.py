"""`secretwatch local hold`, `release` and `tick`: when what was called is told of, and what time it is."""

from __future__ import annotations

import click

from secretwatch import local as cloud
from secretwatch.cli.local_group import EXIT_CODES, count_of_calls, local, out
from secretwatch.cli.misplaced import Misplaced

_CHANNELS = click.argument("channels", nargs=-1, type=click.Choice(["trail", "events", "history"]))


@local.command(epilog=EXIT_CODES)
@_CHANNELS
def hold(channels: tuple[str, ...]) -> None:
    """Hold delivery, as AWS takes minutes: calls take effect, but no event of them arrives until `release`.

    \b
    trail    log files, the log group, the trail's notifications
    events   EventBridge
    history  LookupEvents
    Without a name: all three. Events of earlier calls still arrive.
    """
    running = cloud.require(cloud.find_state_dir())
    newly_held = running.hold(*channels)
    out.print(f"Held: {', '.join(each['channel'] for each in running.held())}.")
    if not newly_held:
        out.print("That was held already.")


@local.command(epilog=EXIT_CODES)
@_CHANNELS
@click.option("--first", type=click.IntRange(min=0), metavar="N", help="Only the oldest N; hold the rest.")
@click.option("--reordered", is_flag=True, help="The newest call first.")
@click.option("--twice", is_flag=True, help="Everything once, and then once more.")
def release(channels: tuple[str, ...], first: int | None, reordered: bool, twice: bool) -> None:
    """Let held events arrive, with the times of their calls, and hold no more. Ends when they have arrived.

    LookupEvents sorts by time and has an event once: --reordered and --twice do not change the history.
    """
    running = cloud.require(cloud.find_state_dir())
    released = running.release(*channels, first=first, reordered=reordered, twice=twice)
    for channel, count in released.items():
        out.print(f"{channel}: {count_of_calls(count)} released")
    for each in running.held():
        out.print(f"{each['channel']}: still held, {count_of_calls(each['calls'])}")


@local.command(epilog=EXIT_CODES)
@click.option("--minutes", type=click.IntRange(1, 24 * 60), default=1, show_default=True, metavar="N")
@click.argument("minutes", cls=Misplaced)
def tick(minutes: int) -> None:
    """Let full minutes pass without waiting: for alarms, for scheduled rules, and for states that wait.

    Each minute evaluates all alarms: for them all earlier measurements are a minute older. No other time
    is moved.
    """
    ahead = cloud.require(cloud.find_state_dir()).tick(minutes)
    out.print(f"Alarms were evaluated, and what was due has begun: their time is {ahead // 60} min ahead.")
