# As public modules make the alarms of the CIS benchmark: a map, and a filter and an alarm for each of its entries.

variable "alarm_actions" {
  type = list(string)
}

variable "controls" {
  type = map(object({ description = string, pattern = string }))
}

variable "log_group_name" {
  type = string
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = var.controls

  log_group_name = var.log_group_name
  name           = each.key
  pattern        = each.value.pattern

  metric_transformation {
    default_value = 0
    name          = each.key
    namespace     = "CISBenchmark"
    value         = 1
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = var.controls

  alarm_actions       = var.alarm_actions
  alarm_description   = each.value.description
  alarm_name          = each.key
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 1
  metric_name         = aws_cloudwatch_log_metric_filter.this[each.key].id
  namespace           = "CISBenchmark"
  period              = 300
  statistic           = "Sum"
  threshold           = 1
  treat_missing_data  = "notBreaching"
}
