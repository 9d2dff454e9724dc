# Somebody else's trail and the log group that it writes to: only looked at. What a plan can see of
# whether reads of secrets would come through is checked, since nothing else would ever say so.

locals {
  name = reverse(split("/", var.arn))[0]

  # Cloud Control finds a trail by its name, and only where it is at home.
  region    = split(":", var.arn)[3]
  elsewhere = "trail.existing: trail ${local.name} is at home in ${local.region}, and delivers to a log group there: a watch in ${var.account.region} would see no event. Deploy in ${local.region}, or name a trail of ${var.account.region}."

  # As CloudFormation knows a trail; what is not set is left out.
  trail     = try(jsondecode(data.aws_cloudcontrolapi_resource.trail[0].properties), null)
  log_group = try(trimsuffix(split(":log-group:", local.trail.CloudWatchLogsLogGroupArn)[1], ":*"), "no log group")
  basic     = try(local.trail.EventSelectors, [])
  advanced  = try(local.trail.AdvancedEventSelectors, [])

  # Where that log group is: its account and region.
  log_group_account = try(split(":", local.trail.CloudWatchLogsLogGroupArn)[4], var.account.id)
  log_group_region  = try(split(":", local.trail.CloudWatchLogsLogGroupArn)[3], var.account.region)

  # A trail without selectors records all management events.
  records_reads = length(local.basic) + length(local.advanced) == 0 || anytrue(concat(
    [for selector in local.basic : (
      try(selector.ReadWriteType, "All") != "WriteOnly" && try(selector.IncludeManagementEvents, true) &&
      !contains(try(selector.ExcludeManagementEventSources, []), "secretsmanager.amazonaws.com")
    )],
    [for selector in local.advanced : alltrue([for field in selector.FieldSelectors : alltrue([for value in compact([lookup(local.read, field.Field, "")]) : (
      anytrue(try([for each in field.Equals : value == each], [true])) &&
      anytrue(try([for each in field.StartsWith : startswith(value, each)], [true])) &&
      anytrue(try([for each in field.EndsWith : endswith(value, each)], [true])) &&
      alltrue(try([for each in field.NotEquals : value != each], [true])) &&
      alltrue(try([for each in field.NotStartsWith : !startswith(value, each)], [true])) &&
      alltrue(try([for each in field.NotEndsWith : !endswith(value, each)], [true]))
    )])])],
  ))

  # The management event of a read, as far as selectors can ask for it. What a trail records of network activity has no
  # secret's name. Selectors are alternatives, the fields of one are not, and values of a field are (all of them, where
  # they begin with Not): https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
  read = { eventCategory = "Management", eventName = "GetSecretValue", eventSource = "secretsmanager.amazonaws.com", eventType = "AwsApiCall", readOnly = "true" }
}

# CloudTrail has no data source. Not within a check: Terraform would read it anew at each apply, and no plan would be empty.
data "aws_cloudcontrolapi_resource" "trail" {
  count = var.verify ? 1 : 0

  identifier = local.name
  type_name  = "AWS::CloudTrail::Trail"

  lifecycle {
    precondition {
      condition     = local.region == var.account.region
      error_message = local.elsewhere
    }

    precondition {
      condition     = split(":", var.arn)[4] == var.account.id
      error_message = "trail.existing: trail ${local.name} belongs to account ${split(":", var.arn)[4]}, and a plan cannot look at it from ${var.account.id}. A trail, an organisation's too, delivers to a log group of the account that made it: deploy in ${split(":", var.arn)[4]}. If ${var.account.id} made it, as the organisation's delegated administrator: make sure that it delivers to log group ${var.log_group_name} of this account, records management events of the type All and is logging, then write verify = false."
    }
  }
}

data "aws_cloudwatch_log_groups" "this" {
  log_group_name_prefix = var.log_group_name

  lifecycle {
    postcondition {
      condition     = contains(self.log_group_names, var.log_group_name)
      error_message = "trail.existing.log_group_name is ${var.log_group_name}, but there is no such log group in account ${var.account.id} in ${var.account.region}: write the name of the one that the trail delivers to, and deploy where it is."
    }
  }
}

# The list has no classes.
data "aws_cloudwatch_log_group" "this" {
  count = var.verify ? 1 : 0

  name = var.log_group_name

  # Only the standard class has metric filters, and the class of a log group stays:
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html
  lifecycle {
    postcondition {
      condition     = !contains(["DELIVERY", "INFREQUENT_ACCESS"], coalesce(self.log_group_class, "STANDARD"))
      error_message = "trail.existing.log_group_name is ${var.log_group_name}, whose class ${coalesce(self.log_group_class, "STANDARD")} has no metric filters, and a log group cannot change its class: let the trail deliver to a log group of the class STANDARD."
    }
  }

  depends_on = [data.aws_cloudwatch_log_groups.this]
}

check "logs" {
  assert {
    condition     = try(local.trail.IsLogging, true)
    error_message = "trail.existing: trail ${local.name} is stopped: it records no events, so no alarm can ring. Start it: aws cloudtrail start-logging --name ${var.arn}"
  }
}

check "reads" {
  assert {
    condition     = local.records_reads
    error_message = "trail.existing: trail ${local.name} records no read events of Secrets Manager, so no read of a secret can ring: let it record management events of the type All and of all sources (aws cloudtrail put-event-selectors)."
  }
}

check "delivers" {
  assert {
    condition     = local.trail == null || local.log_group == var.log_group_name
    error_message = "trail.existing: trail ${local.name} delivers to ${local.log_group}, not to ${var.log_group_name}: its filters would never see an event. Write the log group that it delivers to in trail.existing.log_group_name."
  }
}

check "place" {
  assert {
    condition     = local.log_group_account == var.account.id && local.log_group_region == var.account.region
    error_message = "trail.existing: trail ${local.name} delivers to log group ${local.log_group} of account ${local.log_group_account} in ${local.log_group_region}: a watch of ${var.account.id} in ${var.account.region} would see no event. Deploy there."
  }
}

check "region" {
  assert {
    condition     = var.verify || local.region == var.account.region
    error_message = local.elsewhere
  }
}
