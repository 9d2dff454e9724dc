# The watch in CloudWatch Logs' filter patterns. One has 1,024 bytes, so conditions are dealt out to as many as it
# takes (modules/deal). Regular expressions alone can tell a suffix of six characters from a sibling's name, but a log
# group takes five filters with any: they are used only where the suffix is not known.
#
# Sizes are computed from what a plan always knows, never from the texts: an account, a suffix or a role may be known
# only in the apply, and then a pattern is, but not how many there are.

locals {
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
  longest_pattern = 1024

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
  nameless = "(${join(" && ", compact(concat(
    ["${local.s} NOT EXISTS", local.batch ? "$.requestParameters.secretIdList[0] NOT EXISTS" : "", local.once],
    # Events of a service's own, such as a rotation's end, are no calls.
    local.touches ? concat(["$.eventType != \"AwsServiceEvent\""], [for event in local.about_none : "$.eventName != \"${event}\""]) : [],
  )))})"

  ################################################################################
  # What stands in every pattern: events, outcome, exceptions
  ################################################################################

  # AccessDenied, AccessDeniedException, and VpceAccessDenied of an endpoint's policy.
  denied = "$.errorCode=\"*AccessDenied*\""

  # In a pattern != is false for a field that is not there.
  not_excepted = join(" && ", [
    for field, principals in {
      "$.userIdentity.sessionContext.sessionIssuer.arn" = local.except.issuers
      "$.userIdentity.arn"                              = local.except.users
      "$.userIdentity.invokedBy"                        = local.except.services
    } : "(${field} NOT EXISTS || ${join(" && ", [for principal in principals : "${field}!=\"${principal}\""])})" if length(principals) > 0
  ])

  # Up to three exceptions may be known only in the apply: each has room for the ARN of a role of IAM Identity Center.
  not_excepted_bytes = length(var.except) <= 3 ? [0, 300, 460, 630][length(var.except)] : length(local.not_excepted)

  # Only Secrets Manager has calls of these names. Of hundreds of secrets, each byte that all patterns share is a filter.
  is_reads = join(",", local.events) == join(",", local.event_sets.reads)
  frame = join(" && ", compact([
    local.is_reads && !local.few ? "" : "$.eventSource=\"secretsmanager.amazonaws.com\"",
    local.touches ? "" : local.is_reads ? "$.eventName=\"*GetSecretValue\"" : "(${join(" || ", [for event in local.events : "$.eventName=\"${event}\""])})",
    { any = "", denied = local.denied, success = "$.errorCode NOT EXISTS" }[var.outcome],
  ]))
  but_denied = var.outcome == "any" && !var.except_denied
  exceptions = length(var.except) == 0 ? "" : local.but_denied ? " && (${local.denied} || (${local.not_excepted}))" : " && ${local.not_excepted}"

  # Only this secret and that of its connection, read by this role: anybody else's read of them counts. The role's ARN may be
  # known only in the apply.
  covers_heartbeat = var.heartbeat == null ? false : local.is_all || anytrue([for prefix in local.prefixes : startswith(var.heartbeat.secret_name, prefix)])
  not_heartbeat    = !local.covers_heartbeat ? "" : " && (${local.s} NOT EXISTS || (${local.s}!=\"${var.heartbeat.secret_name}\" && ${local.s}!=\"*:secret:events!connection/${var.heartbeat.secret_name}/*\") || $.userIdentity.sessionContext.sessionIssuer.arn NOT EXISTS || $.userIdentity.sessionContext.sessionIssuer.arn!=\"${var.heartbeat.role_arn}\")"
  heartbeat_bytes  = !local.covers_heartbeat ? 0 : 480

  always       = "${local.frame}${local.exceptions}${local.not_heartbeat}"
  always_bytes = local.heartbeat_bytes + length(local.frame) + (length(var.except) == 0 ? 0 : 4 + (local.but_denied ? length(local.denied) + 8 : 0) + local.not_excepted_bytes)

  # Without what the units below fill in. ARNs are told apart by what follows the account, once checked.
  is_arn       = "${local.s}=\"*:${var.organization ? "" : "${var.account.id}:"}secret:*\""
  is_arn_bytes = length("${local.s}=\"*:secret:*\"") + (var.organization ? 0 : 13)
  room         = local.longest_pattern - local.always_bytes - local.is_arn_bytes - length("{  && ( || ( && ())) }")

  ################################################################################
  # Units of patterns without regular expressions, each with the bytes that it takes
  ################################################################################

  # Whoever lists by a secret's whole name knows of it. A pattern sees the first filter and its first value: the console and
  # the CLI write one.
  list_units = !local.touches ? [] : [for name in concat(local.names, [for prefix in local.prefixes : "${prefix}*"]) : {
    kind = "id"
    of   = name
    size = length("($.eventName=\"ListSecrets\" && $.requestParameters.filters[0].values[0]=\"\") || ") + length(name)
    text = "($.eventName=\"ListSecrets\" && $.requestParameters.filters[0].values[0]=\"${name}\")"
  }]

  # A selector, ="", || and what a unit says itself.
  id_bytes    = length("${local.s}=\"\" || ")
  batch_bytes = length("${local.l}=\"\" || ")

  # Three wildcards in a pattern: as if each took a quarter of the room, no more than three of them fall together.
  # Where there are three at all, they may.
  wildcard_bytes = local.batch_is_exact && length(local.known) + length(local.prefixes) > 1 ? floor((local.room + 1) / 4) + 1 : 0

  member_bytes = var.organization ? 14 : 0

  id_units = concat(
    flatten([for known in local.meant : [for unit in concat(
      # A name alone is of the account that recorded the read.
      [for name in known.second == "exactly" ? ["name", "end"] : ["name"] : {
        kind = "id"
        size = local.id_bytes + length(known.name) + (name == "end" ? 7 : 0) + (var.organization ? length("( && $.recipientAccountId=\"123456789012\")") : 0)
        text = var.organization ? "(${local.s}=\"${known[name]}\" && $.recipientAccountId=\"${known.owner}\")" : "${local.s}=\"${known[name]}\""
      }],
      # What another condition covers would count twice.
      [for name in contains(["no", "exactly"], known.second) ? ["name", "end"] : ["name"] : {
        kind = "arn"
        size = local.id_bytes + length("*secret:") + local.member_bytes + length(known.name) + (name == "end" ? 7 : 0)
        text = "${local.s}=\"*${known.member}secret:${known[name]}\""
      }],
      # The suffix of a secret whose name ends so has no hyphen, and a sibling's whole ARN has one more. A long name
      # does not fit twice.
      [for start in ["*${known.member}secret:${known.end}-*"] : {
        kind = "arn"
        size = (length(known.name) > 93 ? 1 : 2) * (local.id_bytes + length("*secret:-*") + local.member_bytes + length(known.name) + 7) + 6
        text = length(known.name) > 93 ? "${local.s}=\"${start}\"" : "(${local.s}=\"${start}\" && ${local.s}!=\"${start}-*\")"
      } if known.second == "exactly"],
      [for end in [known.end] : { kind = "id", size = local.id_bytes + length(known.name) + 9, text = "${local.s}=\"*${end}*\"" } if known.second == "loosely"],
    ) : merge(unit, { of = "${known.account}:${known.name}" })]]),
    flatten([for prefix in local.prefixes : [
      { kind = "id", of = prefix, size = local.id_bytes + length(prefix) + 1, text = "${local.s}=\"${prefix}*\"" },
      { kind = "arn", of = prefix, size = local.id_bytes + length(prefix) + 9, text = "${local.s}=\"*secret:${prefix}*\"" },
    ]]),
    local.list_units,
  )

  batch_account       = var.organization ? "" : ":${var.account.id}"
  batch_account_bytes = var.organization ? 0 : 13
  batch_units = !local.batch ? [] : local.batch_is_exact ? concat(
    flatten([for known in local.meant : [for unit in concat(
      [
        { size = length(known.name), text = known.name },
        { size = length(known.name) + 22, text = "*:${known.owner}:secret:${known.name}" },
      ],
      # A pattern has three wildcards, so one condition is for every form of a secret whose name ends so.
      [for text in [known.second == "no" ? "*:${known.owner}:secret:${known.end}" : "*${known.end}*"] : { size = length(known.name) + 29, text = text } if known.second != "by expressions"],
    ) : merge(unit, { of = "${known.account}:${known.name}" })]]),
    flatten([for prefix in local.prefixes : [
      { of = prefix, size = length(prefix) + 1, text = "${prefix}*" },
      { of = prefix, size = length(prefix) + 10 + local.batch_account_bytes, text = "*${local.batch_account}:secret:${prefix}*" },
    ]]),
    ) : [
    { of = "", size = length(local.common_start) + 1, text = "${local.common_start}*" },
    { of = "", size = length(local.common_start) + 10 + local.batch_account_bytes, text = "*${local.batch_account}:secret:${local.common_start}*" },
  ]

  # Calls that name no secret come first, since they belong to none.
  units = length(local.id_units) == 0 ? [] : concat(
    [{ kind = "id", of = "", size = length(local.nameless) + 4, text = local.nameless }],
    local.id_units,
    [for unit in local.batch_units : {
      kind = "id"
      of   = unit.of
      size = max(local.wildcard_bytes, local.batch_bytes + unit.size)
      text = "${local.l}=\"${unit.text}\""
    }],
  )

  plain_patterns = { for key, group in module.plain.groups : key => "{ ${local.always} && (${join(" || ", concat(
    [for index in group : local.units[index].text if local.units[index].kind == "id"],
    [for arns in [[for index in group : local.units[index].text if local.units[index].kind == "arn"]] : "(${local.is_arn} && (${join(" || ", arns)}))" if length(arns) > 0],
  ))}) }" }

  ################################################################################
  # Units of regular expressions
  ################################################################################

  # A caller may send the name, the ARN, or the ARN without its last seven characters. Anything after the
  # name but those seven belongs to another secret: db must not ring for db-replica.
  # Names as regular expressions: . and + are operators there, and ! has to be written as its code.
  alternatives = flatten([for unknown in distinct(concat(local.unknown, local.by_expressions)) : [
    for name in [replace(replace(unknown.name, "/[.+]/", "\\$0"), "!", "\\x21")] : [
      for account in [unknown.account == null ? "" : unknown.account == "" ? "${var.account.id}:" : "${unknown.account}:"] : [
        { size = length(name) + 2, text = "^${name}$" },
        { size = length(name) + 9 + (unknown.account == null ? 0 : 13), text = ":${account}secret:${name}$" },
        { size = length(name) + 24 + (unknown.account == null ? 0 : 13), text = ":${account}secret:${name}-[a-zA-Z0-9]{6}$" },
      ]
    ]
  ]])

  regex_room = local.longest_pattern - local.always_bytes - length("{  && (${local.s}=%% || ${local.l}=%%) }")

  # Without other patterns, the first of these also has the calls that name no secret.
  regex_units = concat(
    [for nameless in [local.nameless] : { is_regex = false, size = length(nameless) + 4, text = nameless } if length(local.units) == 0 && length(local.alternatives) > 0],
    [for unit in local.alternatives : { is_regex = true, size = (unit.size + 1) * (local.batch ? 2 : 1), text = unit.text }],
  )

  regex_patterns = {
    for index, group in module.regular_expressions.groups : "names-${index + 1}" => "{ ${local.always} && (${join(" || ", concat(
      [for alternatives in [join("|", [for index in group : local.regex_units[index].text if local.regex_units[index].is_regex])] : "${local.s}=%${alternatives}%" if anytrue([for index in group : local.regex_units[index].is_regex])],
      [for alternatives in [join("|", [for index in group : local.regex_units[index].text if local.regex_units[index].is_regex])] : "${local.l}=%${alternatives}%" if local.batch && anytrue([for index in group : local.regex_units[index].is_regex])],
      [for index in group : local.regex_units[index].text if !local.regex_units[index].is_regex],
    ))}) }"
  }

  # Of all secrets whatever names one, and what cannot be told.
  every = !local.touches ? local.once : "(${local.s}=\"*\" || $.requestParameters.secretIdList[0]=\"*\" || ${local.nameless})"

  patterns = local.is_all ? { all = "{ ${join(" && ", compact([local.always, local.every]))} }" } : merge(local.plain_patterns, local.regex_patterns)
}

module "plain" {
  source = "../deal"

  capacity = local.room
  items    = [for unit in local.units : { of = unit.of, size = unit.size }]
}

module "regular_expressions" {
  source = "../pack"

  capacity = local.regex_room
  sizes    = local.regex_units[*].size
}
