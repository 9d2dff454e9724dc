"""A number without the option that it belongs to is refused with the command that was meant."""

from __future__ import annotations

from typing import Any

import click


class Misplaced(click.Argument):
    """`@click.argument("minutes", cls=Misplaced)`: no words may stand there; they belong to `--minutes`.

    It is in no usage, and the command does not get it. Where the option would take the first word, the
    sentence has it.
    """

    def __init__(self, declared: list[str], **attrs: Any) -> None:
        self._option = f"--{declared[0]}"
        super().__init__(
            [f"misplaced_{declared[0]}"], nargs=-1, expose_value=False, callback=self._refuse, **attrs
        )

    def get_usage_pieces(self, ctx: click.Context) -> list[str]:
        return []

    def _refuse(self, ctx: click.Context, _: click.Parameter, words: tuple[str, ...]) -> None:
        if not words:
            return
        option = next(
            each
            for each in ctx.command.params
            if isinstance(each, click.Option) and self._option in each.opts
        )
        try:
            value = option.type.convert(words[0], option, ctx)
        except click.BadParameter:
            value = option.metavar or (option.name or "").upper()
        meant = f"{ctx.command_path} {self._option} {value}"
        raise click.UsageError(f"{words[0][:40]!r} stands there without an option: write `{meant}`.", ctx)
