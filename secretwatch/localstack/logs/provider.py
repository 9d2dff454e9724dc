"""LocalStack's CloudWatch Logs, with metric filters and patterns that do what they say."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.aws.api.logs import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from localstack.services.logs import provider as localstack_logs
from localstack.services.logs.models import get_moto_logs_backend
from localstack.services.logs.provider import LogsProvider
from localstack.services.moto import call_moto
from moto.logs.exceptions import ResourceNotFoundException as MotoResourceNotFound

from secretwatch.filterpattern.transformation import InvalidTransformation, Transformation
from secretwatch.localstack.access.decide import require_permission
from secretwatch.localstack.logs import events as stored_events
from secretwatch.localstack.logs import intake as log_intake
from secretwatch.localstack.logs.groups import (
    LogGroupOperations,
    group_identified,
    group_named,
    refuse_malformed,
    refuse_other_classes,
)
from secretwatch.localstack.logs.policies import LogPolicyOperations
from secretwatch.localstack.logs.subscriptions import (
    LogSubscriptionOperations,
    parse_pattern,
    refuse_too_many_regexes,
)

LOG = logging.getLogger(__name__)

_FILTERS_IN_A_GROUP = 100
_FILTERS_IN_A_PAGE = 50


class CountingLogsProvider(LogGroupOperations, LogPolicyOperations, LogSubscriptionOperations, LogsProvider):
    """Counts what is put into a log group in the group's own metric filters.

    The filters are kept where moto keeps them, as DescribeMetricFilters answers them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._changing = threading.Lock()
        localstack_logs.get_pattern_matcher = pattern_matcher
        stored_events.install()

    def on_before_start(self) -> None:
        log_intake.FILTERS.start()

    def on_before_stop(self) -> None:
        log_intake.FILTERS.stop()

    def on_after_state_reset(self) -> None:
        log_intake.FILTERS.clear()

    def put_log_events(
        self,
        context: RequestContext,
        log_group_name: str,
        log_stream_name: str,
        log_events: list[dict[str, Any]],
        sequence_token: str | None = None,
        entity: Any = None,
        **kwargs: Any,
    ) -> Any:
        # Not call_moto: moto reads the whole request anew for each of its members.
        try:
            token, rejected = log_intake.put(
                context.account_id, context.region, log_group_name, log_stream_name, log_events
            )
        except MotoResourceNotFound as error:
            raise ResourceNotFoundException(error.message) from error
        return {"nextSequenceToken": token} | ({"rejectedLogEventsInfo": rejected} if rejected else {})

    @handler("PutMetricFilter", expand=False)
    def put_metric_filter(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        refuse_malformed(context, request)
        group, name = request["logGroupName"], request["filterName"]
        metric_filter: dict[str, Any] = {
            "filterName": name,
            "filterPattern": request["filterPattern"],
            "metricTransformations": [_without_none(each) for each in request["metricTransformations"]],
            "creationTime": int(time.time() * 1000),
            "logGroupName": group,
            "applyOnTransformedLogs": bool(request.get("applyOnTransformedLogs")),
        }
        for more in ("fieldSelectionCriteria", "emitSystemFieldDimensions"):
            if request.get(more):
                metric_filter[more] = request[more]
        with self._changing:
            backend = _backend(context)
            log_group = group_named(context, group)
            refuse_other_classes(log_group)
            pattern = parse_pattern(request["filterPattern"], "metric filter pattern")
            try:
                Transformation.of(metric_filter)
            except InvalidTransformation as error:
                raise InvalidParameterException(str(error)) from error
            others = [each for each in log_intake.filters_of(backend, group) if each["filterName"] != name]
            if len(others) >= _FILTERS_IN_A_GROUP:
                raise LimitExceededException("Resource limit exceeded.")
            refuse_too_many_regexes(context, log_group, pattern, metric_filter=name)
            self._remove(context, group, name)
            backend.filters.metric_filters = [*backend.filters.metric_filters, metric_filter]

    @handler("DescribeMetricFilters", expand=False)
    def describe_metric_filters(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        refuse_malformed(context, request)
        backend = _backend(context)
        group, prefix = request.get("logGroupName"), request.get("filterNamePrefix") or ""
        name, namespace = request.get("metricName"), request.get("metricNamespace")
        if bool(name) != bool(namespace):
            raise InvalidParameterException("Give both metricName and metricNamespace, or neither.")
        if group is not None:
            group_named(context, group)
        found = [
            each
            for each in sorted(
                backend.filters.metric_filters, key=lambda f: (f["filterName"], f["logGroupName"])
            )
            if (group is None or each["logGroupName"] == group)
            and each["filterName"].startswith(prefix)
            and (name is None or _measures(each, name, namespace))
        ]
        token = request.get("nextToken") or "0"
        if not token.isdecimal():
            raise InvalidParameterException("The specified nextToken is invalid.")
        start, end = int(token), int(token) + (request.get("limit") or _FILTERS_IN_A_PAGE)
        response: dict[str, Any] = {"metricFilters": found[start:end]}
        if end < len(found):
            response["nextToken"] = str(end)
        return response

    @handler("DeleteMetricFilter", expand=False)
    def delete_metric_filter(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        refuse_malformed(context, request)
        group, name = request["logGroupName"], request["filterName"]
        with self._changing:
            backend = _backend(context)
            group_named(context, group)
            if not any(each["filterName"] == name for each in log_intake.filters_of(backend, group)):
                raise ResourceNotFoundException("The specified metric filter does not exist.")
            self._remove(context, group, name)

    @handler("TestMetricFilter", expand=False)
    def test_metric_filter(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        refuse_malformed(context, request)
        pattern = parse_pattern(request["filterPattern"], "metric filter pattern")
        return {
            "matches": [
                {
                    "eventNumber": number,
                    "eventMessage": message,
                    "extractedValues": pattern.extract(message),
                }
                for number, message in enumerate(request["logEventMessages"], 1)
                if pattern.matches(message)
            ]
        }

    @handler("FilterLogEvents", expand=False)
    def filter_log_events(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        # Moto asks the pattern only about events: without this an empty group would take any pattern.
        parse_pattern(request.get("filterPattern") or "", "filter pattern")
        _refuse_to_unmask(context, request)
        with stored_events.unmasked(bool(request.get("unmask"))):
            return call_moto(context)

    @handler("GetLogEvents", expand=False)
    def get_log_events(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        _refuse_to_unmask(context, request)
        with stored_events.unmasked(bool(request.get("unmask"))):
            return call_moto(context)

    def delete_log_group(self, context: RequestContext, log_group_name: str, **kwargs: Any) -> None:
        """A log group takes its metric filters with it."""
        self.refuse_protected(context, log_group_name)
        call_moto(context)
        with self._changing:
            for each in log_intake.filters_of(_backend(context), log_group_name):
                self._remove(context, log_group_name, each["filterName"])

    def _remove(self, context: RequestContext, group: str, name: str) -> None:
        filters = _backend(context).filters
        filters.metric_filters = [
            each
            for each in filters.metric_filters
            if (each["logGroupName"], each["filterName"]) != (group, name)
        ]
        log_intake.FILTERS.forget(context.account_id, context.region, group, name)


@lru_cache(maxsize=8)
def pattern_matcher(pattern: str) -> Callable[[str, Any], bool]:
    """LocalStack's hook for subscription filters and FilterLogEvents.

    Whoever waits for an event asks for it again and again: what a message has come to is kept for a while.
    """
    is_match = lru_cache(maxsize=1000)(parse_pattern(pattern, "filter pattern").matches)

    def matches(_pattern: str, log_event: Any) -> bool:
        return is_match(log_event["message"] if isinstance(log_event, Mapping) else log_event.message)

    return matches


def _refuse_to_unmask(context: RequestContext, request: Mapping[str, Any]) -> None:
    """Who asks for data unmasked needs a permission of its own."""
    if request.get("unmask"):
        group = request.get("logGroupIdentifier") or request.get("logGroupName") or ""
        require_permission(context, "logs:Unmask", group_identified(context, group).arn + ":*")


def _backend(context: RequestContext) -> Any:
    return get_moto_logs_backend(context.account_id, context.region)


def _measures(metric_filter: Mapping[str, Any], name: str, namespace: str | None) -> bool:
    transformation = metric_filter["metricTransformations"][0]
    return bool(transformation["metricName"] == name and transformation["metricNamespace"] == namespace)


def _without_none(transformation: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in transformation.items() if value not in (None, {})}
