# Raises an alarm when somebody reads a secret: CloudTrail records the read, metric filters count it, an
# alarm rings, a topic tells people. Beside it: a readable message within seconds, and a watch on the watch itself.
#
# Long because it joins all modules, each to what the others make; what is inside a part stands in its module.

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  # Looked up once here, so that the modules need no data source, and their policies are known in a plan.
  account = {
    dns_suffix = data.aws_partition.this.dns_suffix
    id         = data.aws_caller_identity.this.account_id
    partition  = data.aws_partition.this.partition
    region     = data.aws_region.this.id
  }

  console_domain = lookup({
    aws-cn     = "console.amazonaws.cn"
    aws-us-gov = "console.amazonaws-us-gov.com"
  }, local.account.partition, "console.aws.amazon.com")

  # Where IAM's and other global services' calls reach EventBridge.
  global_region = lookup({
    aws-cn     = "cn-north-1"
    aws-us-gov = "us-gov-west-1"
  }, local.account.partition, "us-east-1")
}

################################################################################
# What is watched
################################################################################

locals {
  # Without a map of watches, secrets and alarm make one. Its names are what they always were, also once it is in a map.
  single  = length(var.watches) == 0 && (var.decoys == null || var.secret != null || length(var.secrets) > 0)
  secrets = setunion(var.secrets, var.secret == null ? [] : [var.secret.name])

  # All decoys are one watch of two alarms: its own, and the one on whatever else tells of a touch. So where a message or details
  # say that touches go on, no alarm tells of an alarm that does not end.
  watches = { for key, watch in merge(
    { for key in ["secret-read"] : key => {
      alarm           = var.alarm
      details         = var.details
      events          = toset(["reads"])
      except          = []
      except_denied   = false
      outcome         = "any"
      path            = ""
      realtime        = false
      realtime_topics = null
      secrets         = local.secrets
      stuck           = var.self_watch.blindness
      topics          = null
    } if local.single },
    { for key, watch in var.watches : key => merge(watch, { path = "watches.${key}.", stuck = var.self_watch.blindness }) },
    { for key in ["decoys"] : key => {
      alarm           = local.single_touch
      details         = var.decoys.details
      events          = toset(["touches"])
      except          = var.decoys.except
      except_denied   = false
      outcome         = "any"
      path            = "decoys."
      realtime        = var.decoys.realtime
      realtime_topics = null
      secrets         = toset(keys(var.decoys.arns))
      stuck           = var.self_watch.blindness && !var.decoys.realtime && !var.decoys.details
      topics          = var.decoys.topics
    } if var.decoys != null },
    ) : key => merge(watch, {
      metric_name = key == "secret-read" ? "${var.name}-secret-reads" : "${var.name}-${key}"
      topics      = coalesce(watch.topics, toset(keys(local.topics)))

      # The alarm's, unless given: who has confirmed one subscription need not confirm another.
      realtime_topics = coalesce(watch.realtime_topics, watch.topics, toset(keys(local.topics)))
  }) }

  # alarmed: whether an alarm rings where details cannot be told. Of decoys with a message of each touch that says who, too.
  detailed = { for key, watch in local.watches : key => merge(watch, { alarmed = !(var.decoys != null && key == "decoys" && watch.realtime) }) if watch.details }

  single_touch = {
    datapoints_to_alarm = null
    evaluation_periods  = 1
    ok_actions          = false
    period              = 300
    statistic           = "Sum"
    threshold           = 1
    treat_missing_data  = "notBreaching"
  }

  realtime = { for key, watch in local.watches : key => watch if watch.realtime }

  watch_alarms = flatten([for key, watch in local.watches : concat(["${var.name}-${key}"], watch.stuck ? ["${var.name}-${key}-stuck"] : [])])

  # Which alarms publish, as a topic's policy names them, which comes first. How many the fast path has is known later: of
  # more than one the others have a number.
  publishing = concat(
    local.watch_alarms,
    flatten([for key in keys(local.realtime) : [for number in ["", "--?", "--??"] : "${var.name}-realtime-${key}${number}"]]),
    [for key, watch in local.detailed : "${var.name}-details-${key}" if watch.alarmed],
    var.self_watch.tampering ? ["${var.name}-tampering"] : [],
    local.beats ? ["${var.name}-heartbeat"] : [],
    var.self_watch.blindness ? concat(["${var.name}-blind"], [for key in concat(keys(local.topics), keys(local.fast_topic)) : "${var.name}-undelivered${key == "default" ? "" : "-${key}"}"]) : [],
  )

  # Names that could be looked up: the secret that is created here has no ARN yet.
  names_to_look_up = !var.look_up_secrets ? [] : sort([
    for secret in distinct(flatten([for key, watch in local.watches : tolist(watch.secrets) if var.decoys == null || key != "decoys"])) : secret
    if !startswith(secret, "arn:") && !endswith(secret, "*") && secret != try(var.secret.name, null)
  ])
}

# A filter of ListSecrets takes ten values, and finds every name that begins so.
data "aws_secretsmanager_secrets" "named" {
  for_each = { for index, names in chunklist(local.names_to_look_up, 10) : index => names }

  filter {
    name   = "name"
    values = each.value
  }

  lifecycle {
    postcondition {
      condition     = length(setsubtract(each.value, self.names)) == 0
      error_message = "look_up_secrets found no ${join(", ", setsubtract(each.value, self.names))} among the secrets of account ${local.account.id} in ${local.account.region}: mend the names, write complete ARNs of secrets in other regions, or leave out look_up_secrets for secrets that are still to come."
    }
  }
}

locals {
  # By name, which is known although what is found may be only in the apply.
  arns = { for index, name in local.names_to_look_up : name => one([
    for arn in data.aws_secretsmanager_secrets.named[floor(index / 10)].arns : arn if replace(split(":secret:", arn)[1], "/-[A-Za-z0-9]{6}$/", "") == name
  ]) }
}

# Other instances whose names begin with this one's, as far as they have trails of their own. Instance pay with a watch
# eu-db has an alarm pay-eu-db, as instance pay-eu has with a watch db: AWS replaces the one by the other.
data "aws_cloudwatch_log_groups" "beside" {
  log_group_name_prefix = "/aws/cloudtrail/${var.name}-"
}

locals {
  beside = [for group in data.aws_cloudwatch_log_groups.beside.log_group_names : trimprefix(group, "/aws/cloudtrail/") if startswith(group, "/aws/cloudtrail/${var.name}-")]
  clashes = distinct(flatten([for other in local.beside : concat(
    # No watch is called stuck: what is called so belongs to an alarm that is in this list itself.
    [for alarm in local.publishing : alarm if startswith(alarm, "${other}-") && !endswith(alarm, "?") && !endswith(alarm, "-stuck")],
    [for topic in concat(values(module.alerts.names), flatten([for key in keys(local.fast_topic) : "${var.name}-${key}"])) : topic if topic == other || startswith(topic, "${other}-")],
  )]))
}

module "watch" {
  source   = "./modules/watch"
  for_each = local.watches

  account        = local.account
  alarm          = each.value.alarm
  decoys         = var.decoys != null && each.key == "decoys"
  events         = each.value.events
  except         = each.value.except
  except_denied  = each.value.except_denied
  heartbeat      = local.heartbeat
  log_group_name = local.trail.log_group_name
  metric         = { name = each.value.metric_name, namespace = "secretwatch/${var.name}" }
  name           = "${var.name}-${each.key}"
  organization   = var.trail.organization != null
  outcome        = each.value.outcome
  path           = each.value.path
  resolved       = var.decoys != null && each.key == "decoys" ? var.decoys.arns : local.arns
  secrets        = each.value.secrets
  stuck          = each.value.stuck
  tags           = var.tags
  topic_arns     = [for topic in each.value.topics : module.alerts.topic_arns[topic] if contains(keys(local.topics), topic)]
}

module "realtime" {
  source   = "./modules/realtime"
  for_each = local.realtime

  account          = local.account
  alarm_topic_arns = [for topic in each.value.topics : module.alerts.topic_arns[topic] if contains(keys(local.topics), topic)]
  chat_topics      = local.chats_alone
  console_domain   = local.console_domain
  created          = var.secret == null ? null : { arn = module.secret[0].arn, name = var.secret.name }
  definition       = module.watch[each.key].definition
  heartbeat        = local.heartbeat
  key              = each.key
  name             = var.name
  secret_arns      = [for secret in each.value.secrets : secret if startswith(secret, "arn:")]
  tags             = var.tags
  topic_arns       = { for topic in each.value.realtime_topics : topic => module.alerts.topic_arns[topic] if contains(keys(local.topics), topic) }
}

module "details" {
  source   = "./modules/details"
  for_each = local.detailed

  account          = local.account
  alarm            = { name = "${var.name}-${each.key}", seconds = each.value.alarm.period * each.value.alarm.evaluation_periods }
  alarmed          = each.value.alarmed
  chat_topic_arns  = [for topic in each.value.topics : module.alerts.topic_arns[topic] if contains(local.chats_alone, topic)]
  console_domain   = local.console_domain
  filter_patterns  = module.watch[each.key].filter_patterns
  given_topic_arns = [for topic in each.value.topics : local.topics[topic].existing.arn if try(local.topics[topic].existing, null) != null]
  key              = each.key
  kms_key_arns     = anytrue([for topic in each.value.topics : try(local.topics[topic].existing, null) == null]) ? [module.alerts.kms_key_arn] : []
  log_group        = { arn = local.trail.log_group_arn, name = local.trail.log_group_name }
  name             = var.name
  path             = each.value.path
  tags             = var.tags
  topic_arns       = [for topic in each.value.topics : module.alerts.topic_arns[topic] if contains(keys(local.topics), topic)]
}

################################################################################
# Where events come from
################################################################################

module "trail" {
  source = "./modules/trail"
  count  = local.owns_trail ? 1 : 0

  account                          = local.account
  after                            = local.before_the_trail
  bucket                           = var.trail.bucket
  bucket_expiration_in_days        = var.trail.bucket_expiration_in_days
  bucket_force_destroy             = var.trail.bucket_force_destroy
  exclude_management_event_sources = var.trail.exclude_management_event_sources
  kms_deletion_window_in_days      = var.kms_deletion_window_in_days
  kms_key                          = var.kms_keys.trail
  log_retention_in_days            = var.trail.log_retention_in_days
  name                             = var.name
  notifications                    = var.trail.notifications
  organization                     = var.trail.organization
  tags                             = var.tags
}

# Cheaper, and blinder: who decides should read it in the plan, each time.
check "left_out" {
  assert {
    condition     = !contains(var.trail.exclude_management_event_sources, "kms.amazonaws.com")
    error_message = "trail.exclude_management_event_sources leaves out KMS. Then no alarm rings when a key of this instance is disabled, deleted or given another policy, although events or messages no longer arrive after that. The self-watch tells it only if another trail records KMS. The trail also does not record when a secret is decrypted, which is the second trace of a read."
  }

  assert {
    condition     = !contains(var.trail.exclude_management_event_sources, "rdsdata.amazonaws.com")
    error_message = "trail.exclude_management_event_sources leaves out the RDS Data API. Then the trail does not record what somebody did in a database with a secret that they read. No watch here looks at these calls."
  }
}

module "existing_trail" {
  source = "./modules/existing-trail"
  count  = local.owns_trail ? 0 : 1

  account        = local.account
  arn            = var.trail.existing.arn
  log_group_name = var.trail.existing.log_group_name
  verify         = var.trail.existing.verify
}

locals {
  owns_trail = var.trail.existing == null

  # As modules/trail has it, whose own output would be the trail.
  trail_owner_id = coalesce(try(var.trail.organization.management_account_id, null), local.account.id)

  # One output at a time: all of module.trail would also be the trail itself, which comes last.
  trail = {
    arn                     = local.owns_trail ? "arn:${local.account.partition}:cloudtrail:${local.account.region}:${local.trail_owner_id}:trail/${var.name}" : var.trail.existing.arn
    bucket_name             = local.owns_trail ? module.trail[0].bucket_name : var.trail.existing.bucket_name
    kms_key_arn             = local.owns_trail ? module.trail[0].kms_key_arn : null
    log_group_arn           = local.owns_trail ? module.trail[0].log_group_arn : module.existing_trail[0].log_group_arn
    log_group_name          = local.owns_trail ? module.trail[0].log_group_name : module.existing_trail[0].log_group_name
    name                    = local.owns_trail ? var.name : module.existing_trail[0].name
    notifications_topic_arn = local.owns_trail ? module.trail[0].notifications_topic_arn : null
    role_arn                = local.owns_trail ? "arn:${local.account.partition}:iam::${local.account.id}:role/${module.trail[0].role_name}" : module.existing_trail[0].role_arn
    role_name               = local.owns_trail ? module.trail[0].role_name : null
  }

  # The trail comes last: it would record how everything else is made, and the watch on the watch itself would ring.
  before_the_trail = concat(
    module.secret[*].version_id,
    flatten(values(module.watch)[*].alarm_arns),
    flatten(values(module.realtime)[*].rule_arns),
    flatten(values(module.details)[*].alarm_arns),
    values(module.details)[*].rule_arn,
    values(module.alerts.topic_arns),
    flatten(values(module.chat)[*].configuration_arns),
    module.self_watch.alarm_arns,
    values(module.heartbeat)[*].alarm_arn,
    values(module.heartbeat)[*].state_machine_arn,
    flatten([for fast in module.fast_self_watch : values(fast.rule_names)]),
  )
}

################################################################################
# Whom it tells
################################################################################

locals {
  topics = length(var.topics) == 0 ? {
    default = { chat = null, email_addresses = coalesce(var.email_addresses, toset([])), endpoints = {}, existing = null }
    # An address is marked again where it is used: a mark here would be one of whatever is made of the topics.
    } : { for key, topic in var.topics : key => merge(topic, {
      endpoints = { for name, endpoint in topic.endpoints : name => merge(endpoint, { url = nonsensitive(endpoint.url) }) }
  }) }

  chats = { for key, topic in local.topics : key => topic.chat if try(topic.chat, null) != null }

  # Nobody else gets what is published to these: it can be what a channel shows.
  chats_alone = [for key, topic in local.topics : key if try(topic.chat, null) == null ? false : topic.existing == null && length(topic.email_addresses) == 0 && length(topic.endpoints) == 0]
}

module "alerts" {
  source = "./modules/alerts"

  account                     = local.account
  after                       = [local.trail.log_group_name]
  alarm_names                 = local.publishing
  kms_deletion_window_in_days = var.kms_deletion_window_in_days
  kms_key                     = var.kms_keys.topics
  name                        = var.name
  realtime_topics             = setunion(local.fast ? coalesce(var.self_watch.topics, []) : [], [for watch in local.realtime : watch.realtime_topics]...)
  tags                        = var.tags
  topics                      = local.topics
  without_heartbeats          = local.pings
}

module "chat" {
  source   = "./modules/chat"
  for_each = length(local.chats) > 0 ? { this = local.chats } : {}

  account = local.account
  name    = var.name
  tags    = var.tags
  topics  = { for key, chat in each.value : key => merge({ arn = module.alerts.topic_arns[key] }, chat) }
}

module "existing_topic" {
  source   = "./modules/existing-topic"
  for_each = { for key, topic in local.topics : key => topic if topic.existing == null ? false : topic.existing.verify }

  account = local.account
  arn     = each.value.existing.arn
  path    = "topics.${each.key}."
}

################################################################################
# The watch on the watch itself
################################################################################

locals {
  fast = var.self_watch.tampering && var.self_watch.fast

  # A topic of its own, with a key and subscriptions of its own: no call that silences the alarms takes the fast way, too.
  fast_topic = { for key in ["self-watch"] : key => {
    email_addresses = var.self_watch.email_addresses != null ? var.self_watch.email_addresses : setunion([], [for topic in local.topics : topic.email_addresses]...)
  } if local.fast && var.self_watch.topics == null }

  own_topic_arns   = merge({ for key, arn in module.alerts.topic_arns : key => arn if contains(keys(module.alerts.names), key) }, local.fast_topic_arns)
  given_topic_arns = { for key, arn in module.alerts.topic_arns : key => arn if !contains(keys(module.alerts.names), key) }
  fast_topic_arns  = { for key in keys(local.fast_topic) : key => module.fast_topic[key].topic_arns.default }

  # Of somebody else's trail, what a plan sees of it.
  knows_trail = local.owns_trail || try(var.trail.existing.verify, false)
  bucket_name = local.owns_trail || try(var.trail.existing.bucket_name, null) != null || !local.knows_trail ? local.trail.bucket_name : module.existing_trail[0].bucket_name
  role_names = concat(
    local.knows_trail ? [local.owns_trail ? local.trail.role_name : module.existing_trail[0].role_name] : [],
    local.beats ? values(local.heartbeat_roles) : [],
    [for role in ["${var.name}-witness-${local.account.region}"] : role if local.fast && var.self_watch.witness != null],
    [for role in ["events", "guard"] : "${var.name}-${role}-${local.global_region}" if local.fast && var.self_watch.global_events != null],
  )

  # How many there are has to be known before they are created.
  self_watch_key_arns = concat(
    local.knows_trail ? [local.owns_trail ? local.trail.kms_key_arn : module.existing_trail[0].kms_key_arn] : [],
    var.kms_keys.topics != null || anytrue([for topic in local.topics : topic.existing == null]) ? [module.alerts.kms_key_arn] : [],
    [for key in keys(local.fast_topic) : module.fast_topic[key].kms_key_arn],
  )
}

module "self_watch" {
  source = "./modules/self-watch"

  account          = local.account
  alarm_names      = concat(local.watch_alarms, local.beats ? ["${var.name}-heartbeat"] : [], [for key in keys(local.detailed) : "${var.name}-details-${key}"], flatten(values(module.realtime)[*].alarm_names))
  alarm_topic_arns = module.alerts.topic_arns
  blindness        = var.self_watch.blindness
  details          = length(local.detailed) > 0
  bucket_name      = local.bucket_name
  except           = var.self_watch.except
  fast             = local.fast
  heartbeat        = local.beats
  filters          = { for key, watch in local.watches : watch.metric_name => module.watch[key].filter_keys }
  key_arns         = local.self_watch_key_arns
  log_group_name   = local.trail.log_group_name
  name             = var.name
  organization     = var.trail.organization != null
  owns_trail       = local.owns_trail
  role_names       = local.role_names
  rules            = { for key in keys(local.realtime) : "${var.name}-${key}" => module.realtime[key].rule_keys }
  tags             = var.tags
  tampering        = var.self_watch.tampering
  topic_arns       = merge(module.alerts.topic_arns, local.fast_topic_arns)
  topic_names      = merge(module.alerts.names, { for key in keys(local.fast_topic) : key => "${var.name}-${key}" })
  trail            = { arn = local.trail.arn, name = local.trail.name }
}

module "fast_self_watch" {
  source = "./modules/fast-self-watch"
  count  = local.fast ? 1 : 0

  account            = local.account
  alarm_names        = module.self_watch.watched_alarm_names
  bucket_name        = local.bucket_name
  chat_topics        = local.chats_alone
  console_domain     = local.console_domain
  details            = length(local.detailed) > 0
  except             = var.self_watch.except
  filter_prefixes    = concat(["${var.name}-tampering"], local.beats ? ["${var.name}-heartbeat"] : [], [for watch in local.watches : "${watch.metric_name}-"])
  key_arns           = local.self_watch_key_arns
  keys               = length(local.self_watch_key_arns)
  log_group_name     = local.trail.log_group_name
  name               = var.name
  owns_trail         = local.owns_trail
  role_names         = local.role_names
  heartbeat_secret   = try(local.heartbeat.secret_name, null)
  rule_prefixes      = flatten([for key in keys(local.realtime) : ["${var.name}-${key}-a-", "${var.name}-${key}-r-"]])
  tags               = var.tags
  topic_arns         = length(local.fast_topic) > 0 ? local.fast_topic_arns : { for topic in coalesce(var.self_watch.topics, []) : topic => module.alerts.topic_arns[topic] if contains(keys(local.topics), topic) }
  trail              = { arn = local.trail.arn, name = local.trail.name }
  watched_topic_arns = { given = values(local.given_topic_arns), own = values(local.own_topic_arns) }
  witness            = var.self_watch.witness == null ? null : { event_bus_arn = var.self_watch.witness.event_bus_arn, role_name = "${var.name}-witness-${local.account.region}" }
}

check "global_events" {
  assert {
    condition     = !local.fast || local.account.region == local.global_region || var.self_watch.global_events != null
    error_message = "Changes of the role that carries events into the log group, and of the organisation's policies, are calls of global services. These reach EventBridge only in ${local.global_region}, so the fast self-watch does not tell of them. The alarm cannot tell of a change of that role either, because without the role no event is counted. Only the silence that follows is noticed. Call modules/global-events with a provider of that region, and hand its rule_arn to self_watch.global_events (docs/self-watch.md)."
  }
}

check "told" {
  assert {
    condition     = var.self_watch.email_addresses != null || alltrue([for topic in values(local.fast_topic) : length(topic.email_addresses) > 0])
    error_message = "Nobody is subscribed to ${var.name}-self-watch, where the fast self-watch publishes, because all topics are existing ones or have no addresses: write self_watch.email_addresses ([] if somebody else subscribes to it), or self_watch.topics."
  }
}

module "fast_topic" {
  source   = "./modules/alerts"
  for_each = local.fast_topic

  account                     = local.account
  after                       = [local.trail.log_group_name]
  alarm_names                 = []
  kms_deletion_window_in_days = var.kms_deletion_window_in_days
  kms_key                     = null
  name                        = "${var.name}-${each.key}"
  realtime_topics             = ["default"]
  tags                        = var.tags
  topics                      = { default = each.value }
}

################################################################################
# The heartbeat
################################################################################

locals {
  beats = var.heartbeat != null

  # What the watches leave out: this secret, read by this role.
  heartbeat = !local.beats ? null : {
    role_arn    = "arn:${local.account.partition}:iam::${local.account.id}:role/${local.heartbeat_roles.read}"
    secret_name = "${var.name}-heartbeat"
  }
  heartbeat_roles = {
    read  = "${var.name}-heartbeat-${local.account.region}"
    start = "${var.name}-heartbeat-start-${local.account.region}"
  }

  # Somebody else's topics have subscribers that would get a message with each heartbeat.
  pings      = try(var.heartbeat.ping, null) != null
  own_topics = keys({ for key, topic in local.topics : key => topic if topic.existing == null })
}

module "heartbeat" {
  source   = "./modules/heartbeat"
  for_each = local.beats ? { this = var.heartbeat } : {}

  account         = local.account
  every           = each.value.every
  log_group_name  = local.trail.log_group_name
  name            = var.name
  ping            = each.value.ping
  ping_key_arns   = local.pings && length(local.own_topics) > 0 ? [module.alerts.kms_key_arn] : []
  ping_topic_arns = [for key in local.own_topics : module.alerts.topic_arns[key]]
  role_names      = local.heartbeat_roles
  secret_name     = local.heartbeat.secret_name
  tags            = var.tags
  topic_arns      = values(module.alerts.topic_arns)
}

################################################################################
# A secret to watch from birth
################################################################################

module "secret" {
  source = "./modules/secret"
  count  = var.secret == null ? 0 : 1

  account                     = local.account
  description                 = var.secret.description
  kms_deletion_window_in_days = var.kms_deletion_window_in_days
  kms_key                     = var.secret.kms_key
  name                        = var.secret.name
  recovery_window_in_days     = var.secret.recovery_window_in_days
  tags                        = var.tags
  value                       = var.secret_value
  value_version               = var.secret.value_version
}

################################################################################
# What people look at
################################################################################

module "dashboard" {
  source = "./modules/dashboard"
  count  = var.dashboard ? 1 : 0

  alarm_arns       = [for name in concat(module.self_watch.watched_alarm_names, compact(values(module.details)[*].alarm_name)) : "arn:${local.account.partition}:cloudwatch:${local.account.region}:${local.account.id}:alarm:${name}"]
  heartbeat_metric = local.beats ? "${var.name}-heartbeat" : null
  log_group_name   = local.trail.log_group_name
  name             = var.name
  namespace        = "secretwatch/${var.name}"
  region           = local.account.region
  topic_names      = [for arn in concat(values(module.alerts.topic_arns), values(local.fast_topic_arns)) : reverse(split(":", arn))[0]]
  watches          = { for key, watch in local.watches : key => { insights_filter = module.watch[key].insights_filter, metric_name = watch.metric_name } }
}

################################################################################
# What was applied last
################################################################################

# Changes when the configuration or the module does, and once all else was applied. A refresh leaves it as it is: so
# tools can tell what was edited since from what somebody changed by hand and a refresh has put into the state.
resource "terraform_data" "applied" {
  input = sha256(jsonencode([
    {
      alarm                       = var.alarm
      dashboard                   = var.dashboard
      decoys                      = var.decoys
      details                     = var.details
      email_addresses             = var.email_addresses
      heartbeat                   = var.heartbeat
      kms_deletion_window_in_days = var.kms_deletion_window_in_days
      kms_keys                    = var.kms_keys
      look_up_secrets             = var.look_up_secrets
      name                        = var.name
      secret                      = var.secret
      secrets                     = var.secrets
      self_watch                  = var.self_watch
      tags                        = var.tags
      topics                      = var.topics
      trail                       = var.trail
      watches                     = var.watches
    },
    [for folder in ["*.tf", "modules/*/*.tf"] : [
      for file in sort(fileset(path.module, folder)) : filesha256("${path.module}/${file}")
    ]],
  ]))

  depends_on = [
    module.alerts,
    module.chat,
    module.dashboard,
    module.details,
    module.existing_topic,
    module.existing_trail,
    module.fast_self_watch,
    module.fast_topic,
    module.heartbeat,
    module.realtime,
    module.secret,
    module.self_watch,
    module.trail,
    module.watch,
  ]
}

################################################################################
# From releases with one watch
################################################################################

moved {
  from = module.watch
  to   = module.watch["secret-read"]
}

moved {
  from = module.trail
  to   = module.trail[0]
}
