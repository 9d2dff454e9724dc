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
from secretwatch.cli import exits, local_delivery, local_env, sign_in  # noqa: F401  Their commands join the group.
from secretwatch.cli.local_group import EXIT_CODES, count_of_calls, err, local, out
from secretwatch.cli.misplaced import Misplaced
from secretwatch.cli.options import SECONDS
from secretwatch.local.cloud import AlarmTick


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


@local.command(epilog=EXIT_CODES)
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
@click.argument("port", cls=Misplaced)
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


@local.command(epilog=EXIT_CODES)
def down() -> None:
    """Stop the local cloud, after it has delivered all accepted events; no error if none is running.

    Held events are dropped, not delivered: `release` them first.
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
            out.print(
                f"[yellow]dropped[/] {count_of_calls(each['calls'])} held back from the {each['channel']}"
            )
    out.print("The local cloud is down." if stopped else "No local cloud was up.")


@local.command(epilog=EXIT_CODES)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show whether the local cloud is up, its trails, held events, and messages dropped without an error."""
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
            f"[yellow]held[/] {each['channel']}: {count_of_calls(each['calls'])} since {each['since']}{lost}",
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


@local.command(epilog=EXIT_CODES)
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


@local.command(epilog=EXIT_CODES)
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


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
