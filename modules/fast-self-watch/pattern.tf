# What the rules hear: calls that are no reads and name a part of this instance, whatever the calls are named, so that a call
# that AWS adds later is heard as well. A rule a part, so that nobody disables all of them with one call: the rule on rules
# hears of the others, and two of the others are on what its own message needs.
# A pattern takes 2,048 characters. Names are written out where they may be, so that no neighbour's are heard.

locals {
  state_machine = "arn:${var.account.partition}:states:${var.account.region}:${var.account.id}:stateMachine:${var.name}-heartbeat"
  details       = { for key, kind in { execution = "execution", machine = "stateMachine" } : key => "arn:${var.account.partition}:states:${var.account.region}:${var.account.id}:${kind}:${var.name}-details-" }
  log_group     = "arn:${var.account.partition}:logs:${var.account.region}:${var.account.id}:log-group:${var.log_group_name}"

  # Of this region or, where modules/global-events sends them, of another.
  bus = ["default", { suffix = ":${var.account.id}:event-bus/default" }]

  # Each alternative is what requestParameters may hold.
  parts = merge(
    {
      account = {
        what    = "account: calls that hold for everything in it"
        undo    = "terraform apply does not undo this: look at the call, and take back what it made"
        sources = ["aws.account", "aws.kms", "aws.logs", "aws.monitoring", "aws.observabilityadmin", "aws.organizations"]
        detail = { eventName = [
          "AcceptHandshake", "AssociateDatasetKmsKey", "AttachPolicy", "CloseAccount", "CreateTelemetryPipeline", "DeleteOrganization", "DetachPolicy", "DisableAWSServiceAccess",
          "DisableRegion", "DisconnectCustomKeyStore", "LeaveOrganization", "MoveAccount", "PutAccountPolicy", "RemoveAccountFromOrganization", "UpdateCustomKeyStore", "UpdatePolicy", "UpdateTelemetryPipeline",
        ] }
        parameters = []
      }
      bus = {
        what       = "event bus"
        undo       = "aws events remove-permission --statement-id, with the id in the event, or aws events update-event-bus --name default, without a key"
        sources    = ["aws.events"]
        detail     = { eventName = ["PutPermission", "UpdateEventBus"] }
        parameters = [{ eventBusName = local.bus }, { name = local.bus }, { eventBusName = [{ exists = false }], name = [{ exists = false }] }]
      }
      rules = {
        what       = "rules"
        undo       = "terraform apply"
        sources    = ["aws.events"]
        detail     = {}
        parameters = [for field in ["name", "rule"] : { (field) = concat([for name in concat(["${var.name}-self-watch-"], local.rules, [for prefix in ["${var.name}-details-"] : prefix if var.details]) : { prefix = name }], [for name in ["${var.name}-heartbeat"] : name if var.heartbeat_secret != null]) }]
      }
      trail = {
        what    = "trail"
        undo    = "aws cloudtrail start-logging --name ${var.trail.arn}, then terraform apply"
        sources = ["aws.cloudtrail"]
        detail  = { eventName = [{ "anything-but" = ["StartLogging"] }] }
        parameters = [
          { name = [var.trail.name, var.trail.arn] },
          # Selectors count where they leave reads out, not when they are set as they were.
          { trailName = [var.trail.name, var.trail.arn], "$or" = [
            { eventSelectors = { readWriteType = [{ exists = false }, { anything-but = ["All"] }] } },
            { eventSelectors = { includeManagementEvents = [false] } },
            { eventSelectors = { excludeManagementEventSources = [{ exists = true }] } },
          ] },
          { resourceId = [var.trail.arn] },
        ]
      }
    },
    # By the group, if it is the instance's own; else by the filters in it.
    { log-group = {
      what    = "log group and metric filters"
      undo    = "terraform apply"
      sources = ["aws.logs"]
      # CloudTrail makes its stream by itself.
      detail = { eventName = [{ "anything-but" = ["CreateLogStream"] }] }
      parameters = concat(
        [for group in [var.log_group_name] : { logGroupName = [group] } if var.owns_trail],
        [for group in [var.log_group_name] : { logGroupName = [group], filterName = [{ exists = false }] } if !var.owns_trail],
        [for group in [var.log_group_name] : { logGroupName = [group], filterName = [for prefix in var.filter_prefixes : { prefix = prefix }] } if !var.owns_trail],
        [for field in ["logGroupIdentifier", "resourceIdentifier", "resourceArn"] : { (field) = [var.log_group_name, local.log_group, "${local.log_group}:*"] }],
      )
    } },
    # Whether somebody else's bucket is known at all may be unknown: no bucket is called -.
    { bucket = {
      what       = "bucket of log files"
      undo       = "terraform apply"
      sources    = ["aws.s3"]
      detail     = { managementEvent = [true] }
      parameters = [{ bucketName = [coalesce(var.bucket_name, "-")] }]
    } },
    { for key, part in { keys = {
      what       = "keys"
      undo       = "aws kms cancel-key-deletion, then aws kms enable-key, with the --key-id in What. Then terraform apply"
      sources    = ["aws.kms"]
      detail     = {}
      parameters = [{ keyId = flatten([for arn in var.key_arns : [arn, reverse(split("/", arn))[0]]]) }]
    } } : key => part if var.keys > 0 },
    { for key, part in { heartbeat = {
      what    = "heartbeat"
      undo    = "For a deleted secret first aws secretsmanager restore-secret, for a policy on it aws secretsmanager delete-resource-policy, with --secret-id ${var.name}-heartbeat. Then terraform apply"
      sources = ["aws.events", "aws.secretsmanager", "aws.states"]
      # Starting an execution is what it does itself.
      detail = { eventName = [{ "anything-but" = ["StartExecution"] }] }
      parameters = [
        { stateMachineArn = [local.state_machine] },
        { resourceArn = [local.state_machine] },
        { secretId = [coalesce(var.heartbeat_secret, "-"), { prefix = "arn:${var.account.partition}:secretsmanager:${var.account.region}:${var.account.id}:secret:${coalesce(var.heartbeat_secret, "-")}" }] },
      ]
    } } : key => part if var.heartbeat_secret != null },
    { for key, part in { details = {
      what    = "details of its alarms: the state machines that say who"
      undo    = "terraform apply"
      sources = ["aws.states"]
      # EventBridge starts it.
      detail = { eventName = [{ "anything-but" = ["StartExecution"] }] }
      parameters = [
        { stateMachineArn = [{ prefix = local.details.machine }] },
        { resourceArn = [{ prefix = local.details.machine }] },
        { executionArn = [{ prefix = local.details.execution }] },
      ]
    } } : key => part if var.details },
    { for key, part in { roles = {
      what    = "roles"
      undo    = "terraform apply"
      sources = ["aws.iam"]
      detail  = {}
      # Role names are not told apart by case.
      parameters = [{ roleName = concat([for role in var.role_names : { "equals-ignore-case" = role }], [for prefix in ["${var.name}-details-"] : { prefix = { "equals-ignore-case" = prefix } } if var.details]) }]
    } } : key => part if length(var.role_names) > 0 || var.details },
    { for index, names in local.alarms : index == 0 ? "alarms" : "alarms-${index + 1}" => {
      what       = "alarms"
      undo       = "terraform apply puts back an alarm that was deleted, changed, or whose actions were turned off. It leaves a mute rule: aws cloudwatch delete-alarm-mute-rule, with the rule's name in What"
      sources    = ["aws.monitoring"]
      detail     = {}
      parameters = [{ alarmName = names }, { alarmNames = names }, { muteTargets = { alarmNames = names } }]
    } },
    { for index, arns in local.topics : index == 0 ? "topics" : "topics-${index + 1}" => {
      what    = "topics and subscriptions"
      undo    = "terraform apply. Unsubscribed addresses have to confirm again"
      sources = ["aws.sns"]
      detail  = {}
      parameters = [
        { topicArn = arns },
        { resourceArn = arns },
        { subscriptionArn = [for arn in arns : { prefix = "${arn}:" }] },
      ]
    } },
  )

  # Above these, all names that begin as the instance's: rather told of a neighbour than many rules.
  alarms = concat(
    [for prefix in ["${var.name}-"] : [{ prefix = prefix }] if length(var.alarm_names) > 24],
    [for names in chunklist(sort(var.alarm_names), 6) : names if length(var.alarm_names) <= 24],
  )
  rules = length(var.rule_prefixes) > 8 ? ["${var.name}-"] : var.rule_prefixes

  # Somebody else's topic may have a name of 256 characters.
  topics = concat(chunklist(var.watched_topic_arns.own, 4), chunklist(var.watched_topic_arns.given, 1))

  ################################################################################
  # Whose changes do not count
  ################################################################################

  # As in modules/realtime: the values of a field are alternatives, so there is one anything-but, of one kind.
  exact    = [for role in coalesce(var.except, []) : role if !endswith(role, "*")]
  prefixes = [for role in coalesce(var.except, []) : trimsuffix(role, "*") if endswith(role, "*")]
  issuer = concat(
    [{ exists = false }],
    [for texts in [local.exact] : { "anything-but" = texts } if length(local.prefixes) == 0],
    [for texts in [local.prefixes] : { "anything-but" = { prefix = texts } } if length(local.exact) == 0],
    [for texts in [concat(local.exact, [for prefix in local.prefixes : "${prefix}*"])] : { "anything-but" = { wildcard = texts } } if length(local.exact) > 0 && length(local.prefixes) > 0],
  )
  counted = { for field, value in { userIdentity = { sessionContext = { sessionIssuer = { arn = local.issuer } } } } : field => value if var.except == null ? false : length(var.except) > 0 }

  patterns = { for key, part in local.parts : key => jsonencode({
    "detail-type" = ["AWS API Call via CloudTrail"]
    source        = part.sources
    detail = merge(part.detail, local.counted, { readOnly = [false] }, { for field, choices in { requestParameters = part.parameters } : field =>
      # CloudTrail omits what is too large, and the name of the part with it: whoever pads a call shall not be unheard.
      { "$or" = concat(choices, [{ omitted = [true] }]) } if length(choices) > 0
    })
  }) }
}
