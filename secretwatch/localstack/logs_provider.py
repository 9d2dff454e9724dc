"""LocalStack's CloudWatch Logs, with metric filters and patterns that do what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.aws.api.logs import InvalidParameterException, ResourceNotFoundException
from localstack.services.logs import provider as localstack_logs
from localstack.services.logs.models import get_moto_logs_backend
from localstack.services.logs.provider import LogsProvider
from localstack.services.moto import call_moto
from moto.core.utils import unix_time_millis

from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern
from secretwatch.localstack.metric_filters import MetricFilterEngine


class CountingLogsProvider(LogsProvider):
    """Counts what is put into a log group in the group's own metric filters."""

    def __init__(self) -> None:
        super().__init__()
        self._engine = MetricFilterEngine()
        localstack_logs.get_pattern_matcher = pattern_matcher

    def on_before_start(self) -> None:
        self._engine.start()

    def on_before_stop(self) -> None:
        self._engine.stop()

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
        response = call_moto(context)
        backend = get_moto_logs_backend(context.account_id, context.region)
        filters = list(backend.filters.metric_filters)
        self._engine.observe(context.account_id, context.region, log_group_name, filters, log_events)
        return response

    @handler("PutMetricFilter", expand=False)
    def put_metric_filter(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        group, name = request["logGroupName"], request["filterName"]
        backend = get_moto_logs_backend(context.account_id, context.region)
        if group not in backend.groups:
            raise ResourceNotFoundException("The specified log group does not exist.")
        try:
            FilterPattern.parse(request["filterPattern"])
        except InvalidFilterPattern as error:
            raise InvalidParameterException(f"Invalid metric filter pattern: {error}") from error
        filters = backend.filters.metric_filters
        others = [each for each in filters if (each["logGroupName"], each["filterName"]) != (group, name)]
        self._engine.forget(context.account_id, context.region, group, name)
        backend.filters.metric_filters = [
            *others,
            {
                "filterName": name,
                "filterPattern": request["filterPattern"],
                "metricTransformations": [dict(each) for each in request["metricTransformations"]],
                "creationTime": int(unix_time_millis()),
                "logGroupName": group,
            },
        ]

    def delete_log_group(self, context: RequestContext, log_group_name: str, **kwargs: Any) -> None:
        """A log group takes its metric filters with it."""
        call_moto(context)
        backend = get_moto_logs_backend(context.account_id, context.region)
        backend.filters.metric_filters = [
            each for each in backend.filters.metric_filters if each["logGroupName"] != log_group_name
        ]


def pattern_matcher(pattern: str) -> Callable[[str, Any], bool]:
    """LocalStack's hook for subscription filters and FilterLogEvents."""
    try:
        parsed = FilterPattern.parse(pattern)
    except InvalidFilterPattern as error:
        raise InvalidParameterException(f"Invalid filter pattern: {error}") from error

    def matches(_pattern: str, log_event: Any) -> bool:
        message = log_event["message"] if isinstance(log_event, Mapping) else log_event.message
        return parsed.matches(message)

    return matches
