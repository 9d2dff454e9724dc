"""CloudTrail's formats: the event, the log file and its key, digests, event selectors.

Pure: no AWS client, no clock, no file. What an event looks like, whether a trail records it and where
it lands is decided here and nowhere else.
"""

from secretwatch.cloudtrail.classify import event_category, is_global_service, is_read_only
from secretwatch.cloudtrail.digest import Digest, LoggedFile, digest_key, make_digest
from secretwatch.cloudtrail.event import (
    Event,
    assumed_role_identity,
    iam_user_identity,
    make_event,
    root_identity,
)
from secretwatch.cloudtrail.limits import EVENT_BYTES
from secretwatch.cloudtrail.logfile import (
    event_text,
    log_file_content,
    log_file_key,
    log_stream_name,
    logs_folder,
    notification,
)
from secretwatch.cloudtrail.parameters import request_parameters, response_elements
from secretwatch.cloudtrail.selectors import (
    DEFAULT_EVENT_SELECTORS,
    InvalidEventSelectors,
    SelectedBy,
    normalise_advanced_event_selectors,
    normalise_event_selectors,
)

__all__ = [
    "DEFAULT_EVENT_SELECTORS",
    "EVENT_BYTES",
    "Digest",
    "Event",
    "InvalidEventSelectors",
    "LoggedFile",
    "SelectedBy",
    "assumed_role_identity",
    "digest_key",
    "event_category",
    "event_text",
    "iam_user_identity",
    "is_global_service",
    "is_read_only",
    "log_file_content",
    "log_file_key",
    "log_stream_name",
    "logs_folder",
    "make_digest",
    "make_event",
    "normalise_advanced_event_selectors",
    "normalise_event_selectors",
    "notification",
    "request_parameters",
    "response_elements",
    "root_identity",
]
