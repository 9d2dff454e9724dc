# The watch in EventBridge's event patterns, made of the same definition as the filters. A rule takes 2,048
# characters, so ids are dealt out to as many as it takes. Patterns are objects up to the last step, and have no
# wildcard where a prefix or whole texts say the same: EventBridge refuses several on one field as too complex.
# One rule for calls that were allowed and one for those that were not: a template has no conditions.

locals {
  longest_pattern = 2048

  definition = var.definition
  touches    = local.definition.touches
  batch      = local.touches || contains(local.definition.events, "BatchGetSecretValue")

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

  # By outcome, with and without the exceptions: how long a pattern is without them is known before they are.
  outcomes = { for which, not_excepted in { whole = local.not_excepted, without = {} } : which => merge(
    { for outcome, detail in { allowed = merge(local.allowed, not_excepted) } : outcome => detail if local.definition.outcome != "denied" },
    { for outcome, detail in { refused = merge(local.denied, not_excepted) } : outcome => detail if local.definition.outcome == "denied" },
    { for outcome, detail in { refused = merge(local.refused, not_excepted) } : outcome => detail if local.definition.outcome == "any" && (local.definition.exceptions == 0 || local.definition.except_denied) },
    { for outcome, detail in { refused = { "$or" = [local.denied, merge(local.refused, not_excepted)] } } : outcome => detail if local.definition.outcome == "any" && local.definition.exceptions > 0 && !local.definition.except_denied },
  ) }

  # As in modules/watch, up to three may be known only in the apply.
  exception_bytes = local.definition.exceptions <= 3 ? [0, 300, 460, 630][local.definition.exceptions] : length(jsonencode(local.not_excepted))

  ################################################################################
  # Ids, each with the characters that it takes
  ################################################################################

  # Secrets Manager takes account and name from an ARN and leaves its region aside (observed), so that a replica
  # can be read by the ARN of another region.
  account = ":${var.account.id}:secret:"
  whole   = "arn:${var.account.partition}:secretsmanager:${var.account.region}${local.account}"
  any     = "arn:${var.account.partition}:secretsmanager:*${local.account}"

  # How long these are is known before they are: no partition is longer than aws-us-gov, no region than ap-southeast-1.
  account_bytes = length(":123456789012:secret:")
  whole_bytes   = length("arn:aws-us-gov:secretsmanager:ap-southeast-1") + local.account_bytes
  bytes         = { "" = length("'',"), prefix = length("{'prefix':''},"), suffix = length("{'suffix':''},"), wildcard = length("{'wildcard':''},") }

  # What may be the ARN of a secret whose name ends so: that has a suffix of its own, for which there is no pattern
  # here but a prefix.
  known = flatten([for known in local.definition.known : [for id in concat(
    [
      { operator = "", size = length(known.name), text = known.name },
      { operator = "suffix", size = local.account_bytes + length(known.name), text = "${local.account}${known.name}" },
      { operator = "suffix", size = local.account_bytes + length(known.name) + 7, text = "${local.account}${known.name}-${known.suffix}" },
    ],
    [for end in ["${known.name}-${known.suffix}"] : { operator = "", size = length(known.name) + 7, text = end } if known.second != "no"],
    [for end in ["${known.name}-${known.suffix}-"] : { operator = "prefix", size = local.whole_bytes + length(known.name) + 8, text = "${local.whole}${end}" } if known.second != "no"],
  ) : merge(id, { of = known.name })]])

  # What this very apply creates gets its ARN there.
  created = var.created == null ? [] : flatten([for unknown in local.definition.unknown : [for id in [
    { operator = "", size = length(unknown.name), text = unknown.name },
    { operator = "suffix", size = local.account_bytes + length(unknown.name), text = "${local.account}${unknown.name}" },
    { operator = "suffix", size = local.account_bytes + length(unknown.name) + 7, text = ":${join(":", slice(split(":", var.created.arn), 4, 7))}" },
  ] : merge(id, { of = unknown.name })] if unknown.name == var.created.name])

  # Only an ARN that ends in anything takes a wildcard: after any region.
  begins = { for start in distinct(concat(local.prefixes, [local.definition.common_start])) : start => [
    { operator = "prefix", size = length(start), text = start },
    { operator = "wildcard", size = local.whole_bytes + length(start) + 1, text = "${local.any}${start}*" },
  ] }

  # A prefix within another's adds nothing.
  prefixes = [for prefix in local.definition.prefixes : prefix if !anytrue([for other in local.definition.prefixes : other != prefix && startswith(prefix, other)])]

  # Calls that name no secret could be about any. They come first, since they belong to none.
  nameless = { for field in concat(["secretId"], [for list in ["secretIdList"] : list if local.batch]) : field => [{ exists = false }] }

  # A batch of many counts by how its ids begin. One text can match the beginnings of a wildcard in four ways at once,
  # and EventBridge takes ten on a field: as if each took a third of the room, no more than two of them fall together.
  items = local.definition.all ? [] : concat(
    [for nameless in [local.nameless] : { nameless = true, of = "", ids = [], batch = [], size = length(jsonencode(nameless)) + 1 } if !local.touches],
    [for id in concat(local.created, local.known) : { nameless = false, of = id.of, ids = [id], batch = [], size = local.bytes[id.operator] + id.size }],
    [for id in local.created : { nameless = false, of = id.of, ids = [], batch = [id], size = local.bytes[id.operator] + id.size } if local.batch],
    [for id in local.known : { nameless = false, of = id.of, ids = [], batch = [id], size = local.bytes[id.operator] + id.size } if local.batch && local.definition.batch_is_exact],
    [for ids in [local.begins[local.definition.common_start]] : { nameless = false, of = "", ids = [], batch = ids, size = sum([for id in ids : local.bytes[id.operator] + id.size]) } if local.batch && !local.definition.batch_is_exact],
    [for prefix in local.prefixes : {
      nameless = false
      of       = prefix
      ids      = local.begins[prefix]
      batch    = local.batch && local.definition.batch_is_exact ? local.begins[prefix] : []
      size     = max(floor(local.room / 3) + 1, 2 * sum([for id in local.begins[prefix] : local.bytes[id.operator] + id.size]))
    }],
  )

  ################################################################################
  # The patterns
  ################################################################################

  head = { "detail-type" = ["AWS API Call via CloudTrail"], source = ["aws.secretsmanager"] }
  always = { for which, outcomes in local.outcomes : which => { for outcome, detail in outcomes : outcome => merge(
    detail,
    { eventSource = ["secretsmanager.amazonaws.com"] },
    { for field, events in { eventName = local.event_names } : field => events if !local.touches },
  ) } }
  room = local.longest_pattern - local.exception_bytes - max([for detail in values(local.always.without) : length(jsonencode(merge(local.head, {
    detail = merge(detail, { requestParameters = { "$or" = [{ secretId = [] }, { secretIdList = [] }] } })
  })))]...)

  # Of each group what requestParameters may be: any of these.
  choices = { for key, group in module.rules.groups : key => concat(
    [for index in group : local.nameless if local.items[index].nameless],
    [for field, ids in {
      secretId     = flatten([for index in group : local.items[index].ids])
      secretIdList = flatten([for index in group : local.items[index].batch])
      } : { (field) = concat(
        [for id in ids : id.text if id.operator == ""],
        [for id in ids : { (id.operator) = id.text } if id.operator != ""],
    ) } if length(ids) > 0],
  ) }

  # Of every call those that name no secret are told apart by what they are called, and lists by what they ask for: rules of
  # their own, since a pattern has one $or, and a number that keeps their names from those of another instance's.
  none  = { eventName = [{ "anything-but" = local.definition.about_none }], requestParameters = local.nameless }
  lists = concat([for name in local.definition.names : name if local.touches], [for prefix in local.prefixes : { prefix = prefix } if local.touches])

  # EventBridge takes an $or of one for a field's name.
  parameters = merge(
    { for key in ["none-0"] : key => local.none if local.touches },
    { for index, group in module.lists.groups : "lists-${index}" => {
      eventName         = ["ListSecrets"]
      requestParameters = { filters = { values = [for place in group : local.lists[place]] } }
    } },
    { for key in ["every-0"] : key => { requestParameters = { "$or" = [
      { secretId = concat([for any in [{ exists = true }] : any if var.heartbeat == null], [for others in [{ "anything-but" = { wildcard = local.of_heartbeat } }] : others if var.heartbeat != null]) },
      { secretIdList = [{ exists = true }] },
    ] } } if local.definition.all && local.touches },
    { for key in ["all"] : key => {} if local.definition.all && !local.touches && var.heartbeat == null },
    # Whoever else reads the heartbeat's secret rings the alarm: a pattern has no way to say "or by another role" beside all else.
    { for key in ["all"] : key => { requestParameters = { secretId = [{ exists = false }, { "anything-but" = { wildcard = local.of_heartbeat } }] } } if local.definition.all && !local.touches && var.heartbeat != null },
    { for key, choices in local.choices : key => { requestParameters = merge(concat(
      [for choice in choices : choice if length(choices) == 1],
      [for several in [{ "$or" = choices }] : several if length(choices) > 1],
    )...) } },
  )

  of_heartbeat = [try(var.heartbeat.secret_name, "-"), "${local.whole}events!connection/${try(var.heartbeat.secret_name, "-")}/*"]

  patterns = merge([
    for outcome in keys(local.always.without) : {
      for key, parameters in local.parameters : "${outcome}-${key}" => {
        allowed = outcome == "allowed"
        pattern = jsonencode(merge(local.head, { detail = merge(local.always.whole[outcome], parameters) }))
      }
    }
  ]...)
}

module "lists" {
  source = "../pack"

  capacity = local.room
  sizes    = [for value in local.lists : length(jsonencode(value)) + 1]
}

module "rules" {
  source = "../deal"

  capacity = local.room
  items    = [for item in local.items : { of = item.of, size = item.size }]
}
