"""Whatever a command finds around it, it ends with a sentence and a code of the table. `benchmarks/fuzz.py`
tries thousands."""

from __future__ import annotations

import random

import surroundings
from deep import deep
from hypothesis import given
from hypothesis import strategies as st


@deep(150)
@given(st.integers(0, 2**40))
def test_whatever_is_around_it_a_command_ends_in_a_sentence(seed: int) -> None:
    ending = surroundings.run(random.Random(seed))
    assert not ending.fault, (ending.arguments, ending.fault, ending.err[-1500:])
