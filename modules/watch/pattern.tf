# The watch in CloudWatch Logs' filter patterns. One has 1,024 bytes, so conditions are dealt out to as
# many as it takes. Regular expressions alone can tell a suffix of six characters from a sibling's name, but a
# log group takes five filters with any: they are used only where the suffix is not known.

locals {
  s = "$.requestParameters.secretId"
  l = "$.requestParameters.secretIdList[*]"

  # What names no secret could be any: denied reads may have no parameters, batches may name filters instead.
  # A trail that selects network activity writes a second event of a call through an endpoint, which names none
  # either. It counts only where the endpoint's policy refused the call: then it is the only one. CloudTrail
  # writes an eventType into every event.
  once = {
    any     = "($.eventType != \"AwsVpceEvent\" || $.errorCode = \"Vpce*\")"
    denied  = ""
    success = "$.eventType != \"AwsVpceEvent\""
  }[var.outcome]
  nameless = "(${join(" && ", compact(["${local.s} NOT EXISTS", local.batch ? "$.requestParameters.secretIdList[0] NOT EXISTS" : "", local.once]))})"

  ################################################################################
  # What stands in every pattern: events, outcome, exceptions
  ################################################################################

  # AccessDenied, AccessDeniedException, and VpceAccessDenied of an endpoint's policy.
  denied = "$.errorCode = \"*AccessDenied*\""

  # In a pattern != is false for a field that is not there.
  not_excepted = join(" && ", [
    for field, principals in {
      "$.userIdentity.sessionContext.sessionIssuer.arn" = local.except.issuers
      "$.userIdentity.arn"                              = local.except.users
      "$.userIdentity.invokedBy"                        = local.except.services
    } : "(${field} NOT EXISTS || ${join(" && ", [for principal in principals : "${field} != \"${principal}\""])})" if length(principals) > 0
  ])

  always = join(" && ", compact([
    "$.eventSource = \"secretsmanager.amazonaws.com\"",
    "(${join(" || ", [for event in local.events : "$.eventName = \"${event}\""])})",
    { any = "", denied = local.denied, success = "$.errorCode NOT EXISTS" }[var.outcome],
    local.not_excepted == "" ? "" : (
      var.outcome == "any" && !var.except_denied ? "(${local.denied} || ${length(var.except) > 1 ? "(${local.not_excepted})" : local.not_excepted})" : local.not_excepted
    ),
  ]))

  # Without what the units below fill in. ARNs are told apart by what follows the account, once checked.
  is_arn      = "${local.s} = \"*:${var.organization ? "" : "${var.account.id}:"}secret:*\""
  frame_bytes = length("{ ${local.always} && ( || (${local.is_arn} && ())) }")
  room        = 1024 - local.frame_bytes

  ################################################################################
  # Units of patterns without regular expressions, each with the bytes that it takes
  ################################################################################

  # Three wildcards in a pattern: as if each took a quarter of the room, no more than three of them fall together.
  wildcard_bytes = length(local.batch_units) <= 3 ? 0 : floor((local.room + 1) / 4) + 1

  id_units = concat(
    flatten([for known in local.meant : concat(
      # A name alone is of the account that recorded the read.
      [for name in known.second == "exactly" ? [known.name, known.end] : [known.name] : {
        kind = "id"
        text = var.organization ? "(${local.s} = \"${name}\" && $.recipientAccountId = \"${known.account}\")" : "${local.s} = \"${name}\""
      }],
      # What another condition covers would count twice.
      [for name in contains(["no", "exactly"], known.second) ? [known.name, known.end] : [known.name] : {
        kind = "arn"
        text = "${local.s} = \"*${var.organization ? ":${known.account}:" : ""}secret:${name}\""
      }],
      # The suffix of a secret whose name ends so has no hyphen, and a sibling's whole ARN has one more. A long name
      # does not fit twice.
      [for start in ["*${var.organization ? ":${known.account}:" : ""}secret:${known.end}-*"] : {
        kind = "arn"
        text = length(known.end) > 100 ? "${local.s} = \"${start}\"" : "(${local.s} = \"${start}\" && ${local.s} != \"${start}-*\")"
      } if known.second == "exactly"],
      [for end in [known.end] : { kind = "id", text = "${local.s} = \"*${end}*\"" } if known.second == "loosely"],
    )]),
    flatten([for prefix in local.prefixes : [
      { kind = "id", text = "${local.s} = \"${prefix}*\"" },
      { kind = "arn", text = "${local.s} = \"*secret:${prefix}*\"" },
    ]]),
  )

  batch_account = var.organization ? "" : ":${var.account.id}"
  batch_units = distinct(!local.batch ? [] : local.batch_is_exact ? concat(
    flatten([for known in local.meant : concat(
      ["${local.l} = \"${known.name}\"", "${local.l} = \"*:${known.account}:secret:${known.name}\""],
      # A pattern has three wildcards, so one condition is for every form of a secret whose name ends so.
      [for text in [known.second == "no" ? "*:${known.account}:secret:${known.end}" : "*${known.end}*"] : "${local.l} = \"${text}\"" if known.second != "by expressions"],
    )]),
    flatten([for prefix in local.prefixes : ["${local.l} = \"${prefix}*\"", "${local.l} = \"*${local.batch_account}:secret:${prefix}*\""]]),
  ) : ["${local.l} = \"${local.common_start}*\"", "${local.l} = \"*${local.batch_account}:secret:${local.common_start}*\""])

  units = length(local.id_units) == 0 ? [] : [
    for unit in concat(
      [for unit in local.id_units : merge(unit, { size = 0 })],
      [for text in local.batch_units : { kind = "id", text = text, size = local.wildcard_bytes }],
    ) : merge(unit, { size = max(unit.size, length(unit.text) + 4) })
  ]

  # Calls that name no secret are in one pattern: the last, or one of their own where that is full. They are longer
  # than any id, and would leave that much room unused in each pattern if they were dealt out, too.
  last       = length(module.plain.groups) - 1
  last_bytes = sum(concat([length(local.nameless) + 4], [for group in slice(module.plain.groups, max(0, local.last), local.last + 1) : sum([for index in group : local.units[index].size])]))
  plain_patterns = [
    for position, group in concat(module.plain.groups, [for own in [[]] : own if local.last >= 0 && local.last_bytes > local.room]) : "{ ${local.always} && (${join(" || ", concat(
      [for nameless in [local.nameless] : nameless if position == (local.last_bytes > local.room ? local.last + 1 : local.last)],
      [for index in group : local.units[index].text if local.units[index].kind == "id"],
      [for arns in [[for index in group : local.units[index].text if local.units[index].kind == "arn"]] : "(${local.is_arn} && (${join(" || ", arns)}))" if length(arns) > 0],
    ))}) }"
  ]

  ################################################################################
  # Units of regular expressions
  ################################################################################

  # A caller may send the name, the ARN, or the ARN without its last seven characters. Anything after the
  # name but those seven belongs to another secret: db must not ring for db-replica.
  # Names as regular expressions: . and + are operators there, and ! has to be written as its code.
  alternatives = flatten([for unknown in distinct(concat(local.unknown, local.by_expressions)) : [
    for name in [replace(replace(unknown.name, "/[.+]/", "\\$0"), "!", "\\x21")] : [
      "^${name}$",
      ":${unknown.account == null ? "" : "${unknown.account}:"}secret:${name}$",
      ":${unknown.account == null ? "" : "${unknown.account}:"}secret:${name}-[a-zA-Z0-9]{6}$",
    ]
  ]])

  regex_room = 1024 - length("{ ${local.always} && (${local.s} = %% || ${local.l} = %%) }")

  # Without other patterns, the first of these also has the calls that name no secret.
  regex_units = concat([for nameless in [local.nameless] : nameless if length(local.units) == 0 && length(local.alternatives) > 0], local.alternatives)
  regex_sizes = [for index, text in local.regex_units : text == local.nameless ? length(text) + 4 : (length(text) + 1) * (local.batch ? 2 : 1)]

  regex_patterns = [
    for group in module.regular_expressions.groups : "{ ${local.always} && (${join(" || ", concat(
      [for alternatives in [join("|", [for index in group : local.regex_units[index] if local.regex_units[index] != local.nameless])] : "${local.s} = %${alternatives}%" if alternatives != ""],
      [for alternatives in [join("|", [for index in group : local.regex_units[index] if local.regex_units[index] != local.nameless])] : "${local.l} = %${alternatives}%" if alternatives != "" && local.batch],
      [for index in group : local.nameless if local.regex_units[index] == local.nameless],
    ))}) }"
  ]

  # Those for second readings come last: what stood at a place before still stands there.
  patterns = local.is_all ? ["{ ${join(" && ", compact([local.always, local.once]))} }"] : concat(
    length(local.unknown) > 0 ? local.regex_patterns : [],
    local.plain_patterns,
    length(local.unknown) > 0 ? [] : local.regex_patterns,
  )
}

module "plain" {
  source = "../pack"

  capacity = local.room
  sizes    = local.units[*].size
}

module "regular_expressions" {
  source = "../pack"

  capacity = local.regex_room
  sizes    = local.regex_sizes
}
