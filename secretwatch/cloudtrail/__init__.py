"""CloudTrail's formats: the event, the log file and its key, digests, event selectors.

Pure: no AWS client, no clock, no file. What an event looks like, whether a trail records it and where
it lands is decided here and nowhere else.
"""

from secretwatch.cloudtrail import ec2, sign_in
from secretwatch.cloudtrail.classify import event_category, is_global_service, is_read_only
from secretwatch.cloudtrail.digest import Digest, LoggedFile, digest_key, make_digest
from secretwatch.cloudtrail.event import (
    Event,
    assumed_role_identity,
    federated_user_identity,
    iam_user_identity,
    in_session,
    make_event,
    root_identity,
)
from secretwatch.cloudtrail.insights import InvalidInsightSelectors, normalise_insight_selectors
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
    "Digest",
    "Event",
    "InvalidEventSelectors",
    "InvalidInsightSelectors",
    "LoggedFile",
    "SelectedBy",
    "assumed_role_identity",
    "digest_key",
    "ec2",
    "event_category",
    "event_text",
    "federated_user_identity",
    "iam_user_identity",
    "in_session",
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
    "normalise_insight_selectors",
    "notification",
    "request_parameters",
    "response_elements",
    "root_identity",
    "sign_in",
]
