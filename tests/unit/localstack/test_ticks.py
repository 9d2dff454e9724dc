"""Minutes that pass by ticks, for what waits."""

from __future__ import annotations

import threading
import time

from secretwatch.localstack.ticks import Ticks


def test_a_tick_is_a_minute_for_those_who_wait() -> None:
    ticks, ended = Ticks(), threading.Event()
    at = ticks.now() + 119

    def wait() -> None:
        ticks.wait_until(at)
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    ticks.pass_minute()
    assert not ended.is_set()
    assert ticks.pass_minute() == 120
    assert ended.wait(30)
    assert ticks.now() - time.time() > 119


def test_a_wait_can_be_called_off() -> None:
    ticks, off, ended = Ticks(), threading.Event(), threading.Event()

    def wait() -> None:
        ticks.wait_until(ticks.now() + 3600, off.is_set)
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    off.set()
    assert ended.wait(30)


def test_what_begins_comes_before_what_awaits_its_end() -> None:
    ticks = Ticks()
    seen: list[str] = []
    ticks.after_each(end=lambda: seen.append("end"))
    ticks.after_each(begin=lambda: seen.append("begin"))
    ticks.pass_minute()
    ticks.pass_minute()
    assert seen == ["begin", "end"] * 2
