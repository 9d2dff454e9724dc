locals {
  secret_arns = "arn:${local.account.partition}:secretsmanager:${local.account.region}:${local.account.id}:secret:"

  # Those that watch the secret that is created here.
  watch_created = var.secret == null ? [] : [for key, watch in local.watches : key if anytrue([
    for secret in watch.secrets : endswith(secret, "*") ? startswith(var.secret.name, trimsuffix(secret, "*")) : contains([var.secret.name, "${local.secret_arns}${var.secret.name}"], secret)
  ])]

  watches_out = { for key, watch in local.watches : key => {
    account_id              = local.account.id
    alarm                   = watch.alarm
    alarm_arn               = module.watch[key].alarm_arn
    alarm_console_url       = "https://${local.account.region}.${local.console_domain}/cloudwatch/home?region=${local.account.region}#alarmsV2:alarm/${urlencode(module.watch[key].alarm_name)}"
    alarm_name              = module.watch[key].alarm_name
    alarm_period            = watch.alarm.period
    blind_alarm_name        = module.self_watch.blind_alarm_name
    bucket_name             = local.trail.bucket_name
    details                 = watch.details ? { alarm_name = module.details[key].alarm_name, rule_name = module.details[key].rule_name, state_machine_arn = module.details[key].state_machine_arn } : null
    fast_self_watch         = local.fast ? { rule_names = module.fast_self_watch[0].rule_names, topic_arns = module.fast_self_watch[0].topic_arns } : null
    filter_pattern          = module.watch[key].filter_patterns[0]
    filter_patterns         = module.watch[key].filter_patterns
    heartbeat               = local.beats ? { alarm_name = module.heartbeat["this"].alarm_name, minutes = module.heartbeat["this"].minutes, secret_name = local.heartbeat.secret_name, state_machine_arn = module.heartbeat["this"].state_machine_arn } : null
    kms_key_arn             = local.trail.kms_key_arn
    log_group_arn           = local.trail.log_group_arn
    log_group_name          = local.trail.log_group_name
    logs_insights_query     = module.watch[key].logs_insights_query
    metric_filter_name      = module.watch[key].metric_filter_names[0]
    metric_filter_names     = module.watch[key].metric_filter_names
    metric_name             = watch.metric_name
    metric_namespace        = "secretwatch/${var.name}"
    name                    = var.name
    notifications_topic_arn = local.trail.notifications_topic_arn
    organization            = var.trail.organization != null
    realtime                = watch.realtime ? { alarm_names = module.realtime[key].alarm_names, dead_letter_queue_url = module.realtime[key].dead_letter_queue_url, rule_names = module.realtime[key].rule_names, topic_arns = module.realtime[key].topic_arns } : null
    region                  = local.account.region
    secret_arn              = contains(local.watch_created, key) ? module.secret[0].arn : null
    secret_name             = contains(local.watch_created, key) ? module.secret[0].name : null
    secrets                 = sort(watch.secrets)
    stuck_alarm_name        = module.watch[key].stuck_alarm_name
    tamper_alarm_name       = module.self_watch.tamper_alarm_name
    topic_arn               = module.alerts.topic_arns[sort(watch.topics)[0]]
    topic_arns              = [for topic in sort(watch.topics) : module.alerts.topic_arns[topic]]
    trail_arn               = local.owns_trail ? module.trail[0].arn : module.existing_trail[0].arn
    trail_name              = local.trail.name
    watch                   = key
  } }

  # One object for tools (and for a root module that hands it on), one output a field for people.
  watch = local.watches_out[local.first]
  # A watch that a read rings, if there is one.
  first = concat(
    [for key in sort(keys(local.watches)) : key if local.watches[key].outcome != "denied" && length(setintersection(local.watches[key].events, ["reads", "GetSecretValue", "touches"])) > 0 && !(var.decoys != null && key == "decoys")],
    var.decoys == null ? [] : ["decoys"],
    sort(keys(local.watches)),
  )[0]

  filters = sum(concat([module.self_watch.metric_filters, local.beats ? 1 : 0], [for watch in module.watch : length(watch.filter_patterns)]))
  largest = reverse(sort(concat(
    [for key, watch in module.watch : format("%05d watch %s", length(watch.filter_patterns), key)],
    [format("%05d the self-watch", module.self_watch.metric_filters)],
  )))[0]

  with_expressions = [for key, watch in module.watch : key if watch.regular_expressions > 0]
  expressions      = sum(values(module.watch)[*].regular_expressions)
}

output "watch" {
  description = "Everything below in one object, as `secretwatch smoke` takes it. Of several watches it is the first that a read rings."
  value       = local.watch

  precondition {
    condition     = local.filters <= 100
    error_message = "All watches together take ${local.filters} metric filters, most of them (${tonumber(split(" ", local.largest)[0])}) ${substr(local.largest, 6, -1)}: a log group takes 100. Write prefixes such as \"prod/*\" in a watch, or \"*\" with except, fewer roles in self_watch.except, or move a watch to another instance, with another log group."
  }

  precondition {
    condition     = length(local.clashes) == 0
    error_message = "name is \"${var.name}\", and the account has ${join(", ", local.beside)}, too (a log group /aws/cloudtrail/${try(local.beside[0], "")}): what is called ${join(", ", local.clashes)} could be of both, and AWS replaces one by the other without an error. Write another name for that watch or topic."
  }

  precondition {
    condition     = local.expressions <= 5
    error_message = "The watches ${join(", ", local.with_expressions)} have secrets without complete ARNs, and take ${local.expressions} filters with regular expressions: a log group takes 5. Write complete ARNs, let names be looked up (look_up_secrets = true), write prefixes such as \"prod/*\", or move a watch to another instance, with another log group."
  }
}

output "watches" {
  description = "An object like `watch` for each watch, by name."
  value       = local.watches_out
}

output "account_id" {
  description = "Account this is deployed in."
  value       = local.watch.account_id
}

output "alarm_arn" {
  description = "ARN of the alarm."
  value       = local.watch.alarm_arn
}

output "alarm_console_url" {
  description = "Link to the alarm in the AWS console."
  value       = local.watch.alarm_console_url
}

output "alarm_name" {
  description = "Name of the alarm."
  value       = local.watch.alarm_name
}

output "alarm_period" {
  description = "Seconds over which the alarm counts reads."
  value       = local.watch.alarm_period
}

output "blind_alarm_name" {
  description = "Alarm that rings when no events arrive; null when there is none."
  value       = local.watch.blind_alarm_name
}

output "bucket_name" {
  description = "Bucket that keeps the trail's log files."
  value       = local.watch.bucket_name
}

output "details" {
  description = "The state machine that says who it was, the rule that starts it, and the alarm that rings if it fails (decoys with `realtime` have none); null without details."
  value       = local.watch.details
}

output "dashboard_url" {
  description = "Link to the dashboard in the AWS console; null without one."
  value       = var.dashboard ? "https://${local.account.region}.${local.console_domain}/cloudwatch/home?region=${local.account.region}#dashboards/dashboard/${module.dashboard[0].name}" : null
}

output "fast_self_watch" {
  description = "Rules and topics that tell of changes to this instance within seconds; null when that is off."
  value       = local.watch.fast_self_watch
}

output "filter_pattern" {
  description = "First filter pattern of the watch: what counts as a read, in CloudWatch Logs' pattern language."
  value       = local.watch.filter_pattern
}

output "filter_patterns" {
  description = "All filter patterns of the watch, in CloudWatch Logs' pattern language: an event counts if any of them matches."
  value       = local.watch.filter_patterns
}

output "guardrails" {
  description = "Statements for a service control policy or a permissions boundary: nobody may write into the instance's metrics, and only CloudTrail's role into its log group (docs/permissions.md says what they prevent, and what not). If the trail is not looked at, the statement on the log group is missing."
  # Metrics have no ARN: the namespace is what AWS tells them apart by. CreateLogStream is documented with the log group's ARN,
  # and asked for with the stream's: both are written.
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html
  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
  value = concat(
    [{
      Sid       = "NobodyForgesMetrics"
      Effect    = "Deny"
      Action    = ["cloudwatch:PutMetricData"]
      Resource  = ["*"]
      Condition = { StringEquals = { "cloudwatch:namespace" = "secretwatch/${var.name}" } }
    }],
    # Without the role's name it would stop CloudTrail's own events.
    [for role in [local.trail.role_arn] : {
      Sid       = "NobodyForgesEvents"
      Effect    = "Deny"
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = [for end in ["", ":*"] : "arn:${local.account.partition}:logs:${local.account.region}:${local.account.id}:log-group:${local.trail.log_group_name}${end}"]
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = role } }
    } if role != null],
  )
}

output "heartbeat" {
  description = "The heartbeat's alarm, the minutes without a heartbeat after which it rings, its secret and its state machine; null without a heartbeat."
  value       = local.watch.heartbeat
}

output "kms_key_arn" {
  description = "Key that encrypts log files and log group."
  value       = local.watch.kms_key_arn
}

output "log_group_arn" {
  description = "ARN of the log group, without a trailing :*."
  value       = local.watch.log_group_arn
}

output "log_group_name" {
  description = "Log group that receives CloudTrail's events."
  value       = local.watch.log_group_name
}

output "logs_insights_query" {
  description = "Logs Insights query that shows who read."
  value       = local.watch.logs_insights_query
}

output "metric_filter_name" {
  description = "Name of the metric filter."
  value       = local.watch.metric_filter_name
}

output "metric_filter_names" {
  description = "Names of the metric filters."
  value       = local.watch.metric_filter_names
}

output "metric_name" {
  description = "Name of the metric that counts reads."
  value       = local.watch.metric_name
}

output "metric_namespace" {
  description = "Namespace of the metric."
  value       = local.watch.metric_namespace
}

output "name" {
  description = "Name of this instance."
  value       = local.watch.name
}

output "notifications_topic_arn" {
  description = "Topic that gets a message for each log file; null without one."
  value       = local.watch.notifications_topic_arn
}

locals {
  # Roles of this instance that publish, by topic, and those of them that use the topics' key. A policy takes no principal
  # that is not there yet: so it lets the account, on the condition that it is one of them.
  roles_of_topics = { for topic in keys(local.topics) : topic => [for key, watch in local.detailed : module.details[key].role_arn if contains(watch.topics, topic)] }
  roles_of_key = concat(
    [for key, watch in local.detailed : module.details[key].role_arn if anytrue([for topic in watch.topics : contains(local.own_topics, topic)])],
    local.pings && length(local.own_topics) > 0 ? [local.heartbeat.role_arn] : [],
  )
  one_of_these = { AWS = "arn:${local.account.partition}:iam::${local.account.id}:root" }
}

output "policy_statements" {
  description = "Statements that the policies of given buckets, keys and topics need, as lists; empty for those that the module creates."
  value = {
    bucket              = try(module.trail[0].policy_statements.bucket, [])
    notifications_topic = try(module.trail[0].policy_statements.notifications_topic, [])
    topics = { for topic, statements in module.alerts.policy_statements.topics : topic => concat(statements, [for roles in [local.roles_of_topics[topic]] : {
      Sid       = "RolesPublish"
      Effect    = "Allow"
      Principal = local.one_of_these
      Action    = "sns:Publish"
      Resource  = local.topics[topic].existing.arn
      Condition = { ArnEquals = { "aws:PrincipalArn" = roles } }
      # In its own account the role's policy is enough.
    } if length(roles) > 0 && split(":", local.topics[topic].existing.arn)[4] != local.account.id]) }
    topics_key = concat(module.alerts.policy_statements.key, [for roles in [local.roles_of_key] : {
      Sid       = "RolesPublishEncrypted"
      Effect    = "Allow"
      Principal = local.one_of_these
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = { ArnEquals = { "aws:PrincipalArn" = roles } }
    } if length(roles) > 0 && var.kms_keys.topics != null])
    trail_key = try(module.trail[0].policy_statements.key, [])
  }
}

output "realtime" {
  description = "Rules, queue and alarms of the fast path; null when it is off."
  value       = local.watch.realtime
}

output "region" {
  description = "Region this is deployed in."
  value       = local.watch.region
}

output "secret_arn" {
  description = "ARN of the created secret; null when none was."
  value       = local.watch.secret_arn
}

output "secret_name" {
  description = "Name of the created secret; null when none was."
  value       = local.watch.secret_name
}

output "secrets" {
  description = "Names and ARNs of all watched secrets."
  value       = local.watch.secrets
}

output "stuck_alarm_name" {
  description = "Alarm that rings when the watch's alarm stays in ALARM, because then new reads send no message; null when there is none."
  value       = local.watch.stuck_alarm_name
}

output "tamper_alarm_name" {
  description = "Alarm that rings when this instance is changed; null when there is none."
  value       = local.watch.tamper_alarm_name
}

output "topic_arn" {
  description = "Topic that the alarm publishes to."
  value       = local.watch.topic_arn
}

output "topic_arns" {
  description = "Topics that the alarm publishes to."
  value       = local.watch.topic_arns
}

output "trail_arn" {
  description = "ARN of the trail."
  value       = local.watch.trail_arn
}

output "trail_name" {
  description = "Name of the trail."
  value       = local.watch.trail_name
}
