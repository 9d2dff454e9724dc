"""`secretwatch local …`: the local cloud at the terminal.

Here: options, what is printed, exit codes. Not here: what is done (`secretwatch.local`).
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import click
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from secretwatch import local as cloud
from secretwatch.cli import exits
from secretwatch.cli.console import plain
from secretwatch.cli.groups import Group
from secretwatch.cli.options import SECONDS
from secretwatch.local.cloud import AlarmTick

_EXIT_CODES = exits.table(
    done="done (status: the local cloud is up)",
    failed="it could not be done",
    usage="wrong usage",
    unknown="no local cloud is up",
    port="the port is taken, or the local cloud is up on another one",
)

out = plain()
err = plain(stderr=True)


@contextlib.contextmanager
def patience(what: str) -> Iterator[Callable[[float], None]]:
    """Shows what is awaited, and for how long already, once that takes more than 2 seconds."""
    with contextlib.ExitStack() as stack:
        spinner = None

        def show(waited: float) -> None:
            nonlocal spinner
            if waited < 2 or not err.is_terminal:
                return
            if spinner is None:
                spinner = stack.enter_context(err.status(what))
            spinner.update(f"{what} {waited:.0f} s")

        yield show


def command_name() -> str:
    """How this command was called, so that what is printed can be typed."""
    return shlex.quote(os.path.relpath(sys.argv[0])) if os.sep in sys.argv[0] else sys.argv[0]


def print_mail(message: dict[str, Any]) -> None:
    """One e-mail as its reader sees it."""
    header = Table.grid(padding=(0, 1))
    for name in ("from", "to", "subject", "time"):
        header.add_row(f"[dim]{name}[/]", escape(str(message[name])))
    out.print(Panel(header, title=str(message["kind"]), title_align="left"))
    # Not inside a frame and not wrapped: it may be copied, and links stay whole.
    out.print(escape(str(message["body"]).rstrip()) + "\n", soft_wrap=True)


@click.group(cls=Group, epilog=_EXIT_CODES)
def local() -> None:
    """A cloud on this machine: LocalStack with a CloudTrail, real metric filters, real alarms.

    One for each clone or project: its state is in .secretwatch/ of the nearest folder upwards that has one
    or is a git checkout, or in the folder that SECRETWATCH_STATE_DIR names.
    """


class _AlarmTick(click.ParamType[AlarmTick]):
    name = "seconds or minute"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> AlarmTick:
        if value == "minute":
            return "minute"
        try:
            seconds: float = SECONDS.convert(value, param, ctx)
        except click.BadParameter:
            self.fail(
                f"{value!r} is neither a number of seconds nor the word minute: write minute or 1.",
                param,
                ctx,
            )
        return seconds


@local.command(epilog=_EXIT_CODES)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Port on {cloud.HOST}; 0 takes any free one.  [default: {cloud.DEFAULT_PORT}]",
)
@click.option(
    "--delivery-interval",
    type=SECONDS,
    default=1.0,
    show_default=True,
    help="Seconds between two deliveries of a trail; AWS needs about 300.",
)
@click.option(
    "--digest-interval",
    type=SECONDS,
    default=3600.0,
    show_default=True,
    help="Seconds between two digests of a trail that validates its log files, AWS's by default.",
)
@click.option(
    "--alarm-tick",
    type=_AlarmTick(),
    default=1.0,
    show_default=True,
    help="Seconds between two evaluations of the alarms; or minute: at full minutes only, as on AWS.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
def up(
    port: int | None, delivery_interval: float, digest_interval: float, alarm_tick: AlarmTick, as_json: bool
) -> None:
    """Start the local cloud; no error where it is up already."""
    state_dir = cloud.find_state_dir()
    before = cloud.status(state_dir)
    if port is None:
        # Without a wish, whatever is up is right.
        port = 0 if before else cloud.DEFAULT_PORT
    begin = time.monotonic()
    with patience("Starting LocalStack …") as on_wait:
        running = cloud.start(
            state_dir,
            port,
            delivery_interval=delivery_interval,
            digest_interval=digest_interval,
            alarm_tick=alarm_tick,
            on_wait=on_wait,
        )
    if as_json:
        out.print_json(json.dumps(_facts(running)))
        return
    if before and before.pid == running.pid:
        out.print(f"The local cloud is up already: {running.url} (pid {running.pid}).")
        kept = (running.delivery_interval, running.digest_interval, running.alarm_tick)
        if (delivery_interval, digest_interval, alarm_tick) != kept:
            out.print(
                f"It keeps its delivery interval of {kept[0]:g} s, digest interval of {kept[1]:g} s and "
                f"alarms {_evaluated(kept[2])}: stop it first to change them.",
                soft_wrap=True,
            )
    else:
        seconds = time.monotonic() - begin
        out.print(f"The local cloud is up: {running.url} (pid {running.pid}, {seconds:.1f} s).")
    name = escape(command_name())
    out.print(f'Point a shell at it:  eval "$({name} local env)"', soft_wrap=True)
    out.print(f"Stop it:              {name} local down", soft_wrap=True)


@local.command(epilog=_EXIT_CODES)
def down() -> None:
    """Stop the local cloud, after it has delivered what it has accepted; no error where none is up.

    What is held is dropped, not delivered: `release` it first.
    """
    state_dir = cloud.find_state_dir()
    held = []
    if running := cloud.status(state_dir):
        with contextlib.suppress(cloud.LocalCloudError):
            held = running.held()
    with patience("Delivering what is left, stopping LocalStack …") as on_wait:
        stopped = cloud.stop(state_dir, on_wait=on_wait)
    for each in held:
        if each["calls"]:
            out.print(f"[yellow]dropped[/] {_calls(each['calls'])} held back from the {each['channel']}")
    out.print("The local cloud is down." if stopped else "No local cloud was up.")


@local.command(epilog=_EXIT_CODES)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show whether the local cloud is up, its trails, what is held, what was dropped silently, and why."""
    state_dir = cloud.find_state_dir()
    running = cloud.status(state_dir)
    if running is None:
        if as_json:
            out.print_json(json.dumps({"up": False, "state_dir": str(state_dir)}))
        else:
            out.print(escape(f"down (state directory {state_dir})"), soft_wrap=True)
        raise SystemExit(exits.UNKNOWN)
    facts = _facts(running) | running.details()
    if as_json:
        out.print_json(json.dumps(facts))
        return
    table = Table.grid(padding=(0, 2))
    table.add_row("up", running.url)
    table.add_row("pid", str(running.pid))
    table.add_row("uptime", _duration(facts["uptime_seconds"]))
    table.add_row("memory", f"{facts['memory_mib']:.0f} MiB")
    table.add_row("delivery", f"every {running.delivery_interval:g} s")
    table.add_row("digests", f"every {running.digest_interval:g} s")
    table.add_row("alarms", _evaluated(running.alarm_tick))
    table.add_row("log", escape(str(facts["log"])))
    out.print(table, soft_wrap=True)
    for trail in facts["trails"]:
        logging = "logging" if trail["is_logging"] else "[yellow]not logging[/]"
        last = trail["last_delivery"] or "never"
        events = f"{trail['events_delivered']} events delivered"
        out.print(f"trail {escape(trail['name'])}: {logging}, {events}, last {last}", soft_wrap=True)
    if not facts["trails"]:
        out.print("no trail")
    for each in facts["held"]:
        lost = f", {each['dropped']} more dropped" if each["dropped"] else ""
        out.print(
            f"[yellow]held[/] {each['channel']}: {_calls(each['calls'])} since {each['since']}{lost}",
            soft_wrap=True,
        )
    for (service, target, reason), times in _alike(facts["drops"]).items():
        often = f", {len(times)} times since {times[0]}" if len(times) > 1 else ""
        out.print(
            f"[yellow]dropped[/] {times[-1]}{often} {escape(service)} → {escape(target)}: {escape(reason)}",
            soft_wrap=True,
        )
    if not facts["drops"]:
        out.print("nothing dropped")


@local.command(epilog=_EXIT_CODES)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def inbox(as_json: bool) -> None:
    """Show the e-mails that were received, and what chat channels showed, oldest first."""
    messages = cloud.require(cloud.find_state_dir()).inbox()
    if as_json:
        out.print_json(json.dumps({"messages": messages}))
        return
    for message in messages:
        print_mail(message)
    if not messages:
        out.print("No e-mail yet.")


@local.command(epilog=_EXIT_CODES)
def confirm() -> None:
    """Follow the confirmation links in the inbox, as their readers would."""
    running = cloud.require(cloud.find_state_dir())
    followed = running.confirm()
    for message in followed:
        said = f"{message['to']} confirmed the subscription to {message['topic_arn']}."
        out.print(escape(said), soft_wrap=True)
    if not followed:
        out.print("No open confirmation.")
        return
    topics = {message["topic_arn"] for message in followed}
    for name in _in_alarm(running, topics):
        out.print(
            f"[yellow]{escape(name)} is in ALARM already[/]: its message went before the confirmation, and "
            "none follows until it was OK.",
            soft_wrap=True,
        )


def _in_alarm(running: cloud.LocalCloud, topics: set[str]) -> list[str]:
    """The alarms that are in ALARM and would tell one of these topics."""
    import boto3

    names = set()
    with running.as_aws():
        for region, account in {tuple(arn.split(":")[3:5]) for arn in topics}:
            cloudwatch = boto3.Session(account, "test", region_name=region).client("cloudwatch")
            for page in cloudwatch.get_paginator("describe_alarms").paginate(StateValue="ALARM"):
                for alarm in (*page["MetricAlarms"], *page.get("CompositeAlarms", [])):
                    if topics.intersection(alarm.get("AlarmActions", [])):
                        names.add(alarm["AlarmName"])
    return sorted(names)


_CHANNELS = click.argument("channels", nargs=-1, type=click.Choice(["trail", "events", "history"]))


@local.command(epilog=_EXIT_CODES)
@_CHANNELS
def hold(channels: tuple[str, ...]) -> None:
    """Hold delivery, as AWS's minutes do: calls take effect, and nothing is told of them until `release`.

    \b
    trail    log files, the log group, the trail's notifications
    events   EventBridge
    history  LookupEvents
    Without a name: all three. What was called before still arrives.
    """
    running = cloud.require(cloud.find_state_dir())
    newly_held = running.hold(*channels)
    out.print(f"Held: {', '.join(each['channel'] for each in running.held())}.")
    if not newly_held:
        out.print("That was held already.")


@local.command(epilog=_EXIT_CODES)
@_CHANNELS
@click.option("--first", type=click.IntRange(min=0), metavar="N", help="Only the oldest N; hold the rest.")
@click.option("--reordered", is_flag=True, help="The newest call first.")
@click.option("--twice", is_flag=True, help="Everything once, and then once more.")
def release(channels: tuple[str, ...], first: int | None, reordered: bool, twice: bool) -> None:
    """Let what is held arrive, with the times of the calls, and hold no more. Returns when it has arrived.

    LookupEvents sorts by time and knows an event once: the history minds neither --reordered nor --twice.
    """
    running = cloud.require(cloud.find_state_dir())
    released = running.release(*channels, first=first, reordered=reordered, twice=twice)
    for channel, count in released.items():
        out.print(f"{channel}: {_calls(count)} released")
    for each in running.held():
        out.print(f"{each['channel']}: still held, {_calls(each['calls'])}")


@local.command(epilog=_EXIT_CODES)
@click.option("--minutes", type=click.IntRange(1, 24 * 60), default=1, show_default=True, metavar="N")
def tick(minutes: int) -> None:
    """Let full minutes pass without waiting: for alarms, for scheduled rules, and for states that wait.

    Each minute evaluates all alarms, for which what was measured until then is so much older. Nothing else
    has its time moved.
    """
    ahead = cloud.require(cloud.find_state_dir()).tick(minutes)
    out.print(f"Alarms were evaluated, and what was due has begun: their time is {ahead // 60} min ahead.")


@local.command(epilog=_EXIT_CODES)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: name → value.")
def env(as_json: bool) -> None:
    """Print what a shell needs for Terraform, the AWS CLI and boto3: eval "$(secretwatch local env)".

    Where no local cloud is up the line that evaluates this fails, and its shell can reach no other cloud.
    """
    try:
        running = cloud.require(cloud.find_state_dir())
    except cloud.NotUp:
        if not as_json:
            # Whoever evaluates nothing, and then applies, does so in a real account.
            print(_nowhere())
        raise
    # Plain print: this is read by a shell, not by a person.
    print(json.dumps(running.env()) if as_json else shell(running))


def shell(running: cloud.LocalCloud) -> str:
    """`running.env()` as lines for a POSIX shell; what would get in the way is unset."""
    return _lines(running.env())


def _nowhere() -> str:
    """Lines for a POSIX shell after which nothing answers as AWS; the last of them fails."""
    return _lines(cloud.clients_env(cloud.DEAD_ENDPOINT)) + "\nfalse"


def _lines(variables: dict[str, str]) -> str:
    foreign = cloud.foreign_variables(os.environ, variables)
    lines = [f"unset {' '.join(foreign)}"] if foreign else []
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join([*lines, _CLI])


# Version 1 of the AWS CLI calls SQS, RDS and Health by names of AWS's own, whatever AWS_ENDPOINT_URL says:
# only its option holds it.
_CLI = 'aws() { command aws ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} "$@"; }'


def _facts(running: cloud.LocalCloud) -> dict[str, Any]:
    return {
        "up": True,
        "state_dir": str(running.state_dir),
        "url": running.url,
        "port": running.port,
        "pid": running.pid,
        "uptime_seconds": round(time.time() - running.started, 1),
        "memory_mib": round(cloud.memory_mib(running), 1),
        "delivery_interval": running.delivery_interval,
        "digest_interval": running.digest_interval,
        "alarm_tick": running.alarm_tick,
        "log": str(cloud.StateDir(running.state_dir).log_file),
    }


def _alike(drops: list[dict[str, Any]]) -> dict[tuple[str, str, str], list[str]]:
    """The times of what was dropped for the same reason, oldest first."""
    times: dict[tuple[str, str, str], list[str]] = {}
    for each in drops:
        times.setdefault((each["service"], each["target"], each["reason"]), []).append(each["time"])
    return times


def _evaluated(alarm_tick: AlarmTick) -> str:
    return "at full minutes" if alarm_tick == "minute" else f"every {alarm_tick:g} s"


def _calls(count: int) -> str:
    return f"{count} call{'' if count == 1 else 's'}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


# Commands with a file of their own join the group when it is loaded.
from secretwatch.cli import sign_in  # noqa: E402, F401
