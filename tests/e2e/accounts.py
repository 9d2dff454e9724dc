"""Accounts of a test's own: a run shares a local cloud, and what one test leaves there others would find."""

from __future__ import annotations

import itertools

_numbers = itertools.count(790000000000)


def new_account_id() -> str:
    """An account that no other test of this process has."""
    return str(next(_numbers))
