"""What the plugin relies on of LocalStack, and of moto within it: all of it, and what for.

LocalStack's interface for plugins is small: entry points, providers, handlers. Whatever else stands here is
its own, which it may change without a word. tests/unit/localstack/test_relies_on.py compares the list with
what the code names, and with the LocalStack that is installed: it says what is gone, and who asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

ENTRY_POINTS = {
    "localstack.aws.provider": "localstack.services.plugins:PLUGIN_NAMESPACE",
    "localstack.hooks.on_infra_shutdown": "localstack.runtime.hooks:HOOKS_ON_INFRA_SHUTDOWN",
    "localstack.hooks.on_infra_start": "localstack.runtime.hooks:HOOKS_ON_INFRA_START",
    "localstack.lambda.runtime_executor": (
        "localstack.services.lambda_.invocation.plugins:RuntimeExecutorPlugin.namespace"
    ),
    "localstack.runtime.components": "localstack.aws.components:AwsComponents.namespace",
}
"""Groups of pyproject.toml's, and where LocalStack says what it calls them."""


class Relied(NamedTuple):
    """One name, and what for.

    parameters: with which it is called, replaced or overridden; None where that does not matter.
    is_added: it is not LocalStack's, so that it must not be there without the plugin.
    """

    name: str
    why: str
    parameters: tuple[str, ...] | None
    is_added: bool


def relied_on() -> Iterator[Relied]:
    """Each name of the table, as `module:name`."""
    why = ""
    for entry in re.split(r"\n(?!\s{8})", _TABLE.strip()):
        if not entry.startswith(" "):
            why = entry.removesuffix(".")
            continue
        module, _, names = entry.partition(":")
        for added, name, called in re.findall(r"(\+?)([\w.]+)(\([^)]*\))?", names):
            parameters = tuple(re.findall(r"\w+", called)) if called else None
            yield Relied(f"{module.strip()}:{name}", why, parameters, bool(added))


# What for, then names by module. `name(one, two)`: with these parameters. `+name`: added by the plugin.
_TABLE = """
What LocalStack is told: ports, folders, providers, kinds of key ids.
    localstack: config config.GATEWAY_LISTEN config.LAMBDA_RUNTIME_EXECUTOR
        config.PARITY_AWS_ACCESS_KEY_ID config.RUNTIME_COMPONENTS config.SERVICE_PROVIDER_CONFIG
        config.SERVICE_PROVIDER_CONFIG.set_provider_if_not_exists(service, provider) config.dirs
        config.dirs.tmp config.internal_service_url() config.is_ipv6_address(host)
Its chain of handlers, in which calls are checked, refused and recorded.
    localstack.aws: handlers handlers.parse_service_name(chain, context, response)
        handlers.rewrite_region(chain, context, response) handlers.rewrite_region.region_rewriter_strategy
        handlers.rewrite_region.region_rewriter_strategy.available_regions
        handlers.run_custom_finalizers(chain, context, response)
        handlers.run_custom_response_handlers(chain, context, response)
        handlers.serve_custom_service_request_handlers(chain, context, response)
What a provider is made of: handlers, contexts, errors.
    localstack.aws.api: CommonServiceException RequestContext ServiceException handler()
Where request ids are made: AWS's have another form.
    localstack.aws.api: core core.long_uid()
A service's own errors and values, as its API has them.
    localstack.aws.api.cloudwatch: InvalidFormatFault ResourceNotFound
    localstack.aws.api.dynamodb: DynamodbApi
    localstack.aws.api.events: InvalidEventPatternException LimitExceededException RuleState
        RuleState.DISABLED
    localstack.aws.api.logs: InvalidParameterException LimitExceededException ResourceNotFoundException
    localstack.aws.api.sns: AuthorizationErrorException InvalidParameterException
    localstack.aws.api.stepfunctions: ExecutionStatus ExecutionStatus.RUNNING HistoryEventType
        HistoryEventType.TaskFailed InvalidArn InvalidDefinition LogLevel LogLevel.OFF
        TaskFailedEventDetails
The runtime's parts, of which the gateway and the server are ours.
    localstack.aws.components: AwsComponents AwsComponents.gateway AwsComponents.name
Calls of services to services, under the names of those who make them.
    localstack.aws.connect: ExternalClientFactory connect_to() connect_to.with_assumed_role(role_arn)
TLS and HTTP on one port.
    localstack.aws.serving.twisted: TLSMultiplexerFactory
Botocore's models as LocalStack reads them.
    localstack.aws.spec: load_service(service) loader loader.load_service_model()
Pages beside the APIs.
    localstack.http: Request Response
How calls are logged, for whole lines at once.
    localstack.logging.format: AddFormattedAttributes DefaultFormatter
The plugin's start and end.
    localstack.runtime: hooks hooks.on_infra_shutdown() hooks.on_infra_start()
The server, which is bound to the interfaces that were given.
    localstack.runtime.server.twisted: TwistedRuntimeServer
Where metrics are kept: read and written with units, and at AWS's minutes.
    localstack.services.cloudwatch.cloudwatch_database_helper: CloudwatchDatabase
        CloudwatchDatabase.DATABASE_LOCK CloudwatchDatabase.METRICS_DB_READ_ONLY
        CloudwatchDatabase.TABLE_AGGREGATED_METRICS CloudwatchDatabase.TABLE_SINGLE_METRICS
        CloudwatchDatabase._convert_timestamp_to_unix(timestamp)
        CloudwatchDatabase._get_ordered_dimensions_with_separator(dims)
        CloudwatchDatabase._restore_dimensions_from_string(dimensions)
        CloudwatchDatabase.list_metrics(account_id, region, namespace, metric_name, dimensions)
Where alarms are kept.
    localstack.services.cloudwatch.models: LocalStackCompositeAlarm LocalStackMetricAlarm
        cloudwatch_stores
Messages of alarms that are not of the usual kind.
    localstack.services.cloudwatch.provider_v2:
        create_message_response_update_composite_alarm_state_sns(composite_alarm, triggering_alarm,
        old_state) create_message_response_update_state_lambda(alarm, old_state, old_state_reason,
        old_state_timestamp)
The service, but for what alarms decide and metrics answer.
    localstack.services.cloudwatch.provider_v2: CloudwatchProvider CloudwatchProvider.__init__()
        CloudwatchProvider._set_alarm_actions(context, alarm_names, enabled)
        CloudwatchProvider.delete_alarms(context, alarm_names)
        CloudwatchProvider.describe_alarms_for_metric(context, metric_name, namespace)
        CloudwatchProvider.get_metric_data(context, metric_data_queries, start_time, end_time)
        CloudwatchProvider.get_metric_statistics(context, namespace, metric_name, start_time, end_time,
        period) CloudwatchProvider.get_store(account_id, region) CloudwatchProvider.on_after_state_reset()
        CloudwatchProvider.put_dashboard(context, dashboard_name, dashboard_body)
        CloudwatchProvider.put_metric_data(context, namespace)
The service, but for keys of volumes.
    localstack.services.ec2.provider: Ec2Provider Ec2Provider.__init__()
The router of pages beside the APIs.
    localstack.services.edge: ROUTER ROUTER.add()
Where buses, rules and targets are kept.
    localstack.services.events.models: events_stores
The service, but for what rules match, targets get and schedules start.
    localstack.services.events.provider: EventsProvider EventsProvider.__init__()
        EventsProvider._process_entry(entry, processed_entries, failed_entry_count, context)
        EventsProvider._process_rules(rule, region, account_id, event_formatted, trace_header)
        EventsProvider._target_sender_store EventsProvider.create_rule_service(name, region, account_id,
        schedule_expression, event_pattern, state, description, role_arn, tags, event_bus_name, targets)
        EventsProvider.create_target_sender(target, rule_arn, rule_name, region, account_id)
        EventsProvider.get_rule_service(region, account_id, rule_name, event_bus_name)
        EventsProvider.put_permission(context) EventsProvider.put_rule(context, name)
        EventsProvider.put_targets(context, rule, targets) EventsProvider.remove_permission(context)
How an event is written for a dead-letter queue.
    localstack.services.events.utils: to_json_str(obj)
Where keys are kept, and of which key a ciphertext is.
    localstack.services.kms.models: deserialize_ciphertext_blob(ciphertext_blob) kms_stores
Where functions are kept, whose policies are asked.
    localstack.services.lambda_.invocation.models: lambda_stores
An executor that stores functions and runs none.
    localstack.services.lambda_.invocation.plugins: RuntimeExecutorPlugin
    localstack.services.lambda_.invocation.runtime_executor: RuntimeExecutor
The documented hook for filter patterns.
    localstack.services.logs: provider provider.get_pattern_matcher(pattern)
Where log groups are kept: moto has them.
    localstack.services.logs.models: get_moto_logs_backend(account_id, region_name) logs_stores
The service, but for filters, settings and the taking in of events.
    localstack.services.logs.provider: LogsProvider LogsProvider.__init__()
Operations that only moto has.
    localstack.services.moto: MotoFallbackDispatcher(provider) call_moto(context)
How a provider is given to LocalStack.
    localstack.services.plugins: Service Service.for_provider(provider) ServiceLifecycleHook
        aws_provider()
Where buckets are kept, whose policies are asked.
    localstack.services.s3.models: s3_stores
The service, with its objects in the instance's own folder.
    localstack.services.s3.provider: S3Provider
    localstack.services.s3.storage.ephemeral: EphemeralS3ObjectStore
Which secret an id means to LocalStack.
    localstack.services.secretsmanager.provider: SecretsmanagerProvider
        SecretsmanagerProvider.get_moto_backend_for_resource(name_or_arn, context)
How messages go to subscribers, of which e-mails are kept here.
    localstack.services.sns: publisher publisher.store_delivery_log(message_context, subscriber, success)
    localstack.services.sns.publisher: HttpTopicPublisher HttpTopicPublisher._publish(context, subscriber)
        PublishDispatcher PublishDispatcher._should_publish(subscription_filter_policy, message_ctx,
        subscriber) PublishDispatcher.topic_notifiers TopicPublisher TopicPublisher._publish(context,
        subscriber) TopicPublisher.prepare_message(message_context, subscriber)
Where subscriptions are kept.
    localstack.services.sns.models: sns_stores
The service, but for what it refuses and to whom it delivers.
    localstack.services.sns.provider: SnsProvider SnsProvider.__init__() SnsProvider._get_topic(arn,
        context) SnsProvider.confirm_subscription(context, topic_arn, token)
        SnsProvider.create_topic(context, name) SnsProvider.delete_topic(context, topic_arn)
        SnsProvider.get_moto_backend(account_id, region_name) SnsProvider.get_store(account_id,
        region_name) SnsProvider.get_subscription_attributes(context, subscription_arn)
        SnsProvider.list_subscriptions(context) SnsProvider.list_subscriptions_by_topic(context,
        topic_arn) SnsProvider.publish(context, message) SnsProvider.set_subscription_attributes(context,
        subscription_arn, attribute_name) SnsProvider.set_topic_attributes(context, topic_arn,
        attribute_name) SnsProvider.subscribe(context, topic_arn, protocol)
        SnsProvider.unsubscribe(context, subscription_arn)
Where queues are kept, whose policies are asked.
    localstack.services.sqs.models: sqs_stores
Errors of states, which LocalStack names, matches and catches otherwise than AWS.
    localstack.services.stepfunctions.asl.component.common.error_name: custom_error_name
        custom_error_name.CustomErrorName custom_error_name.CustomErrorName.__init__(error_name)
        error_equals_decl error_equals_decl.ErrorEqualsDecl
        error_equals_decl.ErrorEqualsDecl._eval_body(env)
    localstack.services.stepfunctions.asl.component.common.error_name.error_name: ErrorName
    localstack.services.stepfunctions.asl.component.common.error_name.failure_event: FailureEvent
        FailureEventException
    localstack.services.stepfunctions.asl.component.common.error_name.states_error_name: StatesErrorName
    localstack.services.stepfunctions.asl.component.common.error_name.states_error_name_type:
        StatesErrorNameType StatesErrorNameType.StatesPermissions
Retries, which wait by a clock that can be called off.
    localstack.services.stepfunctions.asl.component.common.retry: retrier_decl retrier_decl.RetrierDecl
        retrier_decl.RetrierDecl._eval_body(env) retrier_decl.time
Definitions, which are parsed once.
    localstack.services.stepfunctions.asl.antlr.runtime.ASLLexer: ASLLexer
    localstack.services.stepfunctions.asl.antlr.runtime.ASLParser: ASLParser
    localstack.services.stepfunctions.asl.parse.asl_parser: ASLParserException
        AmazonStateLanguageParser AmazonStateLanguageParser.parse(definition) SyntaxErrorListener
    localstack.services.stepfunctions.asl.parse.preprocessor: Preprocessor
    localstack.services.stepfunctions.asl.static_analyser.static_analyser: StaticAnalyser
        StaticAnalyser.analyse(definition)
    localstack.services.stepfunctions.asl.static_analyser.variable_references_static_analyser:
        VariableReferencesStaticAnalyser VariableReferencesStaticAnalyser.process_and_get(definition)
Waits, which can be called off.
    localstack.services.stepfunctions.asl.component.state: state state.datetime
    localstack.services.stepfunctions.asl.component.state.state_wait.wait_function.wait_function:
        WaitFunction WaitFunction._wait_interval(env, wait_seconds)
Tasks: whose credentials, which service, what they answer.
    localstack.services.stepfunctions.asl.component.state.state_execution.state_task.credentials:
        StateCredentials
    localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service:
        state_task_service state_task_service.StateTaskService
        state_task_service.StateTaskService._eval_service_task(env, resource_runtime_part,
        normalised_parameters, state_credentials)
        state_task_service.StateTaskService._get_supported_parameters()
        state_task_service.StateTaskService._normalise_parameters(parameters, boto_service_name,
        service_action_name)
        state_task_service.StateTaskService._normalise_response(response, boto_service_name,
        service_action_name) state_task_service_aws_sdk
        state_task_service_aws_sdk.StateTaskServiceAwsSdk
        state_task_service_aws_sdk.StateTaskServiceAwsSdk._eval_service_task(env, resource_runtime_part,
        normalised_parameters, state_credentials)
        state_task_service_aws_sdk.StateTaskServiceAwsSdk._get_boto_service_name()
        state_task_service_aws_sdk.StateTaskServiceAwsSdk._normalise_service_error_name(service_name)
        state_task_service_factory state_task_service_factory.state_task_service_for(service_name)
    localstack.services.stepfunctions.asl.component.state.state_execution.state_task.state_task: StateTask
        StateTask._eval_state_credentials(env)
    localstack.services.stepfunctions.asl.utils.boto_client: boto_client_for(service, region,
        state_credentials)
The history and the logs of an execution.
    localstack.services.stepfunctions.asl.eval.event.event_detail: EventDetails
    localstack.services.stepfunctions.asl.eval.event.logging: CloudWatchLoggingConfiguration
        CloudWatchLoggingConfiguration.from_logging_configuration(state_machine_arn,
        logging_configuration)
Paths that find nothing.
    localstack.services.stepfunctions.asl.utils.json_path: NoSuchJsonPathError extract_json(path, data)
Executions and where they are kept: counted, announced, called off.
    localstack.services.stepfunctions.backend.execution: Execution
        Execution.publish_execution_status_change_event()
    localstack.services.stepfunctions.backend.store: sfn_stores
The service, but for what it refuses.
    localstack.services.stepfunctions.provider: StepFunctionsProvider StepFunctionsProvider.__init__()
        StepFunctionsProvider._raise_state_machine_does_not_exist(state_machine_arn)
        StepFunctionsProvider._validate_activity_name(name)
        StepFunctionsProvider._validate_definition(definition, static_analysers)
        StepFunctionsProvider._validate_state_machine_arn(state_machine_arn)
        StepFunctionsProvider.create_state_machine(context, request)
        StepFunctionsProvider.describe_state_machine(context, state_machine_arn)
        StepFunctionsProvider.get_store(context) StepFunctionsProvider.start_execution(context,
        state_machine_arn) StepFunctionsProvider.update_state_machine(context, state_machine_arn)
The service, and where sessions are kept: keys as on AWS, trust policies asked.
    localstack.services.sts.models: sts_stores
    localstack.services.sts.provider: StsProvider StsProvider.assume_role(context, role_arn,
        role_session_name)
DynamoDB without its server, which is not installed.
    localstack.state: StateVisitor
LocalStack's own engines of event patterns, of which none is asked.
    localstack.utils: event_matcher event_matcher._event_pattern_compiler event_matcher._event_rule_engine
How ARNs are read and written.
    localstack.utils.aws: arns arns.cloudwatch_alarm_arn(alarm_name, account_id, region_name)
        arns.firehose_name(firehose_arn) arns.kinesis_stream_name(kinesis_arn)
        arns.lambda_function_name(name_or_arn) arns.parse_arn(arn)
    localstack.utils.aws.arns: sqs_queue_url_for_arn(queue_arn)
What LocalStack remembers of where S3 is.
    localstack.utils.aws: aws_stack aws_stack.CACHE_S3_HOSTNAME_DNS_STATUS
Who a service is when it calls another.
    localstack.utils.aws.client_types: ServicePrincipal ServicePrincipal.logs
Who signed a request.
    localstack.utils.aws.request_context: extract_access_key_id_from_auth_header(headers)
        extract_account_id_from_auth_header(headers)
Where rules are matched, which is replaced.
    localstack.utils.event_matcher: matches_event(event_pattern, event)
Ids that are made of time and chance.
    localstack.utils.xray.trace_header: TraceHeader
    localstack.utils.xray.traceid: TraceId TraceId.__init__()
Names and times as moto writes them.
    moto.core.utils: camelcase_to_underscores(argument) unix_time_millis()
Where tables are kept.
    moto.dynamodb.models: dynamodb_backends
Errors of VPCs that are not there, as EC2 words them.
    moto.ec2.exceptions: EC2ClientError EC2ClientError.__init__() InvalidVPCIdError
        InvalidVPCIdError.__init__(vpc_id)
    moto.ec2.models.vpcs: VPCBackend VPCBackend.describe_vpcs()
Ids of policies, which have a form of their own on AWS.
    moto.iam: models models.random_policy_id()
Where users, roles, policies and keys are kept; managed policies are read once.
    moto.iam.models: AccessKey AccessKey.__init__(user_name, prefix, account_id) IAMBackend
        IAMBackend._init_aws_policies() IAMBackend._init_managed_policies() iam_backends
How moto makes ids of keys and roles.
    moto.iam.utils: AWS_ROLE_ALPHABET generate_access_key_id_from_account_id(account_id, prefix)
Errors of CloudWatch Logs that moto raises.
    moto.logs.exceptions: ResourceAlreadyExistsException ResourceNotFoundException
Where events, streams and filters are kept; what comes in is counted.
    moto.logs.models: LogEvent LogEvent.__init__(ingestion_time, log_event) LogStream
        LogStream.put_log_events(log_events) SubscriptionFilter logs_backends
Where organisations are kept, and which services can be delegated.
    moto.organizations.models: FakeDelegatedAdministrator FakeDelegatedAdministrator.SUPPORTED_SERVICES
        organizations_backends organizations_backends.master_accounts
Where secrets are kept; batches and replicas are put right.
    moto.secretsmanager.models: ReplicaSecret +ReplicaSecret.account_id +ReplicaSecret.deleted_date
        +ReplicaSecret.kms_key_id +ReplicaSecret.policy SecretsManagerBackend
        SecretsManagerBackend.batch_get_secret_value()
        SecretsManagerBackend.remove_regions_from_replication(secret_id, replica_regions)
        SecretsManagerBackend.replicate_secret_to_regions(secret_id, replica_regions, force_overwrite)
        secretsmanager_backends
Where topics are kept, whose policies are asked.
    moto.sns.models: sns_backends
Where sessions are kept, and how their tokens are made.
    moto.sts.models: sts_backends
    moto.sts.utils: random_session_token()
The gateway as twisted serves it.
    rolo.serving.twisted: TwistedGateway
"""
