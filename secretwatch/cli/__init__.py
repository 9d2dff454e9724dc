"""The command ``secretwatch``: one module here for each sub-command.

A sub-command imports what it needs inside its function, so that `secretwatch --help` is fast and the
core works where LocalStack is not installed.
"""

from __future__ import annotations

import importlib

import click

from secretwatch.cli.groups import Group

_COMMANDS: dict[str, tuple[str, str]] = {
    "backtest": ("secretwatch.cli.backtest", "backtest"),
    "check": ("secretwatch.cli.check", "check"),
    "compare": ("secretwatch.cli.compare", "compare"),
    "demo": ("secretwatch.cli.demo", "demo"),
    "doctor": ("secretwatch.cli.doctor", "doctor"),
    "drill": ("secretwatch.cli.drill", "drill"),
    "incident": ("secretwatch.cli.incident", "incident"),
    "local": ("secretwatch.cli.local", "local"),
    "match": ("secretwatch.cli.match", "match"),
    "policy": ("secretwatch.cli.policy", "group"),
    "smoke": ("secretwatch.cli.smoke", "smoke"),
    "suggest": ("secretwatch.cli.suggest", "suggest"),
    "verify": ("secretwatch.cli.verify", "verify"),
}


class _Lazy(Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="secretwatch")
def main() -> None:
    """An alarm for every read of an AWS secret, and the proof that it would ring."""
