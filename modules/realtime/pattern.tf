# The watch in EventBridge's event patterns, made of the same definition as the filters. A rule takes 2,048
# characters, so ids are dealt out to as many as it takes. Patterns are objects up to the last step, and have no
# wildcard where a prefix or whole texts say the same: EventBridge refuses several on one field as too complex.
# One rule for calls that were allowed and one for those that were not: a template has no conditions.

locals {
  definition = var.definition
  batch      = contains(local.definition.events, "BatchGetSecretValue")

  ################################################################################
  # What stands in every pattern: events, outcome, exceptions
  ################################################################################

  event_names = concat(
    [for event in local.definition.events : event if !endswith(event, "*")],
    [for event in local.definition.events : { prefix = trimsuffix(event, "*") } if endswith(event, "*")],
  )

  excepted = { for field, principals in {
    arn       = local.definition.except.users
    invokedBy = local.definition.except.services
    issuer    = local.definition.except.issuers
    } : field => {
    exact    = [for principal in principals : principal if !endswith(principal, "*")]
    prefixes = [for principal in principals : trimsuffix(principal, "*") if endswith(principal, "*")]
  } }

  # What lies within another's prefix adds nothing, and would make a wildcard more complex.
  shortest = { for field, kinds in local.excepted : field => {
    exact    = [for text in kinds.exact : text if !anytrue([for prefix in kinds.prefixes : startswith(text, prefix)])]
    prefixes = [for text in kinds.prefixes : text if !anytrue([for prefix in kinds.prefixes : prefix != text && startswith(text, prefix)])]
  } }

  # A principal is left out where its field is there and one of these. The values of a field are alternatives, so
  # that two anything-but would leave out nobody: there is one, of one kind.
  conditions = { for field, kinds in local.shortest : field => concat(
    [{ exists = false }],
    [for texts in [kinds.exact] : { "anything-but" = texts } if length(kinds.prefixes) == 0],
    [for texts in [kinds.prefixes] : { "anything-but" = { prefix = texts } } if length(kinds.exact) == 0 && length(kinds.prefixes) > 0],
    [for texts in [concat(kinds.exact, [for prefix in kinds.prefixes : "${prefix}*"])] : { "anything-but" = { wildcard = texts } } if length(kinds.exact) > 0 && length(kinds.prefixes) > 0],
  ) if length(kinds.exact) + length(kinds.prefixes) > 0 }

  identity = merge(
    { for field, condition in local.conditions : field => condition if field != "issuer" },
    { for field, condition in local.conditions : "sessionContext" => { sessionIssuer = { arn = condition } } if field == "issuer" },
  )
  not_excepted = { for field, conditions in { userIdentity = local.identity } : field => conditions if length(local.identity) > 0 }

  # The second is what a VPC endpoint's policy refuses.
  denied  = { errorCode = [{ prefix = "AccessDenied" }, "VpceAccessDenied"] }
  refused = { errorCode = [{ exists = true }] }

  # A trail that selects network activity writes a second event of a call through an endpoint, which names no
  # secret. One read rings once.
  allowed = { errorCode = [{ exists = false }], eventType = [{ "anything-but" = ["AwsVpceEvent"] }] }

  outcomes = merge(
    { for outcome, detail in { allowed = merge(local.allowed, local.not_excepted) } : outcome => detail if local.definition.outcome != "denied" },
    { for outcome, detail in { refused = merge(local.denied, local.not_excepted) } : outcome => detail if local.definition.outcome == "denied" },
    { for outcome, detail in { refused = merge(local.refused, local.not_excepted) } : outcome => detail if local.definition.outcome == "any" && (length(local.identity) == 0 || local.definition.except_denied) },
    { for outcome, detail in { refused = { "$or" = [local.denied, merge(local.refused, local.not_excepted)] } } : outcome => detail if local.definition.outcome == "any" && length(local.identity) > 0 && !local.definition.except_denied },
  )

  ################################################################################
  # Ids, each with the characters that it takes
  ################################################################################

  # Secrets Manager takes account and name from an ARN and leaves its region aside (observed), so that a replica
  # can be read by the ARN of another region.
  account = ":${var.account.id}:secret:"

  # What may be the ARN of a secret whose name ends so: that has a suffix of its own, for which there is no pattern
  # here but a prefix.
  known = flatten([for known in local.definition.known : concat(
    [
      { operator = "", text = known.name },
      { operator = "suffix", text = ":${known.account}:secret:${known.name}" },
      { operator = "suffix", text = ":${known.account}:secret:${known.name}-${known.suffix}" },
    ],
    [for end in ["${known.name}-${known.suffix}"] : { operator = "", text = end } if known.second != "no"],
    [for end in ["${known.name}-${known.suffix}-"] : { operator = "prefix", text = "arn:${var.account.partition}:secretsmanager:${var.account.region}${local.account}${end}" } if known.second != "no"],
  )])

  # What this very apply creates gets its ARN there; how long that will be is known before.
  created = var.created == null ? [] : flatten([for unknown in local.definition.unknown : [
    { operator = "", size = length(var.created.name) + 3, text = var.created.name },
    { operator = "suffix", size = length("{'suffix':'${local.account}${var.created.name}'},"), text = "${local.account}${var.created.name}" },
    { operator = "suffix", size = length("{'suffix':'${local.account}${var.created.name}-123456'},"), text = ":${join(":", slice(split(":", var.created.arn), 4, 7))}" },
  ] if unknown.name == var.created.name])

  # Only an ARN that ends in anything takes a wildcard: after any region. One text can match the beginnings of
  # such a wildcard in four ways at once, and EventBridge takes ten on a field, so that a rule takes two.
  begins = { for start in distinct(concat(local.prefixes, [local.definition.common_start])) : start => [
    { operator = "prefix", text = start },
    { operator = "wildcard", text = "arn:${var.account.partition}:secretsmanager:*${local.account}${start}*" },
  ] }

  # A prefix within another's adds nothing.
  prefixes = [for prefix in local.definition.prefixes : prefix if !anytrue([for other in local.definition.prefixes : other != prefix && startswith(prefix, other)])]
  pairs    = length(local.prefixes) == 0 ? [[]] : chunklist(local.prefixes, 2)

  # By prefixes that go together, of which the first also have all that takes no wildcard.
  given = [for index, pair in local.pairs : concat(index == 0 ? local.known : [], flatten([for prefix in pair : local.begins[prefix]]))]
  ids = [for index, given in local.given : concat(
    [for created in local.created : created if index == 0],
    [for id in given : merge(id, { size = id.operator == "" ? length(id.text) + 3 : length(jsonencode({ (id.operator) = id.text })) + 1 })],
  )]

  # A batch of many counts by how its ids begin.
  common = concat(local.created, [for id in local.begins[local.definition.common_start] : merge(id, { size = length(jsonencode({ (id.operator) = id.text })) + 1 })])
  batch_ids = !local.batch ? [for ids in local.ids : []] : local.definition.batch_is_exact ? local.ids : [
    for index, ids in local.ids : [for id in local.common : id if index == 0]
  ]

  # Calls that name no secret could be about any.
  nameless = { for field in concat(["secretId"], [for list in ["secretIdList"] : list if local.batch]) : field => [{ exists = false }] }

  units = [for index, ids in local.ids : concat(
    [for size in [length(jsonencode(local.nameless)) + 1] : { kind = "nameless", operator = "", size = size, text = "" } if index == 0],
    [for id in ids : merge(id, { kind = "id" })],
    [for id in local.batch_ids[index] : merge(id, { kind = "batch" })],
  )]

  ################################################################################
  # The patterns
  ################################################################################

  head = { "detail-type" = ["AWS API Call via CloudTrail"], source = ["aws.secretsmanager"] }
  always = { for outcome, detail in local.outcomes : outcome => merge(detail, {
    eventName   = local.event_names
    eventSource = ["secretsmanager.amazonaws.com"]
  }) }
  frame_bytes = max([for detail in values(local.always) : length(jsonencode(merge(local.head, {
    detail = merge(detail, { requestParameters = { "$or" = [{ secretId = [] }, { secretIdList = [] }] } })
  })))]...)

  groups = local.definition.all ? [] : flatten([for part, units in local.units : [
    for group in module.rules[part].groups : { for kind in ["nameless", "id", "batch"] : kind => [for index in group : units[index] if units[index].kind == kind] }
  ]])

  # Of each group what requestParameters may be: any of these.
  choices = [for group in local.groups : concat(
    [for unit in group.nameless : local.nameless],
    [for field, ids in { secretId = group.id, secretIdList = group.batch } : { (field) = concat(
      [for id in ids : id.text if id.operator == ""],
      [for id in ids : { (id.operator) = id.text } if id.operator != ""],
    ) } if length(ids) > 0],
  )]

  # EventBridge takes an $or of one for a field's name.
  parameters = concat(
    [for all in ["all"] : {} if local.definition.all],
    [for choices in local.choices : { requestParameters = merge(concat(
      [for choice in choices : choice if length(choices) == 1],
      [for several in [{ "$or" = choices }] : several if length(choices) > 1],
    )...) }],
  )

  patterns = merge([
    for outcome, detail in local.always : {
      for index, parameters in local.parameters : "${outcome}-${index}" => {
        allowed = outcome == "allowed"
        pattern = jsonencode(merge(local.head, { detail = merge(detail, parameters) }))
      }
    }
  ]...)
}

module "rules" {
  source = "../pack"
  count  = length(local.units)

  capacity = 2048 - local.frame_bytes
  sizes    = local.units[count.index][*].size
}
