# The watch as a condition of Logs Insights, of the same definition as the filters. Insights has regular expressions without
# limit, so that names are told from their siblings'; it has no "any element of a list", so that a batch's ids are looked for in
# the event's text, where what a caller wrote has its quotation marks escaped.

locals {
  # Apart, since checkov does not parse quotation marks and braces within a template.
  rest         = "[^\"]*"
  six          = "(-[A-Za-z0-9]{6})?"
  owner        = var.organization ? "[0-9]{12}" : var.account.id
  in_an_arn    = "arn:[^:\"]+:secretsmanager:[^:\"]+:%s:secret:"
  in_a_list    = "@message like /\"secretIdList\":\\s*\\[[^\\]]*\"%s\"/"
  any_list     = "@message like /\"secretIdList\":\\s*\\[\\s*\"/"
  no_list      = "@message not like /\"secretIdList\":\\s*\\[\\s*\"/"
  not_endpoint = "eventType != \"AwsVpceEvent\" or errorCode like /^Vpce/"
  listed       = "(eventName = \"ListSecrets\" and requestParameters.filters.0.values.0 in %s)"
  listed_so    = "(eventName = \"ListSecrets\" and requestParameters.filters.0.values.0 like /^%s/)"
  not_a_beat   = "not ispresent(userIdentity.sessionContext.sessionIssuer.arn) or userIdentity.sessionContext.sessionIssuer.arn != \"%s\" or not ispresent(requestParameters.secretId) or (requestParameters.secretId != \"%s\" and requestParameters.secretId not like /:secret:events!connection\\/%s\\//)"

  # Names and principals hold no other operators: variables.tf refuses them.
  escaped = { for text in distinct(concat(local.names, local.prefixes, [for principal in var.except : trimsuffix(principal, "*")])) : text => replace(replace(text, "/[.+]/", "\\$0"), "/", "\\/") }

  bare_ids = concat(
    flatten([for known in local.meant : concat([local.escaped[known.name]], [for end in ["${local.escaped[known.name]}-${known.suffix}"] : end if known.second != "no"])]),
    [for unknown in local.unknown : local.escaped[unknown.name]],
    [for prefix in local.prefixes : "${local.escaped[prefix]}${local.rest}"],
  )
  arn_ids = concat(
    [for known in local.meant : "${local.escaped[known.name]}(-${known.suffix}${known.second == "no" ? "" : local.six})?"],
    [for unknown in local.unknown : "${local.escaped[unknown.name]}${local.six}"],
    [for prefix in local.prefixes : "${local.escaped[prefix]}${local.rest}"],
  )
  arn_start = format(local.in_an_arn, local.owner)
  exact_ids = "(${join("|", local.bare_ids)}|${local.arn_start}(${join("|", local.arn_ids)}))"

  # A query has 10,000 characters, and ids stand in it twice: those of many secrets by how all of them begin.
  wide_ids = "(${local.arn_start})?${replace(replace(local.common_start, "/[.+]/", "\\$0"), "/", "\\/")}${local.rest}"
  ids      = length(local.names) + length(local.prefixes) <= 20 ? local.exact_ids : local.wide_ids

  insights_nameless = "(${join(" and ", concat(
    ["not ispresent(requestParameters.secretId)", local.no_list, "(${local.not_endpoint})"],
    local.touches ? ["eventType != \"AwsServiceEvent\"", "eventName not in ${jsonencode(local.about_none)}"] : [],
  ))})"

  insights_ids = local.is_all ? (local.touches ? "ispresent(requestParameters.secretId) or ${local.any_list} or ${local.insights_nameless}" : local.not_endpoint) : join(" or ", concat(
    ["requestParameters.secretId like /^${local.ids}$/"],
    [format(local.in_a_list, local.ids)],
    [for names in [local.names] : format(local.listed, jsonencode(names)) if local.touches && length(names) > 0],
    [for prefix in local.prefixes : format(local.listed_so, local.escaped[prefix]) if local.touches],
    [local.insights_nameless],
  ))

  insights_except = join(" and ", [
    for field, principals in {
      "userIdentity.sessionContext.sessionIssuer.arn" = local.except.issuers
      "userIdentity.arn"                              = local.except.users
      "userIdentity.invokedBy"                        = local.except.services
    } : "(not ispresent(${field}) or ${field} not like /^(${join("|", [for principal in principals : endswith(principal, "*") ? local.escaped[trimsuffix(principal, "*")] : join("", [local.escaped[principal], "$"])])})/)" if length(principals) > 0
  ])

  # Insights would take each call of the heartbeat's for a read.
  insights_heartbeat = !local.covers_heartbeat ? "" : format(local.not_a_beat, var.heartbeat.role_arn, var.heartbeat.secret_name, var.heartbeat.secret_name)

  insights_conditions = compact([
    "eventSource = \"secretsmanager.amazonaws.com\"",
    local.touches ? "" : "eventName like /^(${replace(join("|", local.events), "*", ".*")})$/",
    { any = "", denied = "errorCode like /AccessDenied/", success = "not ispresent(errorCode)" }[var.outcome],
    local.insights_ids,
    length(var.except) == 0 ? "" : local.but_denied ? "errorCode like /AccessDenied/ or (${local.insights_except})" : local.insights_except,
    local.insights_heartbeat,
  ])
}

output "insights_filter" {
  description = "Events that count, as commands of Logs Insights. With more than 20 secrets it finds a few more: all ids that begin like all of their names."
  value       = join("\n", [for condition in local.insights_conditions : "| filter ${condition}"])
}
