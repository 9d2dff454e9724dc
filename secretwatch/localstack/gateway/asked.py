"""Which of the plugin's request handlers are asked about a call: those that its operation concerns, in order.

Asked once for each operation and kept: most handlers are about a few operations, and every call would ask
them all. Here: who is asked. Not here: what the handlers refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from localstack.aws.api import RequestContext

Handler = Callable[[Any, RequestContext, Any], None]


class Concerned(Protocol):
    """A request handler, by LocalStack's signature, that says which operations it has to see."""

    def concerns(self, service: str, operation: Any) -> bool:
        """``service`` is botocore's name, ``operation`` its model: the answer never changes."""

    def __call__(self, chain: Any, context: RequestContext, response: Any, /) -> None: ...


class Asked:
    """A request handler: asks ``always`` of every call, then those of ``others`` that it concerns.

    Calls between LocalStack's services are nobody's: of them only those of ``internal`` are asked.
    """

    def __init__(
        self, always: Sequence[Handler], others: Sequence[Concerned], internal: Sequence[Concerned]
    ) -> None:
        self._asked: dict[bool, tuple[Sequence[Handler], Sequence[Concerned]]] = {
            False: (always, others),
            True: ((), internal),
        }
        self._by_operation: dict[tuple[str, str, bool], tuple[Handler, ...]] = {}

    def __call__(self, chain: Any, context: RequestContext, response: Any) -> None:
        service, operation = context.service, context.operation
        if service is None or operation is None:
            return
        key = service.service_name, operation.name, context.is_internal_call
        handlers = self._by_operation.get(key)
        if handlers is None:
            always, others = self._asked[key[2]]
            concerned = [each for each in others if each.concerns(key[0], operation)]
            handlers = self._by_operation[key] = (*always, *concerned)
        for handler in handlers:
            handler(chain, context, response)
