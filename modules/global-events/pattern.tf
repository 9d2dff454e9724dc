# What is sent. The instance's rules hear these calls in any region (modules/fast-self-watch, modules/realtime): here stands
# what they might hear, and they decide. Rules are named as the instance's own on itself, so that it hears of changes to them.

locals {
  rule_names = { for key in ["changes", "guard", "reads"] : key => "${var.name}-self-watch-global-${key}" }

  # As in modules/fast-self-watch, of those whose services are in one region.
  account_calls = [
    "AcceptHandshake", "AttachPolicy", "CloseAccount", "DeleteOrganization", "DetachPolicy", "DisableAWSServiceAccess",
    "DisableRegion", "LeaveOrganization", "MoveAccount", "RemoveAccountFromOrganization", "UpdatePolicy",
  ]

  # A policy padded with blanks makes a call so large that CloudTrail omits its parameters, and the role's name with them.
  bus = [for choice in [
    { eventBusName = ["default"] }, { eventBusName = [{ suffix = "event-bus/default" }] }, { name = ["default"] }, { name = [{ suffix = "event-bus/default" }] }, { eventBusName = [{ exists = false }], name = [{ exists = false }] },
  ] : { eventName = ["PutPermission", "UpdateEventBus"], eventSource = ["events.amazonaws.com"], requestParameters = choice }]
  padded = { eventSource = ["iam.amazonaws.com"], requestParameters = { omitted = [true] } }

  # Each of the two rules hears of the other, and of what the other needs: no one call takes both.
  changes = {
    changes = concat(
      [{ eventSource = ["iam.amazonaws.com"], requestParameters = { roleName = [{ prefix = { "equals-ignore-case" = "${var.name}-" } }] } }, local.padded],
      [{ eventSource = ["account.amazonaws.com", "organizations.amazonaws.com"], eventName = local.account_calls }],
      local.rule_calls.changes,
      local.bus,
    )
    guard = concat(
      [{ eventSource = ["iam.amazonaws.com"], requestParameters = { roleName = [{ "equals-ignore-case" = local.roles.changes }] } }, local.padded],
      local.rule_calls.guard,
      local.bus,
    )
  }
  rule_calls = { for key, names in {
    changes = [local.rule_names.guard, local.rule_names.reads]
    guard   = [local.rule_names.changes]
  } : key => [for field in ["name", "rule"] : { eventSource = ["events.amazonaws.com"], requestParameters = { (field) = names } }] }

  sources = {
    changes = ["aws.account", "aws.events", "aws.iam", "aws.organizations"]
    guard   = ["aws.events", "aws.iam"]
  }

  # An ARN may name any region, and Secrets Manager reads the replica that is here: so each read by ARN is sent, as is each
  # that names no secret.
  ids = concat(
    [for secret in var.secrets : secret if !endswith(secret, "*")],
    [for secret in var.secrets : { prefix = trimsuffix(secret, "*") } if endswith(secret, "*")],
    [{ prefix = "arn:" }],
  )
  reads = { for key, detail in { reads = merge(
    { eventName = ["BatchGetSecretValue", "GetSecretValue"], eventSource = ["secretsmanager.amazonaws.com"] },
    { for field, choices in { requestParameters = { "$or" = [
      { secretId = local.ids },
      { secretIdList = local.ids },
      { secretId = [{ exists = false }], secretIdList = [{ exists = false }] },
    ] } } : field => choices if !contains(var.secrets, "*") },
  ) } : key => detail if length(var.secrets) > 0 }

  head = { "detail-type" = ["AWS API Call via CloudTrail"] }
  patterns = merge(
    { for key, choices in local.changes : key => {
      what    = key == "guard" ? "Changes of what sends the others" : "Changes of roles, of the organisation and of the account"
      pattern = jsonencode(merge(local.head, { source = local.sources[key], detail = { readOnly = [false], "$or" = choices } }))
    } },
    { for key, detail in local.reads : key => {
      what    = "Reads of replicas"
      pattern = jsonencode(merge(local.head, { source = ["aws.secretsmanager"], detail = detail }))
    } },
  )
}
