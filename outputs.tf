locals {
  # One object for tools (and for a root module that hands it on), one output a field for people.
  watch = {
    account_id          = local.account.id
    alarm_arn           = module.watch.alarm_arn
    alarm_console_url   = "https://${local.account.region}.${local.console_domain}/cloudwatch/home?region=${local.account.region}#alarmsV2:alarm/${urlencode(module.watch.alarm_name)}"
    alarm_name          = module.watch.alarm_name
    alarm_period        = var.alarm.period
    bucket_name         = module.trail.bucket_name
    filter_pattern      = module.watch.filter_pattern
    kms_key_arn         = module.trail.kms_key_arn
    log_group_arn       = module.trail.log_group_arn
    log_group_name      = module.trail.log_group_name
    logs_insights_query = module.watch.logs_insights_query
    metric_filter_name  = module.watch.metric_filter_name
    metric_name         = module.watch.metric_name
    metric_namespace    = module.watch.metric_namespace
    name                = var.name
    region              = local.account.region
    secret_arn          = one(module.secret[*].arn)
    secret_name         = one(module.secret[*].name)
    secrets             = sort(local.secrets)
    topic_arn           = module.alerts.topic_arn
    trail_arn           = module.trail.arn
    trail_name          = module.trail.name
  }
}

output "watch" {
  description = "Everything below in one object, as `secretwatch smoke` takes it."
  value       = local.watch
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
  description = "Seconds that the alarm counts reads over."
  value       = local.watch.alarm_period
}

output "bucket_name" {
  description = "Bucket that keeps the trail's log files."
  value       = local.watch.bucket_name
}

output "filter_pattern" {
  description = "What counts as a read, in CloudWatch Logs' pattern language."
  value       = local.watch.filter_pattern
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

output "topic_arn" {
  description = "Topic that the alarm publishes to."
  value       = local.watch.topic_arn
}

output "trail_arn" {
  description = "ARN of the trail."
  value       = local.watch.trail_arn
}

output "trail_name" {
  description = "Name of the trail."
  value       = local.watch.trail_name
}
