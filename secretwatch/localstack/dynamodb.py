"""DynamoDB as moto has it, in memory. LocalStack's own needs Java, which the local cloud does without."""

from __future__ import annotations

from localstack.aws.api.dynamodb import DynamodbApi
from localstack.services.plugins import ServiceLifecycleHook
from localstack.state import StateVisitor


class DynamoDbProvider(DynamodbApi, ServiceLifecycleHook):
    """Every call is moto's."""

    def accept_state_visitor(self, visitor: StateVisitor) -> None:
        from moto.dynamodb.models import dynamodb_backends

        visitor.visit(dynamodb_backends)
