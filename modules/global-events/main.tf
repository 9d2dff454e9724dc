# Sends events of the provider's region to the region where an instance is, whose rules decide: what changes the instance
# and reaches EventBridge here alone (IAM's, Organizations' and Account's calls), and reads of replicas. Called beside the
# instance, with a provider of the other region. Events keep their account and region.
# An event crosses one bus: what the witness gets is sent to it from here.

data "aws_caller_identity" "sender" {}

data "aws_partition" "sender" {}

data "aws_region" "sender" {}

locals {
  account   = data.aws_caller_identity.sender.account_id
  partition = data.aws_partition.sender.partition
  region    = data.aws_region.sender.id

  buses = merge(
    { home = "arn:${local.partition}:events:${var.home_region}:${local.account}:event-bus/default" },
    { for key, arn in { witness = try(var.witness.event_bus_arn, null) } : key => arn if var.witness != null },
  )

  # Reads are for the instance alone. They go by the first role.
  targets = merge(
    { for pair in setproduct(keys(local.roles), keys(local.buses)) : join("/", pair) => { bus = pair[1], role = pair[0], rule = pair[0] } },
    { for key in keys(local.patterns) : "${key}/home" => { bus = "home", role = "changes", rule = key } if key == "reads" },
  )
}

resource "aws_cloudwatch_event_rule" "sender" {
  for_each = local.patterns

  description   = "${each.value.what}, for ${var.name} in ${var.home_region}"
  event_pattern = each.value.pattern
  name          = local.rule_names[each.key]
  # Reading is a read-only event: a rule in the state ENABLED never sees one.
  state = each.key == "reads" ? "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" : "ENABLED"
  tags  = var.tags

  lifecycle {
    precondition {
      condition     = length(each.value.pattern) <= 2048
      error_message = "secrets makes an event pattern of ${length(each.value.pattern)} characters, EventBridge takes 2048: write a prefix that several names share (\"prod/*\"), or \"*\"."
    }
  }
}

resource "aws_cloudwatch_event_target" "sender" {
  for_each = local.targets

  arn       = local.buses[each.value.bus]
  role_arn  = aws_iam_role.sender[each.value.role].arn
  rule      = aws_cloudwatch_event_rule.sender[each.value.rule].name
  target_id = each.value.bus

  # A role without its policy would be let nothing through.
  depends_on = [aws_iam_role_policy.sender]
}

################################################################################
# Who sends
################################################################################

locals {
  # Two, so that whoever shuts one is told of by the other.
  roles = {
    changes = "${var.name}-events-${local.region}"
    guard   = "${var.name}-guard-${local.region}"
  }
}

resource "aws_iam_role" "sender" {
  for_each = local.roles

  description = "Lets EventBridge send events of ${local.region} to ${var.name} in ${var.home_region}"
  name        = each.value
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "sender" {
  for_each = local.roles

  name = "send-events"
  role = aws_iam_role.sender[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Send"
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = values(local.buses)
    }]
  })
}
