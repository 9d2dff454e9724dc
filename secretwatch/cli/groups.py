"""A group of commands whose help shows what each of them does, uncut."""

from __future__ import annotations

import click

_UNCUT = 1000  # characters; click cuts what a line of the terminal does not hold


class Group(click.Group):
    """Its help has the whole first sentence of each command, over several lines if need be."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [
            (name, command.get_short_help_str(_UNCUT))
            for name, command in commands
            if command is not None and not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
