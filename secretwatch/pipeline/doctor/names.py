"""Names of calls, as the services' models have them: which are slips of others."""

from __future__ import annotations

import gzip
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.session import Session, get_session

from secretwatch.cloudtrail import event_name, event_source
from secretwatch.cloudtrail.names import RENAMED
from secretwatch.pipeline.doctor.slips import NEARLY

# Where a service's model has another name than its event source.
_MODELS = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "sso": "sso-admin",
    "states": "stepfunctions",
}
# What alarms are about most often, where a pattern names no source.
_USUAL = (
    *("iam", "ec2", "cloudtrail", "s3", "kms", "config", "organizations", "sts"),
    *("cloudwatch", "logs", "sns"),
)
_SHORTEST = 8
"""Shorter names are like many others."""


def meant(name: str, source: str | None) -> str | None:
    """The call that is meant by a name that is nearly its, and that no call has; None of any other name.

    source: the event source that goes with it, as `iam.amazonaws.com`; None where none is said.
    """
    if len(name) < _SHORTEST:
        return None
    services = _USUAL if source is None else tuple(filter(None, [_model(source)]))
    known = frozenset().union(*map(calls, services))
    if name in known or not (near := get_close_matches(name, known, n=1, cutoff=NEARLY)):
        return None
    return None if source is None and _is_anothers(name) else near[0]


@cache
def _is_anothers(name: str) -> bool:
    """Whether any service has this call: asked of a slip only, as it takes a second."""
    return name in RENAMED or any(_names(each, name) for each in sorted(_available()))


def _names(service: str, operation: str) -> bool:
    """Whether a service's model has it, by its text: to parse all of them takes half a minute."""
    loader = _session().get_component("data_loader")
    version = loader.determine_latest_version(service, "service-2")
    wanted = f'"name":"{operation}"'.encode()
    for root in loader.search_paths:
        for suffix, read in ((".json.gz", gzip.open), (".json", open)):
            file = Path(root, service, version, f"service-2{suffix}")
            if file.is_file():
                with read(file, "rb") as text:
                    return wanted in text.read()
    return False


def source_of(name: str) -> str | None:
    """The event source of a call that one of the usual services has; None of any other name."""
    found = next((each for each in _USUAL if name in calls(each)), None)
    return event_source(_session().get_service_model(found).signing_name) if found else None


def of_another(name: str, source: str) -> str | None:
    """What is wrong with a call and its source; None where that source's service may have it."""
    model = _model(source)
    if model is None or name in calls(model):
        return None
    if name in _session().get_service_model(model).operation_names:
        return f"CloudTrail writes {event_name(model, name)} for that call"
    owner = source_of(name)
    return f"{name} is a call of {owner}" if owner and owner != source else None


def _model(source: str) -> str | None:
    prefix = source.partition(".")[0]
    name = _MODELS.get(prefix, prefix)
    return name if name in _available() else None


@cache
def _session() -> Session:
    return get_session()


@cache
def _available() -> frozenset[str]:
    return frozenset(_session().get_available_services())


def calls_of(source: str) -> frozenset[str]:
    """The names of the calls of an event source; none where its service is not known."""
    model = _model(source)
    return calls(model) if model else frozenset()


@cache
def calls(service: str) -> frozenset[str]:
    """The names that CloudTrail has for a service's calls."""
    try:
        names = _session().get_service_model(service).operation_names
    except (DataNotFoundError, UnknownServiceError):
        # A loader that somebody has extended, as LocalStack's is, names what botocore cannot load.
        return frozenset()
    return frozenset(event_name(service, each) for each in names)
