"""Every operation that LocalStack or the plugin can be asked for, from botocore's models."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.loaders
import botocore.session

SESSION = botocore.session.get_session()
# Its own: LocalStack adds services of its making to others.
SESSION.register_component("data_loader", botocore.loaders.Loader())


@cache
def model(service: str) -> Any:
    return SESSION.get_service_model(service)


@cache
def local_services() -> tuple[str, ...]:
    """The services that have a provider in LocalStack's community edition, ours among them."""
    from importlib.metadata import entry_points

    names = {point.name.split(":")[0] for point in entry_points(group="localstack.aws.provider")}
    known = set(SESSION.get_available_services())
    found = tuple(sorted(names & known))
    assert len(found) > 30, found
    return found


def operations(services: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for service in services:
        for name in model(service).operation_names:
            yield service, model(service).operation_model(name)


def words(text: str) -> set[str]:
    return set(text.split())
