"""What is printed is what was meant: `:secret:` in an ARN is no picture."""

from __future__ import annotations

import pytest

from secretwatch.cli import local


def test_an_arn_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    text = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db and arn:aws:sns:r:1:bell:1 and :key:"
    for console in (local.out, local.err):
        console.print(text, soft_wrap=True)
    printed = capsys.readouterr()
    assert (printed.out.strip(), printed.err.strip()) == (text, text)
