"""What is not there, of the services that have providers of their own."""

from __future__ import annotations

from .account import NO_KEY
from .case import Case

CASES: list[Case] = [
    *(
        Case(
            service, operation, code, None, lambda a, service=service, call=call: call(getattr(a, service), a)
        )
        for service, code, calls in (
            (
                "logs",
                "ResourceNotFoundException",
                {
                    "DeleteLogGroup": lambda c, a: c.delete_log_group(logGroupName="x"),
                    "DeleteMetricFilter": lambda c, a: c.delete_metric_filter(
                        logGroupName="x", filterName="x"
                    ),
                    "DescribeMetricFilters": lambda c, a: c.describe_metric_filters(logGroupName="x"),
                    "PutRetentionPolicy": lambda c, a: c.put_retention_policy(
                        logGroupName="x", retentionInDays=1
                    ),
                },
            ),
            (
                "events",
                "ResourceNotFoundException",
                {
                    "DescribeRule": lambda c, a: c.describe_rule(Name="x"),
                    "ListTargetsByRule": lambda c, a: c.list_targets_by_rule(Rule="x"),
                    "PutTargets": lambda c, a: c.put_targets(
                        Rule="x", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{a.id}:x"}]
                    ),
                    "RemoveTargets": lambda c, a: c.remove_targets(Rule="x", Ids=["1"]),
                },
            ),
            (
                "sns",
                "NotFound",
                {
                    "GetSubscriptionAttributes": lambda c, a: c.get_subscription_attributes(
                        SubscriptionArn=f"arn:aws:sns:us-east-1:{a.id}:x:{NO_KEY}"
                    ),
                    "GetTopicAttributes": lambda c, a: c.get_topic_attributes(
                        TopicArn=f"arn:aws:sns:us-east-1:{a.id}:x"
                    ),
                    "SetTopicAttributes": lambda c, a: c.set_topic_attributes(
                        TopicArn=f"arn:aws:sns:us-east-1:{a.id}:x",
                        AttributeName="DisplayName",
                        AttributeValue="x",
                    ),
                    "Subscribe": lambda c, a: c.subscribe(
                        TopicArn=f"arn:aws:sns:us-east-1:{a.id}:x", Protocol="email", Endpoint="a@example.com"
                    ),
                },
            ),
            (
                "sqs",
                "QueueDoesNotExist",
                {
                    "DeleteQueue": lambda c, a: c.delete_queue(QueueUrl=f"http://localhost:4566/{a.id}/x"),
                    "GetQueueAttributes": lambda c, a: c.get_queue_attributes(
                        QueueUrl=f"http://localhost:4566/{a.id}/x"
                    ),
                    "ListQueueTags": lambda c, a: c.list_queue_tags(
                        QueueUrl=f"http://localhost:4566/{a.id}/x"
                    ),
                    "SetQueueAttributes": lambda c, a: c.set_queue_attributes(
                        QueueUrl=f"http://localhost:4566/{a.id}/x", Attributes={"DelaySeconds": "1"}
                    ),
                },
            ),
        )
        for operation, call in calls.items()
    ),
    Case(
        "logs",
        "CreateLogGroup",
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
        lambda a: [a.logs.create_log_group(logGroupName="x") for _ in range(2)],
    ),
    Case(
        "logs",
        "PutMetricFilter",
        "ResourceNotFoundException",
        "The specified log group does not exist",
        lambda a: a.logs.put_metric_filter(
            logGroupName="x",
            filterName="x",
            filterPattern="",
            metricTransformations=[{"metricName": "x", "metricNamespace": "x", "metricValue": "1"}],
        ),
    ),
    Case(
        "events",
        "PutRule",
        "InvalidEventPatternException",
        "Event pattern is not valid.",
        lambda a: a.events.put_rule(Name="x", EventPattern="{"),
    ),
    Case(
        "events",
        "DeleteRule",
        "ValidationException",
        "Rule can't be deleted since it has targets.",
        lambda a: (
            a.events.put_rule(Name="x", EventPattern='{"source": ["x"]}'),
            a.events.put_targets(Rule="x", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{a.id}:x"}]),
            a.events.delete_rule(Name="x"),
        ),
    ),
    Case(
        "sns",
        "CreateTopic",
        "InvalidParameter",
        None,  # LocalStack's words, which are the API page's
        lambda a: a.sns.create_topic(Name="a b"),
        "name",
    ),
    Case(
        "sns",
        "Subscribe",
        "InvalidParameter",
        "Invalid parameter:",
        lambda a: a.sns.subscribe(
            TopicArn=a.sns.create_topic(Name="x")["TopicArn"], Protocol="nonsense", Endpoint="x"
        ),
    ),
    Case(
        "sqs",
        "CreateQueue",
        "InvalidAttributeName",
        "Unknown Attribute Nonsense.",
        lambda a: a.sqs.create_queue(QueueName="x", Attributes={"Nonsense": "1"}),
    ),
    Case(
        "sqs",
        "CreateQueue",
        "QueueNameExists",
        "A queue already exists with the same name and a different value for attribute",
        lambda a: [a.sqs.create_queue(QueueName="x", Attributes={"DelaySeconds": s}) for s in "12"],
    ),
]
