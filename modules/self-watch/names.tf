# Names of this instance's filters, rules and alarms, as conditions that no other instance's fulfil. A name that only
# begins as this instance's do may be another's: instance pay with a watch eu has a filter pay-eu-000-1, and instance
# pay-eu has filters pay-eu-tampering and pay-eu-db-000-1. So names are written out, or, where there are many, as what
# they have in common and others have not: how many hyphens there are, and what stands between them.

locals {
  # Written out, each watch takes almost a filter, and a log group takes 100. Of many watches names stand only as what all
  # of them begin with: rather told of a neighbour than refused. Exceptions stand in every filter and leave less room.
  many = length(var.filters) + length(var.rules) > (local.excepted == 0 ? 20 : 8)

  field = {
    filter = "$.requestParameters.filterName"
    rule   = "$.requestParameters.name"
    target = "$.requestParameters.rule"
  }

  # Called «metric»-all, «metric»-names-1 or, by place and number, «metric»-a80-1. Another instance's name that begins
  # with «metric»- has more hyphens, ends otherwise, or is its «metric»-tampering-2.
  numbers = { for metric, keys in var.filters : metric => distinct([for key in keys : reverse(split("-", key))[0]]) }
  filters = { for metric, keys in var.filters : metric => {
    all   = [for few in chunklist(keys, 3) : join(" || ", [for key in few : "${local.field.filter} = \"${metric}-${key}\""])]
    forms = [for number in local.numbers[metric] : replace("«» = \"${metric}-*-${number}\" && «» != \"${metric}-*-*-*\" && «» != \"${metric}-t*\"", "«»", local.field.filter)]
  } }
  filter_names = local.many ? ["${local.field.filter} = \"${var.name}-*\""] : concat(
    # This very watch's, whose number is not known before it is dealt out.
    [replace("«» = \"${var.name}-tampering\" || («» = \"${var.name}-tampering-*\" && «» != \"${var.name}-tampering-*-*\" && «» != \"${var.name}-tampering-t*\")", "«»", local.field.filter)],
    var.heartbeat ? ["${local.field.filter} = \"${var.name}-heartbeat\""] : [],
    flatten([for names in local.filters : length(join("", names.all)) <= length(join("", names.forms)) ? names.all : names.forms]),
  )

  # Called «watch»-a-all or «watch»-r-a80-1.
  rules = { for field in ["rule", "target"] : field => [for watch, keys in var.rules : {
    all   = [for few in chunklist(keys, 3) : join(" || ", [for key in few : "${local.field[field]} = \"${watch}-${key}\""])]
    forms = [for outcome in ["a", "r"] : replace("«» = \"${watch}-${outcome}-*\" && «» != \"${watch}-*-*-*-*\" && «» != \"${watch}-*-*-all\"", "«»", local.field[field])]
  }] }
  # The fast self-watch's begin so.
  fast_names = { for field in ["rule", "target"] : field => concat(
    [for prefix in ["${var.name}-self-watch-"] : "${local.field[field]} = \"${prefix}*\"" if var.fast],
    [for name in ["${var.name}-heartbeat"] : "${local.field[field]} = \"${name}\"" if var.heartbeat],
    [for prefix in ["${var.name}-details-"] : "${local.field[field]} = \"${prefix}*\"" if var.details],
  ) }
  rule_names   = local.many ? (length(var.rules) == 0 && !var.fast && !var.heartbeat && !var.details ? [] : ["${local.field.rule} = \"${var.name}-*\""]) : concat(local.fast_names.rule, flatten([for names in local.rules.rule : length(join("", names.all)) <= length(join("", names.forms)) ? names.all : names.forms]))
  target_names = local.many ? (length(var.rules) == 0 && !var.fast && !var.heartbeat && !var.details ? [] : ["${local.field.target} = \"${var.name}-*\""]) : concat(local.fast_names.target, flatten([for names in local.rules.target : length(join("", names.all)) <= length(join("", names.forms)) ? names.all : names.forms]))

  # Calls name several at a time, of which a condition cannot say that none is another's: so these are written out, in
  # threes, since a pattern has three wildcards [*], where these are not too long.
  alarm_names     = local.many ? ["${var.name}-*"] : local.all_alarm_names
  all_alarm_names = concat(var.tampering ? ["${var.name}-tampering"] : [], var.blindness ? concat(["${var.name}-blind"], values(local.undelivered)) : [], var.alarm_names)
  alarm_bytes     = length(local.alarm) + local.here_bytes + 4
  each_bytes      = length("$.requestParameters.alarmName = \"\" || $.requestParameters.alarmNames[*] = \"\" || ") + 2 * max(concat([0], [for name in local.alarm_names : length(name)])...)
  together        = max(1, min(3, floor((local.room - local.alarm_bytes) / local.each_bytes)))
  alarms = [for names in chunklist(sort(local.alarm_names), local.together) : join(" || ", [
    for name in names : "$.requestParameters.alarmName = \"${name}\" || $.requestParameters.alarmNames[*] = \"${name}\""
  ])]
  undelivered = { for key in keys(var.topic_arns) : key => "${var.name}-undelivered${key == "default" ? "" : "-${key}"}" }
}
