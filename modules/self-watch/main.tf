# The watch watches itself: an alarm when somebody takes a part of this instance away, one when nothing
# arrives any more, one when a topic cannot deliver. All conditions carry this instance's names, whole.

locals {
  # Each service's calls that blind or silence this instance, as a condition of a filter pattern. Terraform's own changes
  # count, too: whoever applies is told that the watch changed. Names may be known only in the apply, how many patterns
  # there are has to be known before: so sizes are those of the longest that a name can be.
  longest_pattern = 1024
  trail_bytes     = var.owns_trail ? length(var.name) : 128
  bucket_bytes    = 63
  role_bytes      = 64
  arn_bytes       = length("arn:aws-us-gov:sns:ap-southeast-1:123456789012:")

  # A multi-region trail, and more so an organisation's, brings events of instances elsewhere that have the same name.
  many_accounts = var.organization || !var.owns_trail
  here          = join(" && ", concat(["$.awsRegion = \"${var.account.region}\""], local.many_accounts ? ["$.recipientAccountId = \"${var.account.id}\""] : []))
  here_bytes    = length("$.awsRegion = \"ap-southeast-1\"") + (local.many_accounts ? length(" && $.recipientAccountId = \"123456789012\"") : 0)

  # A trail may be the organisation's management account's, which can stop it as well.
  where = !var.owns_trail ? "" : split(":", var.trail.arn)[4] == var.account.id ? " && ${local.here}" : " && $.awsRegion = \"${var.account.region}\""

  # A trail is named by name or by ARN. Selectors count where they leave reads out, not when they are set as they were.
  trail     = "(($.eventName = \"StopLogging\" || $.eventName = \"DeleteTrail\" || $.eventName = \"UpdateTrail\") && ($.requestParameters.name = \"«»\" || $.requestParameters.name = \"*:trail/«»\")«where»)"
  selectors = "($.eventName = \"PutEventSelectors\" && ($.requestParameters.trailName = \"«»\" || $.requestParameters.trailName = \"*:trail/«»\")«where» && ($.requestParameters.eventSelectors[0].readWriteType NOT EXISTS || $.requestParameters.eventSelectors[0].readWriteType != \"All\" || $.requestParameters.eventSelectors[0].includeManagementEvents IS FALSE || $.requestParameters.eventSelectors[0].excludeManagementEventSources[0] = \"*\"))"
  log_group = "($.requestParameters.logGroupName = \"${var.log_group_name}\" && ($.eventName = \"DeleteLog*\" || $.eventName = \"*RetentionPolicy\" || $.eventName = \"*ssociateKmsKey\" || $.eventName = \"PutSubscriptionFilter\") && «here»)"
  protected = "(($.eventName = \"PutDataProtectionPolicy\" || $.eventName = \"DeleteDataProtectionPolicy\" || $.eventName = \"*ssociateKmsKey\") && (${join(" || ", [for field in ["logGroupIdentifier", "resourceIdentifier"] : "$.requestParameters.${field} = \"*${var.log_group_name}\" || $.requestParameters.${field} = \"*${var.log_group_name}:*\""])}) && «here»)"
  bucket    = "($.requestParameters.bucketName = \"«»\" && ($.eventName = \"DeleteBucket*\" || $.eventName = \"PutBucket*\"))"
  role      = "($.requestParameters.roleName = \"«»\" && ($.eventName = \"Delete*\" || $.eventName = \"Put*\" || $.eventName = \"Update*\" || $.eventName = \"*tachRolePolicy\")«account»)"
  # Policies that hold for all of the account: they name no part, and nobody changes them often.
  account_policies = "(($.eventName = \"PutAccountPolicy\" || $.eventName = \"AssociateDatasetKmsKey\" || $.eventName = \"CreateTelemetryPipeline\" || $.eventName = \"UpdateTelemetryPipeline\") && «here»)"
  bus              = "($.eventSource = \"events.amazonaws.com\" && ($.eventName = \"PutPermission\" || $.eventName = \"UpdateEventBus\") && ($.requestParameters.eventBusName = \"*default\" || $.requestParameters.name = \"*default\" || ($.requestParameters.eventBusName NOT EXISTS && $.requestParameters.name NOT EXISTS))«account»)"
  # Who looks up who it was: all of them begin alike.
  machine        = "(($.eventName = \"UpdateStateMachine\" || $.eventName = \"DeleteStateMachine\") && $.requestParameters.stateMachineArn = \"arn:${var.account.partition}:states:${var.account.region}:${var.account.id}:stateMachine:${var.name}-details-*\")"
  omitted        = "($.requestParameters.omitted IS TRUE && $.readOnly IS FALSE && (${join(" || ", [for source in concat(["cloudtrail", "events", "iam", "kms", "logs", "monitoring", "s3", "sns"], [for source in ["states"] : source if var.details]) : "$.eventSource = \"${source}.amazonaws.com\""])})«account»)"
  account_region = "($.eventSource = \"account.amazonaws.com\" && $.eventName = \"DisableRegion\" && $.requestParameters.regionName = \"«region»\"«account»)"
  organization   = "($.eventSource = \"organizations.amazonaws.com\" && (${join(" || ", [for name in ["*tachPolicy", "UpdatePolicy", "MoveAccount", "DisableAWSServiceAccess", "DeleteOrganization", "RemoveAccount*", "LeaveOrganization", "CloseAccount", "AcceptHandshake"] : "$.eventName = \"${name}\""])})«account»)"

  topic      = "(((($.eventName = \"DeleteTopic\" || $.eventName = \"SetTopicAttributes\" || $.eventName = \"*Permission\") && $.requestParameters.topicArn = \"«»\") || (($.eventName = \"Unsubscribe\" || $.eventName = \"SetSubscriptionAttributes\") && $.requestParameters.subscriptionArn = \"«»:*\")))"
  topic_data = "($.eventName = \"PutDataProtectionPolicy\" && $.requestParameters.resourceArn = \"«»\")"

  # What is named after the instance (names.tf).
  alarm = "((«») && ($.eventName = \"Put*Alarm\" || $.eventName = \"SetAlarmState\" || $.eventName = \"DeleteAlarms\" || $.eventName = \"DisableAlarmActions\") && «here»)"
  # A mute rule has a name of its own, and lists alarms: by how they begin, since a pattern has three wildcards [*].
  mute   = "($.eventName = \"PutAlarmMuteRule\" && $.requestParameters.muteTargets.alarmNames[*] = \"${var.name}-*\" && «here»)"
  filter = "($.eventName = \"*MetricFilter\" && «here» && («»))"
  rule   = "(($.eventName = \"PutRule\" || $.eventName = \"DeleteRule\" || $.eventName = \"*ableRule\") && «here» && («»))"
  target = "($.eventName = \"*Targets\" && «here» && («»))"

  without_wildcard = concat(
    # Whether somebody else's bucket is known at all may be unknown: its condition is part of another.
    [{
      size = 2 * local.trail_bytes + local.here_bytes + length(local.trail) + length(local.bucket) + local.bucket_bytes
      text = join(" || ", compact([replace(replace(local.trail, "«»", var.trail.name), "«where»", local.where), var.bucket_name == null ? "" : replace(local.bucket, "«»", coalesce(var.bucket_name, "-"))]))
    }],
    [{
      # The longest of all, to which exceptions come: it says where only if there are none.
      size = 2 * local.trail_bytes + length(local.selectors) + (local.excepted == 0 ? local.here_bytes : 0)
      text = replace(replace(local.selectors, "«»", var.trail.name), "«where»", local.excepted == 0 ? local.where : "")
    }],
    [for text in concat(
      [local.log_group, local.protected, local.account_policies],
      [for names in local.filter_names : replace(local.filter, "«»", names)],
      [for names in local.rule_names : replace(local.rule, "«»", names)],
      [for names in local.target_names : replace(local.target, "«»", names)],
    ) : { size = length(text) + local.here_bytes, text = replace(text, "«here»", local.here) }],
    [for key in sort(keys(var.topic_names)) : {
      size = length("${local.topic} || ${local.topic_data}") + 3 * (local.arn_bytes + length(var.topic_names[key]))
      text = replace("${local.topic} || ${local.topic_data}", "«»", var.topic_arns[key])
    }],
    # Global services' events are of one region, whichever that is.
    [for text in concat([local.account_region, local.organization, local.omitted], [for text in [local.bus] : text if var.fast]) : {
      size = length(text) + length("ap-southeast-1") + length(" && $.recipientAccountId = \"123456789012\"")
      text = replace(replace(text, "«region»", var.account.region), "«account»", local.many_accounts ? " && $.recipientAccountId = \"${var.account.id}\"" : "")
    }],
    [for text in [local.machine] : { size = length(text), text = text } if var.details],
    [for role in concat(var.role_names, [for role in ["${var.name}-details-*"] : role if var.details]) : {
      size = length(local.role) + local.role_bytes + length(" && $.recipientAccountId = \"123456789012\"")
      text = replace(replace(local.role, "«»", role), "«account»", local.many_accounts ? " && $.recipientAccountId = \"${var.account.id}\"" : "")
    }],
  )
  with_wildcard = concat(
    [for text in [local.mute] : { size = length(text) + local.here_bytes, text = replace(text, "«here»", local.here) }],
    [for text in [for names in local.alarms : replace(local.alarm, "«»", names)] : { size = length(text) + local.here_bytes, text = replace(text, "«here»", local.here) }],
  )

  # Alarms together with all else, or each by themselves, whichever takes fewer patterns.
  conditions = concat(local.with_wildcard, local.without_wildcard)
  apart      = concat(module.alarms.groups, [for group in module.others.groups : [for index in group : index + length(local.with_wildcard)]])
  groups     = length(module.all.groups) <= length(local.apart) ? module.all.groups : local.apart

  # A key is called by its id or its ARN, and has neither before it is created: a pattern that a first plan cannot show.
  key_conditions = length(var.key_arns) == 0 ? [] : ["$.eventSource = \"kms.amazonaws.com\" && ($.eventName = \"DisableKey\" || $.eventName = \"ScheduleKeyDeletion\" || $.eventName = \"PutKeyPolicy\") && (${join(" || ", [for arn in var.key_arns : "$.requestParameters.keyId = \"*${reverse(split("/", arn))[0]}\""])})"]

  # As in a watch, up to three roles may be known only in the apply.
  excepted     = var.except == null ? 0 : length(var.except)
  except       = local.excepted == 0 ? "" : " && ($.userIdentity.sessionContext.sessionIssuer.arn NOT EXISTS || (${join(" && ", [for arn in var.except : "$.userIdentity.sessionContext.sessionIssuer.arn != \"${arn}\""])}))"
  except_bytes = local.excepted == 0 ? 0 : local.excepted <= 3 ? 80 + 190 * local.excepted : length(local.except)

  room = local.longest_pattern - length("{ () }") - local.except_bytes

  # Somebody else's topic may have a name of 256 characters, which fills a pattern.
  given = sort(setsubtract(keys(var.topic_arns), keys(var.topic_names)))
  patterns = [for conditions in concat(
    [for group in local.groups : [for index in group : local.conditions[index].text]],
    [for pair in setproduct(local.given, ["topic", "topic_data"]) : [replace({ topic = local.topic, topic_data = local.topic_data }[pair[1]], "«»", var.topic_arns[pair[0]])]],
    [for conditions in [local.key_conditions] : conditions if length(conditions) > 0],
  ) : "{ (${join(" || ", conditions)})${local.except} }"]
}

module "all" {
  source = "../spread"

  capacity  = local.room
  sizes     = [for condition in local.conditions : condition.size + 4]
  wildcards = [for index in range(length(local.conditions)) : index == 0 ? 1 : index < length(local.with_wildcard) ? local.together : 0]
}

module "alarms" {
  source = "../spread"

  capacity  = local.room
  sizes     = [for condition in local.with_wildcard : condition.size + 4]
  wildcards = [for index in range(length(local.with_wildcard)) : index == 0 ? 1 : local.together]
}

module "others" {
  source = "../spread"

  capacity = local.room
  sizes    = [for condition in local.without_wildcard : condition.size + 4]
}

resource "aws_cloudwatch_log_metric_filter" "tampering" {
  count = var.tampering ? length(local.patterns) : 0

  log_group_name = var.log_group_name
  name           = "${var.name}-tampering${count.index == 0 ? "" : "-${count.index + 1}"}"
  pattern        = local.patterns[count.index]

  metric_transformation {
    # As of a watch: nothing but matches.
    name      = "${var.name}-tampering"
    namespace = "secretwatch/${var.name}"
    unit      = "Count"
    value     = "1"
  }

  lifecycle {
    precondition {
      condition     = length(local.patterns[count.index]) <= local.longest_pattern
      error_message = "self_watch.except makes a filter pattern of ${length(local.patterns[count.index])} bytes, CloudWatch Logs takes ${local.longest_pattern}: write fewer roles, or the part that they share with a * (arn:aws:iam::123456789012:role/ci/*)."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "tampering" {
  count = var.tampering ? 1 : 0

  alarm_actions       = values(var.alarm_topic_arns)
  alarm_description   = "Somebody stopped, deleted or changed a part of the watch ${var.name} itself, or tried: its trail, log group, filters, alarms, topics, subscriptions, keys or bucket. Who? CloudTrail > Event history, region ${var.account.region}, read-only false. If somebody has just deployed, that was the reason."
  alarm_name          = "${var.name}-tampering"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  # As a watch's for a single read: any of five minutes.
  datapoints_to_alarm = 1
  evaluation_periods  = 5
  metric_name         = aws_cloudwatch_log_metric_filter.tampering[0].metric_transformation[0].name
  namespace           = aws_cloudwatch_log_metric_filter.tampering[0].metric_transformation[0].namespace
  period              = 60
  statistic           = "Maximum"
  tags                = var.tags
  threshold           = 1
  treat_missing_data  = "notBreaching"
  unit                = aws_cloudwatch_log_metric_filter.tampering[0].metric_transformation[0].unit
}

################################################################################
# Blindness
################################################################################

resource "aws_cloudwatch_metric_alarm" "blind" {
  count = var.blindness ? 1 : 0

  alarm_actions       = values(var.alarm_topic_arns)
  alarm_description   = "No event has come into log group ${var.log_group_name} for an hour, so reads of secrets may not ring. After a new deployment this is normal until the first events arrive. Look at the trail: aws cloudtrail get-trail-status --name ${var.trail.arn}"
  alarm_name          = "${var.name}-blind"
  comparison_operator = "LessThanThreshold"
  dimensions          = { LogGroupName = var.log_group_name }
  evaluation_periods  = 12
  metric_name         = "IncomingLogEvents"
  namespace           = "AWS/Logs"
  ok_actions          = values(var.alarm_topic_arns)
  # Twelve short periods rather than one of an hour: CloudWatch looks back further than the periods it was asked for.
  period             = 300
  statistic          = "Sum"
  tags               = var.tags
  threshold          = 1
  treat_missing_data = "breaching"
}

resource "aws_cloudwatch_metric_alarm" "undelivered" {
  for_each = var.blindness ? var.topic_arns : {}

  alarm_actions       = values(var.alarm_topic_arns)
  alarm_description   = "SNS could not deliver messages of topic ${reverse(split(":", each.value))[0]}: a subscriber did not get them. Look at its subscriptions, and at their delivery status logs if they have any."
  alarm_name          = local.undelivered[each.key]
  comparison_operator = "GreaterThanOrEqualToThreshold"
  dimensions          = { TopicName = reverse(split(":", each.value))[0] }
  evaluation_periods  = 1
  metric_name         = "NumberOfNotificationsFailed"
  namespace           = "AWS/SNS"
  period              = 300
  statistic           = "Sum"
  tags                = var.tags
  threshold           = 1
  treat_missing_data  = "notBreaching"

  # As all else here: where another instance has the name of this one, its alarm would be replaced.
  depends_on = [var.log_group_name]
}
