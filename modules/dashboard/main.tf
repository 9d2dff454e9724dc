# What a person looks at after an alarm: when secrets were read, which and by whom, and whether the watch itself is well. It shows
# what others decide: no alarm hangs on it.

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
  dashboard_body = jsonencode({
    start   = "-P1D"
    widgets = local.widgets
  })
}

locals {
  keys = sort(keys(var.watches))

  widgets = concat(
    [
      {
        type   = "metric"
        x      = 0
        y      = 0
        width  = 16
        height = 6
        properties = {
          title   = "What each watch counted"
          region  = var.region
          view    = "timeSeries"
          stacked = true
          stat    = "SampleCount"
          period  = 300
          metrics = [for key in local.keys : [var.namespace, var.watches[key].metric_name, { label = key }]]
        }
      },
      {
        type   = "alarm"
        x      = 16
        y      = 0
        width  = 8
        height = 12
        properties = {
          title  = "Alarms of ${var.name}"
          alarms = slice(var.alarm_arns, 0, min(100, length(var.alarm_arns)))
          sortBy = "stateUpdatedTimestamp"
        }
      },
      {
        type   = "metric"
        x      = 0
        y      = 6
        width  = 8
        height = 6
        properties = {
          title   = "Events that reached the log group"
          region  = var.region
          view    = "timeSeries"
          stat    = "Sum"
          period  = 300
          metrics = [["AWS/Logs", "IncomingLogEvents", "LogGroupName", var.log_group_name, { label = "events" }]]
        }
      },
      {
        type   = "metric"
        x      = 8
        y      = 6
        width  = 8
        height = 6
        properties = {
          title   = "Messages"
          region  = var.region
          view    = "timeSeries"
          stat    = "Sum"
          period  = 300
          metrics = [for pair in setproduct(sort(var.topic_names), ["Delivered", "Failed"]) : ["AWS/SNS", "NumberOfNotifications${pair[1]}", "TopicName", pair[0], { label = "${pair[0]} ${lower(pair[1])}" }]]
        }
      },
    ],
    [
      # Of the event's time only the time of day is a number to Insights: what is left of a day's seconds is the lag.
      {
        type   = "log"
        x      = 0
        y      = 12
        width  = var.heartbeat_metric == null ? 24 : 12
        height = 6
        properties = {
          title  = "Seconds from a call to its event in the log group"
          region = var.region
          view   = "timeSeries"
          query  = <<-EOT
            SOURCE '${var.log_group_name}' | filter eventSource = "secretsmanager.amazonaws.com"
            | parse eventTime "*T*:*:*Z" as day, hour, minute, second
            | fields (toMillis(@ingestionTime) / 1000 - (hour * 3600 + minute * 60 + second)) % 86400 as lag
            | stats pct(lag, 50) as half, pct(lag, 95) as most, max(lag) as all by bin(5m)
          EOT
        }
      },
    ],
    [for metric in [var.heartbeat_metric] : {
      type   = "metric"
      x      = 12
      y      = 12
      width  = 12
      height = 6
      properties = {
        title   = "Heartbeats that were counted"
        region  = var.region
        view    = "timeSeries"
        stat    = "SampleCount"
        period  = 300
        metrics = [[var.namespace, metric, { label = "heartbeats" }]]
      }
    } if metric != null],
    [for index, key in local.keys : {
      type   = "log"
      x      = 0
      y      = 18 + 6 * index
      width  = 24
      height = 6
      properties = {
        title  = "Who, and which secrets: ${key}"
        region = var.region
        view   = "table"
        query  = <<-EOT
          SOURCE '${var.log_group_name}' | fields coalesce(requestParameters.secretId, requestParameters.secretIdList.0) as secret, coalesce(userIdentity.sessionContext.sessionIssuer.arn, userIdentity.arn, userIdentity.invokedBy) as reader
          ${var.watches[key].insights_filter}
          | stats count(*) as calls, latest(eventTime) as last by secret, reader, eventName, errorCode, sourceIPAddress
          | sort last desc
          | limit 100
        EOT
      }
    }],
  )
}
