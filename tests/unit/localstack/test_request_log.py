"""The request log: each line once, in order, from any number of threads, and at the end the last ones."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

pytest.importorskip("localstack")

from secretwatch.localstack.gateway import request_log
from secretwatch.localstack.gateway.request_log import RequestLog


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    made = logging.getLogger("tests.request-log")
    made.setLevel(logging.INFO)
    yield made
    made.handlers.clear()
    made.propagate = True


def lines_of(text: str) -> list[str]:
    return [line.split(" : ", 1)[1] for line in text.splitlines()]


def test_lines_of_many_threads_are_written_once_and_in_order(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    log = RequestLog()
    log.take_over(logger)

    def talk(name: str) -> None:
        for number in range(3000):
            logger.info("%s %d", name, number)

    threads = [threading.Thread(target=talk, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.flush()
    written = lines_of(capsys.readouterr().err)
    for name in "abcd":
        assert [line for line in written if line[0] == name] == [f"{name} {each}" for each in range(3000)]


def test_a_line_is_written_without_anybody_asking(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    written = threading.Event()

    class Told(RequestLog):
        def flush(self) -> None:
            kept = bool(self.buffer)
            super().flush()
            if kept:
                written.set()

    Told().take_over(logger)
    logger.info("read")
    assert written.wait(10)
    assert lines_of(capsys.readouterr().err) == ["read"]


def test_the_last_lines_are_written_as_the_process_ends() -> None:
    program = (
        f"import logging; from {request_log.__name__} import REQUEST_LOG; "
        "log = logging.getLogger('x'); log.setLevel('INFO'); REQUEST_LOG.take_over(log); log.info('last')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert lines_of(done.stderr) == ["last"]


def test_who_asked_for_more_than_a_line_gets_it_at_once(logger: logging.Logger) -> None:
    logger.setLevel(logging.DEBUG)
    RequestLog().take_over(logger)
    assert logger.propagate
    assert not logger.handlers
