# The state machine. Without a ping it is one state. With one, it waits until this very heartbeat has been counted, publishes
# through the topics, and only then calls the endpoint: where any of that stops, whoever waits for the ping hears nothing.

locals {
  read = {
    Type     = "Task"
    Resource = "arn:${var.account.partition}:states:::aws-sdk:secretsmanager:getSecretValue"
    Parameters = {
      SecretId  = var.secret_name
      VersionId = "00000000-0000-0000-0000-000000000000"
    }
    ResultPath = null
    # As it should be: there is no such version.
    Catch = [{ ErrorEquals = ["SecretsManager.ResourceNotFoundException"], Next = "Read", ResultPath = null }]
    End   = true
  }
  done = { Type = "Succeed" }

  # HCL has one type for both sides of a condition: as text they have.
  definition = jsondecode(var.ping == null ? jsonencode({
    Comment = "Reads a secret without a value, so that something is there to be counted"
    StartAt = "Read"
    States = {
      Read = merge(local.read, { Catch = [merge(local.read.Catch[0], { Next = "Done" })] })
      Done = local.done
    }
    }) : jsonencode({
    Comment = "Reads a secret without a value, and tells an endpoint once that has been counted"
    StartAt = "Read"
    States = merge({
      Read = merge({ for key, value in local.read : key => value if key != "End" }, {
        Catch = [merge(local.read.Catch[0], { Next = "Start" })]
        Next  = "Start"
      })
      Start = { Type = "Pass", Result = { tries = 0 }, ResultPath = "$.counted", Next = "Wait" }
      Wait  = { Type = "Wait", Seconds = 60, Next = "Count" }
      Count = {
        Type     = "Task"
        Resource = "arn:${var.account.partition}:states:::aws-sdk:cloudwatch:getMetricStatistics"
        Parameters = {
          "EndTime.$"   = "$$.State.EnteredTime"
          MetricName    = "${var.name}-heartbeat"
          Namespace     = "secretwatch/${var.name}"
          Period        = 60
          "StartTime.$" = "$$.Execution.StartTime"
          Statistics    = ["SampleCount"]
          Unit          = "Count"
        }
        ResultSelector = { "datapoints.$" = "States.ArrayLength($.Datapoints)" }
        ResultPath     = "$.found"
        Next           = "Counted"
      }
      Counted = {
        Type = "Choice"
        Choices = [
          { Variable = "$.found.datapoints", NumericGreaterThan = 0, Next = length(var.ping_topic_arns) == 0 ? "Ping" : "Tell0" },
          { Variable = "$.counted.tries", NumericGreaterThanEquals = local.minutes < 25 ? local.minutes : 25, Next = "Lost" },
        ]
        Default = "Again"
      }
      Again = {
        Type       = "Pass"
        Parameters = { "tries.$" = "States.MathAdd($.counted.tries, 1)" }
        ResultPath = "$.counted"
        Next       = "Wait"
      }
      Lost = { Type = "Fail", Error = "NotCounted", Cause = "The read was not counted: some part of the chain has stopped." }
      Ping = {
        Type     = "Task"
        Resource = "arn:${var.account.partition}:states:::http:invoke"
        Parameters = {
          ApiEndpoint    = try(var.ping.url, "")
          Authentication = { ConnectionArn = try(aws_cloudwatch_event_connection.ping[0].arn, "") }
          Method         = "GET"
        }
        ResultPath = null
        Retry      = [{ ErrorEquals = ["States.ALL"], IntervalSeconds = 30, MaxAttempts = 3, BackoffRate = 2 }]
        End        = true
      }
      }, { for index, arn in var.ping_topic_arns : "Tell${index}" => {
        Type     = "Task"
        Resource = "arn:${var.account.partition}:states:::sns:publish"
        Parameters = {
          Message           = "Heartbeat of ${var.name}: a read was counted. Nobody has to do anything."
          MessageAttributes = { secretwatch = { DataType = "String", StringValue = "heartbeat" } }
          TopicArn          = arn
        }
        ResultPath = null
        Next       = index + 1 == length(var.ping_topic_arns) ? "Ping" : "Tell${index + 1}"
    } })
  }))

  ping_statements = [for statement in concat(
    [
      { Sid = "Count", Effect = "Allow", Action = "cloudwatch:GetMetricStatistics", Resource = "*" },
      {
        Sid      = "Ping"
        Effect   = "Allow"
        Action   = "states:InvokeHTTPEndpoint"
        Resource = local.arns.machine
        Condition = { StringEquals = {
          "states:HTTPEndpoint" = try(var.ping.url, "")
          "states:HTTPMethod"   = "GET"
        } }
      },
      { Sid = "Connect", Effect = "Allow", Action = "events:RetrieveConnectionCredentials", Resource = aws_cloudwatch_event_connection.ping[*].arn },
      {
        Sid      = "ConnectionsSecret"
        Effect   = "Allow"
        Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        Resource = "arn:${var.account.partition}:secretsmanager:${var.account.region}:${var.account.id}:secret:events!connection/${var.name}-heartbeat/*"
      },
    ],
    [for arns in [var.ping_topic_arns] : { Sid = "Tell", Effect = "Allow", Action = "sns:Publish", Resource = arns } if length(arns) > 0],
    [for number, arn in var.ping_key_arns : { Sid = "Encrypt${number}", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey*"], Resource = arn }],
  ) : statement if var.ping != null]
}

# A dead man's switch is known by its URL. A connection wants a key all the same: this one is nobody's secret.
resource "aws_cloudwatch_event_connection" "ping" {
  count = var.ping == null ? 0 : 1

  authorization_type = "API_KEY"
  name               = "${var.name}-heartbeat"

  auth_parameters {
    api_key {
      key   = "X-Secretwatch"
      value = var.name
    }
  }
}
