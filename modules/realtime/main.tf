# The fast path: EventBridge rules that decide as the watch's filters do, and send one message for each read
# (message.tf). What cannot be delivered waits in a queue, and an alarm tells.
# EventBridge sees a read within seconds, in its own region only, at best effort: the alarm stays the proof.

locals {
  # A rule's name has 64 characters: a is for allowed, r for refused.
  rule_keys  = { for key, pattern in local.patterns : key => replace(key, "/^(.)[a-z]+/", "$1") }
  rule_names = { for key, rule in local.rule_keys : key => "${var.name}-${var.key}-${rule}" }
  targets    = { for pair in setproduct(keys(local.patterns), keys(var.topic_arns)) : "${pair[0]}/${pair[1]}" => { rule = pair[0], topic = pair[1] } }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.patterns

  description   = "Watch ${var.key} of ${var.name}: ${each.value.allowed ? "allowed" : "refused"} calls"
  event_pattern = each.value.pattern
  name          = local.rule_names[each.key]
  tags          = var.tags

  # Reading is a read-only event: a rule in the state ENABLED never sees one.
  state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

  lifecycle {
    # New rules send before old ones stop: a read meanwhile is told twice rather than not at all.
    create_before_destroy = true

    precondition {
      condition     = length(each.value.pattern) <= local.longest_pattern
      error_message = "${var.definition.path}secrets and except make an event pattern of ${length(each.value.pattern)} characters, EventBridge takes ${local.longest_pattern}: write fewer principals in except, or the part that they share with a *, or realtime = false."
    }
  }
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.targets

  arn       = var.topic_arns[each.value.topic]
  rule      = aws_cloudwatch_event_rule.this[each.value.rule].name
  target_id = each.value.topic

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }

  input_transformer {
    input_paths    = contains(var.chat_topics, each.value.topic) ? local.chat_paths : local.paths
    input_template = (contains(var.chat_topics, each.value.topic) ? local.chat_templates : local.templates)[local.patterns[each.value.rule].allowed ? "allowed" : "refused"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

################################################################################
# What could not be delivered
################################################################################

locals {
  rules = "arn:${var.account.partition}:events:${var.account.region}:${var.account.id}:rule/${var.name}-${var.key}"
}

resource "aws_sqs_queue" "undelivered" {
  message_retention_seconds = 1209600
  name                      = "${var.name}-${var.key}-undelivered"
  sqs_managed_sse_enabled   = true
  tags                      = var.tags

  # Here and not in a resource of its own: the provider waits 25 s for each of them, and a rule that has a target
  # before its queue takes messages could lose the first.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RulesSend"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:${var.account.partition}:sqs:${var.account.region}:${var.account.id}:${var.name}-${var.key}-undelivered"
      # The one key that AWS documents for dead letters. What these rules are called, and no rule of an instance whose
      # name begins with ${var.name}-${var.key}: those have more hyphens, or three and end in -all.
      Condition = {
        ArnLike    = { "aws:SourceArn" = [for outcome in ["a", "r"] : "${local.rules}-${outcome}-*"] }
        ArnNotLike = { "aws:SourceArn" = ["${local.rules}-*-*-*-*", "${local.rules}-*-*-all"] }
      }
    }]
  })

  # Here, since there is one queue for all rules.
  lifecycle {
    precondition {
      condition     = length(var.definition.unknown) == (var.created == null ? 0 : length([for unknown in var.definition.unknown : unknown if unknown.name == var.created.name]))
      error_message = "${var.definition.path}realtime: no pattern of EventBridge can tell a name from longer names that begin with it, so realtime needs complete ARNs, and has none of ${join(", ", [for unknown in var.definition.unknown : unknown.name if unknown.name != try(var.created.name, "")])}. Write complete ARNs, let names be looked up (look_up_secrets = true), write a prefix such as \"prod/*\", or realtime = false."
    }

    precondition {
      condition     = var.heartbeat == null ? true : !anytrue([for prefix in var.definition.prefixes : startswith(var.heartbeat.secret_name, prefix)])
      error_message = "${var.definition.path}secrets has a prefix that ${try(var.heartbeat.secret_name, "")} begins with, the secret that this instance's heartbeat reads: an event pattern cannot leave one name out of a prefix, so each heartbeat would send a message. Write a longer prefix, \"*\", or realtime = false."
    }

    precondition {
      condition     = length([for arn in var.secret_arns : arn if split(":", arn)[3] != var.account.region || split(":", arn)[4] != var.account.id]) == 0
      error_message = "${var.definition.path}realtime: EventBridge in ${var.account.region} sees calls of account ${var.account.id} there, and would miss ${join(", ", [for arn in var.secret_arns : arn if split(":", arn)[3] != var.account.region || split(":", arn)[4] != var.account.id])}. Write realtime = false, or watch them from an instance in their own account and region."
    }
  }
}

# Earlier versions wrote the policy by a resource of its own: it stays as it is.
removed {
  from = aws_sqs_queue_policy.undelivered

  lifecycle {
    destroy = false
  }
}

locals {
  # An alarm adds up ten metrics at the most.
  failure_groups = chunklist(sort(values(local.rule_names)), 10)
  failure_alarms = [for index in range(length(local.failure_groups)) : "${var.name}-realtime-${var.key}${index == 0 ? "" : "--${index + 1}"}"]
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  count = length(local.failure_groups)

  alarm_actions       = var.alarm_topic_arns
  alarm_description   = "EventBridge could not deliver messages of watch ${var.key}. They wait in the queue ${aws_sqs_queue.undelivered.name}. Usual causes: the topic's policy or key no longer lets events.amazonaws.com in, or the topic is gone."
  alarm_name          = local.failure_alarms[count.index]
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 1
  tags                = var.tags
  threshold           = 1
  treat_missing_data  = "notBreaching"

  metric_query {
    expression  = join(" + ", [for index in range(length(local.failure_groups[count.index])) : "FILL(m${index}, 0)"])
    id          = "failed"
    label       = "FailedInvocations"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.failure_groups[count.index]

    content {
      id = "m${metric_query.key}"

      metric {
        dimensions  = { RuleName = metric_query.value }
        metric_name = "FailedInvocations"
        namespace   = "AWS/Events"
        period      = 300
        stat        = "Sum"
      }
    }
  }

  # Old rules and targets go after this alarm, and it comes after the new ones.
  depends_on = [aws_cloudwatch_event_target.this]
}
