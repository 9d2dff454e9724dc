# The watch as a condition of Logs Insights, of the same definition as the filters. Insights has regular expressions without
# limit, so that names are told from their siblings'; it has no "any element of a list", so that a batch's ids are looked for in
# the event's text, where what a caller wrote has its quotation marks escaped.

locals {
  # Names and principals hold no other operators: variables.tf refuses them.
  escaped = { for text in distinct(concat(local.names, local.prefixes, [for principal in var.except : trimsuffix(principal, "*")])) : text => replace(replace(text, "/[.+]/", "\\$0"), "/", "\\/") }

  bare_ids = concat(
    flatten([for known in local.meant : concat([local.escaped[known.name]], [for end in ["${local.escaped[known.name]}-${known.suffix}"] : end if known.second != "no"])]),
    [for unknown in local.unknown : local.escaped[unknown.name]],
    [for prefix in local.prefixes : "${local.escaped[prefix]}[^\"]*"],
  )
  arn_ids = concat(
    [for known in local.meant : "${local.escaped[known.name]}(-${known.suffix}${known.second == "no" ? "" : "(-[A-Za-z0-9]{6})?"})?"],
    [for unknown in local.unknown : "${local.escaped[unknown.name]}(-[A-Za-z0-9]{6})?"],
    [for prefix in local.prefixes : "${local.escaped[prefix]}[^\"]*"],
  )
  arn_start = "arn:[^:\"]+:secretsmanager:[^:\"]+:${var.organization ? "[0-9]{12}" : var.account.id}:secret:"
  exact_ids = "(${join("|", local.bare_ids)}|${local.arn_start}(${join("|", local.arn_ids)}))"

  # A query has 10,000 characters, and ids stand in it twice: those of many secrets by how all of them begin.
  wide_ids = "(${local.arn_start})?${replace(replace(local.common_start, "/[.+]/", "\\$0"), "/", "\\/")}[^\"]*"
  ids      = length(local.names) + length(local.prefixes) <= 20 ? local.exact_ids : local.wide_ids

  insights_nameless = "(${join(" and ", concat(
    ["not ispresent(requestParameters.secretId)", "@message not like /\"secretIdList\":\\s*\\[\\s*\"/", "(eventType != \"AwsVpceEvent\" or errorCode like /^Vpce/)"],
    local.touches ? ["eventType != \"AwsServiceEvent\"", "eventName not in ${jsonencode(local.about_none)}"] : [],
  ))})"

  insights_ids = local.is_all ? (local.touches ? "ispresent(requestParameters.secretId) or @message like /\"secretIdList\":\\s*\\[\\s*\"/ or ${local.insights_nameless}" : "eventType != \"AwsVpceEvent\" or errorCode like /^Vpce/") : join(" or ", concat(
    ["requestParameters.secretId like /^${local.ids}$/"],
    ["@message like /\"secretIdList\":\\s*\\[[^\\]]*\"${local.ids}\"/"],
    [for names in [local.names] : "(eventName = \"ListSecrets\" and requestParameters.filters.0.values.0 in ${jsonencode(names)})" if local.touches && length(names) > 0],
    [for prefix in local.prefixes : "(eventName = \"ListSecrets\" and requestParameters.filters.0.values.0 like /^${local.escaped[prefix]}/)" if local.touches],
    [local.insights_nameless],
  ))

  insights_except = join(" and ", [
    for field, principals in {
      "userIdentity.sessionContext.sessionIssuer.arn" = local.except.issuers
      "userIdentity.arn"                              = local.except.users
      "userIdentity.invokedBy"                        = local.except.services
    } : "(not ispresent(${field}) or ${field} not like /^(${join("|", [for principal in principals : endswith(principal, "*") ? local.escaped[trimsuffix(principal, "*")] : "${local.escaped[principal]}$"])})/)" if length(principals) > 0
  ])

  # Insights would take each call of the heartbeat's for a read.
  insights_heartbeat = !local.covers_heartbeat ? "" : "not ispresent(userIdentity.sessionContext.sessionIssuer.arn) or userIdentity.sessionContext.sessionIssuer.arn != \"${var.heartbeat.role_arn}\" or not ispresent(requestParameters.secretId) or (requestParameters.secretId != \"${var.heartbeat.secret_name}\" and requestParameters.secretId not like /:secret:events!connection\\/${var.heartbeat.secret_name}\\//)"

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
  description = "What counts, as commands of Logs Insights. Of more than 20 secrets a little more: ids that begin as all of theirs do."
  value       = join("\n", [for condition in local.insights_conditions : "| filter ${condition}"])
}
