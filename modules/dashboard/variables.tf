variable "alarm_arns" {
  description = "ARNs of the instance's alarms, of which a widget shows 100."
  nullable    = false
  type        = list(string)
}

variable "heartbeat_metric" {
  description = "Metric that counts the heartbeat's reads; null without a heartbeat."
  type        = string
}

variable "log_group_name" {
  description = "Log group that receives CloudTrail's events."
  nullable    = false
  type        = string
}

variable "name" {
  description = "Name of the instance, and of the dashboard."
  nullable    = false
  type        = string
}

variable "namespace" {
  description = "Namespace of the instance's metrics."
  nullable    = false
  type        = string
}

variable "region" {
  description = "Region of metrics and log group."
  nullable    = false
  type        = string
}

variable "topic_names" {
  description = "Names of the topics that alarms and rules publish to."
  nullable    = false
  type        = list(string)
}

variable "watches" {
  description = "Of each watch, by name, its metric and its meaning in Logs Insights."
  nullable    = false
  type        = map(object({ insights_filter = string, metric_name = string }))
}
