"""CloudTrail's formats: the event, the log file and its key, digests, event selectors.

Pure: no AWS client, no clock, no file. What an event looks like, whether a trail records it and where
it lands is decided here and nowhere else.
"""

from secretwatch.cloudtrail import contents, ec2, eventbridge, sign_in
from secretwatch.cloudtrail.answers import named_key
from secretwatch.cloudtrail.classify import event_category, is_global_service, is_read_only, shows_answer
from secretwatch.cloudtrail.digest import Digest, LoggedFile, digest_key, make_digest
from secretwatch.cloudtrail.echoes import without_echoes
from secretwatch.cloudtrail.errors import error_code, error_message
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
from secretwatch.cloudtrail.limits import EVENT_BYTES
from secretwatch.cloudtrail.logfile import (
    event_text,
    log_file_content,
    log_file_key,
    log_stream_name,
    logs_folder,
    notification,
)
from secretwatch.cloudtrail.names import event_name, event_source
from secretwatch.cloudtrail.parameters import request_parameters, response_elements
from secretwatch.cloudtrail.resources import Call, names_resources, resources
from secretwatch.cloudtrail.s3_shapes import anonymous_identity, s3_additional_event_data, s3_wire
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
    "Call",
    "Digest",
    "Event",
    "InvalidEventSelectors",
    "InvalidInsightSelectors",
    "LoggedFile",
    "SelectedBy",
    "anonymous_identity",
    "assumed_role_identity",
    "contents",
    "digest_key",
    "ec2",
    "error_code",
    "error_message",
    "event_category",
    "event_name",
    "event_source",
    "event_text",
    "eventbridge",
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
    "named_key",
    "names_resources",
    "normalise_advanced_event_selectors",
    "normalise_event_selectors",
    "normalise_insight_selectors",
    "notification",
    "request_parameters",
    "resources",
    "response_elements",
    "root_identity",
    "s3_additional_event_data",
    "s3_wire",
    "shows_answer",
    "sign_in",
    "without_echoes",
]
