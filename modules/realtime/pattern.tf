# The watch in EventBridge's event patterns, made of the same definition as the filters. A rule takes 2,048
# characters, so ids are dealt out to as many as it takes, and few wildcards on one field: EventBridge refuses
# more as too complex. Pieces are JSON, since their types differ.
# One rule for calls that were allowed and one for those that were not: a template has no conditions.

locals {
  definition = var.definition
  batch      = contains(local.definition.events, "BatchGetSecretValue")
  account    = var.account.id

  ################################################################################
  # What stands in every pattern: events, outcome, exceptions
  ################################################################################

  # A principal is left out where its field is there and one of these; a * stands for anything in both languages.
  identity = {
    for field, principals in {
      arn            = local.definition.except.users
      invokedBy      = local.definition.except.services
      sessionContext = local.definition.except.issuers
    } : field => "[{\"exists\":false},${jsonencode({ "anything-but" = { wildcard = principals } })}]" if length(principals) > 0
  }
  not_excepted = length(local.identity) == 0 ? "" : "\"userIdentity\":{${join(",", [
    for field, condition in local.identity : field == "sessionContext" ? "\"sessionContext\":{\"sessionIssuer\":{\"arn\":${condition}}}" : "\"${field}\":${condition}"
  ])}}"

  denied  = "\"errorCode\":[{\"prefix\":\"AccessDenied\"}]"
  refused = "\"errorCode\":[{\"exists\":true}]"

  outcomes = { for outcome, conditions in {
    allowed = local.definition.outcome == "denied" ? "" : join(",", compact(["\"errorCode\":[{\"exists\":false}]", local.not_excepted]))
    refused = {
      success = ""
      denied  = join(",", compact([local.denied, local.not_excepted]))
      any = local.not_excepted == "" || local.definition.except_denied ? join(",", compact([local.refused, local.not_excepted])) : (
        "\"$or\":[{${local.denied}},{${local.refused},${local.not_excepted}}]"
      )
    }[local.definition.outcome]
  } : outcome => conditions if conditions != "" }

  events = "\"eventName\":[${join(",", [for event in local.definition.events : length(regexall("[*]", event)) > 0 ? jsonencode({ wildcard = event }) : jsonencode(event)])}]"

  always = { for outcome, conditions in local.outcomes : outcome => "\"eventSource\":[\"secretsmanager.amazonaws.com\"],${local.events},${conditions}" }

  ################################################################################
  # Ids, each with the characters that it takes
  ################################################################################

  # What may be the ARN of a secret whose name ends so: that has a suffix of its own, for which there is no pattern
  # here but a prefix.
  known_texts = flatten([for known in local.definition.known : concat(
    [
      jsonencode(known.name),
      jsonencode({ suffix = ":${known.account}:secret:${known.name}" }),
      jsonencode({ suffix = ":${known.account}:secret:${known.name}-${known.suffix}" }),
    ],
    [for end in ["${known.name}-${known.suffix}"] : jsonencode(end) if known.second != "no"],
    [for end in ["${known.name}-${known.suffix}-"] : jsonencode({ prefix = "arn:${var.account.partition}:secretsmanager:${var.account.region}:${local.account}:secret:${end}" }) if known.second != "no"],
  )])

  # One text can match the beginnings of such a wildcard in four ways at once; EventBridge takes ten on a field,
  # so a rule takes two. A prefix within another's adds nothing.
  prefixes = chunklist([
    for prefix in local.definition.prefixes : prefix if !anytrue([for other in local.definition.prefixes : other != prefix && startswith(prefix, other)])
  ], 2)
  prefix_texts = [for prefixes in concat(local.prefixes, length(local.prefixes) == 0 ? [[]] : []) : flatten([for prefix in prefixes : [
    jsonencode({ prefix = prefix }),
    jsonencode({ wildcard = "*:${local.account}:secret:${prefix}*" }),
  ]])]

  # What this very apply creates gets its ARN there; how long that will be is known before.
  created = var.created == null ? [] : [for unknown in local.definition.unknown : var.created if unknown.name == var.created.name]
  created_units = flatten([for created in local.created : [
    for form in [
      { text = jsonencode(created.name), size = length(jsonencode(created.name)) },
      { text = jsonencode({ suffix = ":${local.account}:secret:${created.name}" }), size = length(jsonencode({ suffix = ":${local.account}:secret:${created.name}" })) },
      { text = jsonencode({ suffix = ":${join(":", slice(split(":", created.arn), 4, 7))}" }), size = length(jsonencode({ suffix = ":${local.account}:secret:${created.name}-123456" })) },
    ] : form
  ]])

  # By wildcards that go together, of which the first also has what is without.
  ids = [for index, texts in local.prefix_texts : concat(
    index == 0 ? local.created_units : [],
    [for text in concat(index == 0 ? local.known_texts : [], texts) : { text = text, size = length(text) }],
  )]

  batch_ids = !local.batch ? [for texts in local.prefix_texts : []] : local.definition.batch_is_exact ? local.ids : [
    for index, texts in local.prefix_texts : index > 0 ? [] : concat(local.created_units, [
      for text in [
        jsonencode({ prefix = local.definition.common_start }),
        jsonencode({ wildcard = "*:${local.account}:secret:${local.definition.common_start}*" }),
      ] : { text = text, size = length(text) }
    ])
  ]

  nameless = local.batch ? "{\"secretId\":[{\"exists\":false}],\"secretIdList\":[{\"exists\":false}]}" : "{\"secretId\":[{\"exists\":false}]}"

  units = [for index, texts in local.prefix_texts : concat(
    index == 0 ? [{ kind = "nameless", text = local.nameless, size = length(local.nameless) + 1 }] : [],
    [for id in local.ids[index] : { kind = "id", text = id.text, size = id.size + 1 }],
    [for id in local.batch_ids[index] : { kind = "batch", text = id.text, size = id.size + 1 }],
  )]

  ################################################################################
  # The patterns
  ################################################################################

  frame       = "{\"source\":[\"aws.secretsmanager\"],\"detail-type\":[\"AWS API Call via CloudTrail\"],\"detail\":{%s}}"
  frame_bytes = length(local.frame) + max([for always in values(local.always) : length(always)]...) + length(",\"requestParameters\":{\"$or\":[{\"secretId\":[]},{\"secretIdList\":[]}]}")

  groups = local.definition.all ? [] : concat([
    for part, units in local.units : [
      for group in module.rules[part].groups : concat(
        [for index in group : units[index].text if units[index].kind == "nameless"],
        [for texts in [[for index in group : units[index].text if units[index].kind == "id"]] : "{\"secretId\":[${join(",", texts)}]}" if length(texts) > 0],
        [for texts in [[for index in group : units[index].text if units[index].kind == "batch"]] : "{\"secretIdList\":[${join(",", texts)}]}" if length(texts) > 0],
      )
    ]
  ]...)

  patterns = merge([
    for outcome, always in local.always : {
      for index, branches in local.definition.all ? [[]] : local.groups : "${outcome}-${index}" => {
        allowed = outcome == "allowed"
        # EventBridge takes an $or of one branch for a field's name.
        pattern = format(local.frame, join(",", compact([
          always,
          length(branches) == 0 ? "" : length(branches) == 1 ? "\"requestParameters\":${branches[0]}" : "\"requestParameters\":{\"$or\":[${join(",", branches)}]}",
        ])))
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
