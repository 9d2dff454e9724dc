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

  # A trail without selectors records all management events.
  records_reads = length(local.basic) + length(local.advanced) == 0 || anytrue(concat(
    [for selector in local.basic : try(selector.ReadWriteType, "All") != "WriteOnly" && try(selector.IncludeManagementEvents, true)],
    [for selector in local.advanced : (
      contains(flatten([for field in selector.FieldSelectors : try(field.Equals, []) if field.Field == "eventCategory"]), "Management") &&
      !contains(flatten([for field in selector.FieldSelectors : try(field.Equals, []) if field.Field == "readOnly"]), "false")
    )],
  ))
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
      error_message = "trail.existing: trail ${local.name} belongs to account ${split(":", var.arn)[4]}, and cannot be looked at from ${var.account.id}. Make sure that it delivers to log group ${var.log_group_name} of this account, records management events of the type All and is logging, then write verify = false."
    }
  }
}

data "aws_cloudwatch_log_groups" "this" {
  log_group_name_prefix = var.log_group_name

  lifecycle {
    postcondition {
      condition     = contains(self.log_group_names, var.log_group_name)
      error_message = "trail.existing.log_group_name is ${var.log_group_name}, which is no log group of account ${var.account.id} in ${var.account.region}: write the name of the one that the trail delivers to, and deploy where it is."
    }
  }
}

check "logs" {
  assert {
    condition     = try(local.trail.IsLogging, true)
    error_message = "trail.existing: trail ${local.name} is stopped: nothing is recorded, so no alarm can ring. Start it: aws cloudtrail start-logging --name ${var.arn}"
  }
}

check "reads" {
  assert {
    condition     = local.records_reads
    error_message = "trail.existing: trail ${local.name} records no read events, and reading a secret is one: let it record management events of the type All (aws cloudtrail put-event-selectors)."
  }
}

check "delivers" {
  assert {
    condition     = local.trail == null || local.log_group == var.log_group_name
    error_message = "trail.existing: trail ${local.name} delivers to ${local.log_group}, not to ${var.log_group_name}: its filters would never see an event. Write the log group that it delivers to in trail.existing.log_group_name."
  }
}

check "region" {
  assert {
    condition     = var.verify || local.region == var.account.region
    error_message = local.elsewhere
  }
}
