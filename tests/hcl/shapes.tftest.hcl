# What is created, and what is not, for what is asked.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { dns_suffix = "amazonaws.com", partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { id = "eu-west-1", name = "eu-west-1" }
  }
}

mock_provider "aws" {
  alias = "china"

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { dns_suffix = "amazonaws.com.cn", partition = "aws-cn" }
  }

  mock_data "aws_region" {
    defaults = { id = "cn-north-1", name = "cn-north-1" }
  }
}

mock_provider "aws" {
  alias = "govcloud"

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { dns_suffix = "amazonaws.com", partition = "aws-us-gov" }
  }

  mock_data "aws_region" {
    defaults = { id = "us-gov-west-1", name = "us-gov-west-1" }
  }
}

# Most runs are of one module; what it does not know of these, it ignores.
variables {
  account                     = { dns_suffix = "amazonaws.com", id = "111122223333", partition = "aws", region = "eu-west-1" }
  bucket                      = null
  kms_deletion_window_in_days = 7
  kms_key                     = null
  name                        = "prod"
  notifications               = null
  organization                = null
  self_watch                  = { email_addresses = [], global_events = "arn:aws:events:us-east-1:111122223333:rule/prod-global-events" }
  tags                        = {}
}

################################################################################
# secret
################################################################################

run "secret_with_a_key_of_its_own" {
  command = plan

  module {
    source = "./modules/secret"
  }

  variables {
    description             = "d"
    kms_key                 = null
    recovery_window_in_days = 30
    value                   = "the value"
    value_version           = 3
  }

  assert {
    condition     = length(aws_kms_key.this) == 1 && aws_kms_key.this[0].enable_key_rotation
    error_message = "A secret without a given key has a rotating key of its own."
  }

  assert {
    condition     = aws_secretsmanager_secret_version.this[0].secret_string == null && aws_secretsmanager_secret_version.this[0].secret_string_wo_version == 3
    error_message = "The value is written without being kept."
  }

  assert {
    condition     = aws_secretsmanager_secret_policy.this.block_public_policy
    error_message = "Secrets Manager refuses public policies."
  }
}

run "secret_with_a_given_key_and_somebody_elses_value" {
  command = plan

  module {
    source = "./modules/secret"
  }

  variables {
    description             = "d"
    kms_key                 = { arn = "arn:aws:kms:eu-west-1:111122223333:key/k" }
    recovery_window_in_days = 0
    value                   = null
    value_version           = 0
  }

  assert {
    condition     = length(aws_kms_key.this) == 0 && aws_secretsmanager_secret.this.kms_key_id == "arn:aws:kms:eu-west-1:111122223333:key/k"
    error_message = "The given key is used, and no other is paid for."
  }

  assert {
    condition     = length(aws_secretsmanager_secret_version.this) == 0
    error_message = "A value that somebody else writes is left alone."
  }
}

################################################################################
# trail
################################################################################

run "trail_that_keeps_its_files_for_a_year" {
  command = plan

  module {
    source = "./modules/trail"
  }

  variables {
    after                            = []
    bucket_expiration_in_days        = 365
    bucket_force_destroy             = false
    exclude_management_event_sources = []
    log_retention_in_days            = 90
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this[0].rule[0].expiration[0].days == 365
    error_message = "Log files expire when asked."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 90
    error_message = "Events leave the log group when asked."
  }
}

run "trail_that_keeps_its_files_for_good" {
  command = plan

  module {
    source = "./modules/trail"
  }

  variables {
    after                            = []
    bucket_expiration_in_days        = 0
    bucket_force_destroy             = false
    exclude_management_event_sources = []
    log_retention_in_days            = 90
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this) == 0
    error_message = "Nothing expires when the days are 0."
  }
}

run "trail_of_a_delegated_administrator" {
  command = plan

  module {
    source = "./modules/trail"
  }

  variables {
    after                            = []
    bucket_expiration_in_days        = 0
    bucket_force_destroy             = false
    exclude_management_event_sources = []
    log_retention_in_days            = 90
    organization                     = { id = "o-exampleorgid", management_account_id = "444455556666" }
  }

  assert {
    condition = [for name in ["444455556666_CloudTrail_eu-west-1*", "111122223333_CloudTrail_eu-west-1*", "o-exampleorgid_*"] :
      "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/cloudtrail/prod:log-stream:${name}"
    ] == jsondecode(aws_iam_role_policy.this.policy).Statement[0].Resource
    error_message = "The log group is in this account, its streams are named after the trail's."
  }
}

################################################################################
# alerts
################################################################################

run "one_topic" {
  command = plan

  module {
    source = "./modules/alerts"
  }

  variables {
    after           = []
    alarm_names     = []
    realtime_topics = []
    topics          = { default = { email_addresses = ["a@example.com", "b@example.com"] } }
  }

  assert {
    condition     = { for key, subscription in aws_sns_topic_subscription.this : key => subscription.protocol } == { "a@example.com" = "email", "b@example.com" = "email" }
    error_message = "Each address has a subscription, which goes when the address goes."
  }

  assert {
    condition     = aws_sns_topic.this["default"].name == "prod"
    error_message = "The only topic has the instance's name."
  }

  assert {
    condition     = length(output.policy_statements.key) == 0 && length(output.policy_statements.topics) == 0
    error_message = "What is created here needs nothing from others."
  }
}

run "given_topics_and_a_given_key" {
  command = plan

  module {
    source = "./modules/alerts"
  }

  variables {
    after           = []
    alarm_names     = ["prod-read"]
    kms_key         = { arn = "arn:aws:kms:eu-west-1:111122223333:key/k" }
    realtime_topics = ["mine", "theirs"]
    topics = {
      mine   = {}
      theirs = { existing = { arn = "arn:aws:sns:eu-west-1:111122223333:theirs" } }
    }
  }

  assert {
    condition     = length(aws_kms_key.this) == 0 && keys(aws_sns_topic.this) == ["mine"] && aws_sns_topic.this["mine"].kms_master_key_id == "arn:aws:kms:eu-west-1:111122223333:key/k"
    error_message = "The given key is used, the given topic is left alone."
  }

  assert {
    condition     = output.topic_arns == { mine = "arn:aws:sns:eu-west-1:111122223333:prod-mine", theirs = "arn:aws:sns:eu-west-1:111122223333:theirs" }
    error_message = "Both are topics to publish to."
  }

  assert {
    condition     = output.policy_statements.topics.theirs[*].Sid == ["AlarmsPublish", "RulesPublish"] && output.policy_statements.key[*].Sid == ["AlarmsEncrypt", "RulesEncrypt"]
    error_message = "What the policies of both need is said."
  }
}

run "only_given_topics" {
  command = plan

  module {
    source = "./modules/alerts"
  }

  variables {
    after           = []
    alarm_names     = []
    realtime_topics = []
    topics          = { theirs = { existing = { arn = "arn:aws:sns:eu-west-1:111122223333:theirs" } } }
  }

  assert {
    condition     = length(aws_kms_key.this) == 0 && length(aws_sns_topic.this) == 0
    error_message = "Nothing is paid for that is not needed."
  }
}

################################################################################
# watch
################################################################################

run "three_of_five_periods" {
  command = plan

  module {
    source = "./modules/watch"
  }

  variables {
    alarm          = { datapoints_to_alarm = 3, evaluation_periods = 5, ok_actions = true, period = 60, threshold = 10, treat_missing_data = "missing" }
    events         = ["reads"]
    except         = []
    except_denied  = false
    log_group_name = "/g"
    metric         = { name = "m", namespace = "n" }
    organization   = false
    outcome        = "any"
    path           = ""
    resolved       = {}
    secrets        = ["db"]
    stuck          = false
    topic_arns     = ["arn:aws:sns:eu-west-1:111122223333:x"]
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this.datapoints_to_alarm == 3 &&
      aws_cloudwatch_metric_alarm.this.evaluation_periods == 5 &&
      aws_cloudwatch_metric_alarm.this.ok_actions == toset(["arn:aws:sns:eu-west-1:111122223333:x"]) &&
      aws_cloudwatch_metric_alarm.this.threshold == 10 &&
      aws_cloudwatch_metric_alarm.this.treat_missing_data == "missing"
    )
    error_message = "The alarm is what was asked for."
  }

  assert {
    condition = (
      [for query in aws_cloudwatch_metric_alarm.this.metric_query : [query.id, query.expression, query.return_data] if query.expression != null] == [["counted", "FILL(reads, 0)", true]] &&
      [for query in aws_cloudwatch_metric_alarm.this.metric_query : [query.id, query.return_data, query.metric[0].period, query.metric[0].stat, query.metric[0].unit] if query.expression == null] == [["reads", false, 60, "SampleCount", "Count"]]
    )
    error_message = "It is one on so many reads a period, and periods without any are 0."
  }

  assert {
    condition = (
      [for query in aws_cloudwatch_metric_alarm.this.metric_query : query.metric[0].metric_name if query.expression == null] == [values(aws_cloudwatch_log_metric_filter.dealt)[0].metric_transformation[0].name] &&
      [for query in aws_cloudwatch_metric_alarm.this.metric_query : query.metric[0].namespace if query.expression == null] == [values(aws_cloudwatch_log_metric_filter.dealt)[0].metric_transformation[0].namespace]
    )
    error_message = "The alarm looks at the metric that the filter makes."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.stuck) == 0
    error_message = "There is no alarm for one that does not end where none is wanted."
  }

  assert {
    condition     = values(aws_cloudwatch_log_metric_filter.dealt)[0].log_group_name == "/g"
    error_message = "The filter is on the log group it was given."
  }
}

run "secrets_of_an_organization" {
  command = plan

  module {
    source = "./modules/watch"
  }

  variables {
    alarm          = {}
    events         = ["GetSecretValue"]
    except         = []
    except_denied  = false
    log_group_name = "/g"
    metric         = { name = "m", namespace = "n" }
    organization   = true
    outcome        = "any"
    path           = ""
    resolved       = {}
    secrets        = ["arn:aws:secretsmanager:eu-west-1:444455556666:secret:db-AbCdEf"]
    stuck          = false
    topic_arns     = ["arn:aws:sns:eu-west-1:111122223333:x"]
  }

  assert {
    condition     = strcontains(values(aws_cloudwatch_log_metric_filter.dealt)[0].pattern, "$.requestParameters.secretId=\"db\" && $.recipientAccountId=\"444455556666\"")
    error_message = "A name alone is of the account that records the read."
  }

  assert {
    condition     = strcontains(values(aws_cloudwatch_log_metric_filter.dealt)[0].pattern, "$.requestParameters.secretId=\"*:444455556666:secret:db-AbCdEf\"")
    error_message = "Secrets of member accounts are watched."
  }
}

################################################################################
# pack
################################################################################

run "groups_hold_no_more_than_they_may" {
  command = plan

  module {
    source = "./modules/pack"
  }

  variables {
    capacity = 100
    sizes    = [for n in range(1000) : 1 + n * 7919 % 40]
  }

  assert {
    condition     = alltrue([for group in output.groups : sum([for index in group : 1 + index * 7919 % 40]) <= 100])
    error_message = "No group is larger than its capacity."
  }

  assert {
    condition     = jsonencode(flatten(output.groups)) == jsonencode(range(1000))
    error_message = "Every item is in one group, in its order."
  }
}

run "what_is_larger_than_a_group_stands_alone" {
  command = plan

  module {
    source = "./modules/pack"
  }

  variables {
    capacity = 10
    sizes    = [3, 30, 3]
  }

  assert {
    condition     = contains(output.groups, [1])
    error_message = "It has a group of its own."
  }
}

################################################################################
# All of it
################################################################################

run "no_secret_created" {
  command = plan

  variables {
    email_addresses = []
    secrets         = ["db"]
  }

  assert {
    condition     = output.watch.secret_name == null && output.watch.secrets == tolist(["db"])
    error_message = "Watching an existing secret creates none."
  }

  assert {
    condition     = output.alarm_name == "prod-secret-read" && output.watch.alarm_name == output.alarm_name
    error_message = "What the object says, a plain output says too."
  }
}

run "no_watch_on_itself" {
  command = plan

  variables {
    email_addresses = []
    secrets         = ["db"]
    self_watch      = { blindness = false, tampering = false }
  }

  assert {
    condition     = output.tamper_alarm_name == null && output.blind_alarm_name == null
    error_message = "Whoever does not want it has none of it."
  }
}

################################################################################
# Other partitions
################################################################################

run "in_china" {
  command = plan

  providers = { aws = aws.china }

  variables {
    email_addresses = []
    secrets         = ["arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:db-AbCdEf"]
    self_watch      = { email_addresses = [] } # global events are of this very region
  }

  assert {
    condition     = output.topic_arn == "arn:aws-cn:sns:cn-north-1:111122223333:prod" && output.log_group_name == "/aws/cloudtrail/prod"
    error_message = "ARNs are of the partition."
  }

  assert {
    condition     = startswith(output.alarm_console_url, "https://cn-north-1.console.amazonaws.cn/")
    error_message = "So is the console."
  }

  assert {
    condition     = strcontains(output.filter_pattern, "*:111122223333:secret:*")
    error_message = "Its secrets are watched."
  }
}

run "in_govcloud" {
  command = plan

  providers = { aws = aws.govcloud }

  variables {
    email_addresses = []
    self_watch      = { email_addresses = [] }
    watches         = { db = { secrets = ["arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:db-AbCdEf"], except = ["arn:aws-us-gov:iam::111122223333:role/app"], realtime = true } }
  }

  assert {
    condition     = output.topic_arn == "arn:aws-us-gov:sns:us-gov-west-1:111122223333:prod" && strcontains(output.filter_pattern, "arn:aws-us-gov:iam::111122223333:role/app")
    error_message = "ARNs are of the partition."
  }
}

run "no_chat_in_china" {
  command = plan

  providers = { aws = aws.china }

  variables {
    secrets    = ["db"]
    self_watch = { email_addresses = [] }
    topics     = { talk = { chat = { slack = { channel_id = "C07EZ1ABC23", workspace_id = "T07EA123LEP" } } } }
  }

  expect_failures = [var.topics]
}

################################################################################
# Somebody else's
################################################################################

run "a_given_bucket_and_keys" {
  command = plan

  variables {
    email_addresses = []
    kms_keys        = { trail = { arn = "arn:aws:kms:eu-west-1:444455556666:key/k" } }
    secrets         = ["db"]
    trail           = { bucket = { key_prefix = "audit", name = "archive" }, organization = { id = "o-exampleorgid" } }
  }

  assert {
    condition     = output.bucket_name == "archive" && output.policy_statements.bucket[*].Sid == ["CloudTrailReadsAcl", "CloudTrailWrites"]
    error_message = "What the bucket's policy needs is said."
  }

  assert {
    condition     = output.policy_statements.bucket[1].Resource == ["arn:aws:s3:::archive/audit/AWSLogs/111122223333/*", "arn:aws:s3:::archive/audit/AWSLogs/o-exampleorgid/*"]
    error_message = "Below its prefix, for the account and for the organisation."
  }

  assert {
    condition     = output.kms_key_arn == "arn:aws:kms:eu-west-1:444455556666:key/k" && output.policy_statements.trail_key[*].Sid == ["CloudTrailEncrypts", "CloudTrailDescribes", "LogGroupEncrypts", "CloudTrailDecrypts"]
    error_message = "What the key's policy needs is said."
  }
}

run "roles_that_publish_to_what_is_somebody_elses" {
  command = plan

  variables {
    heartbeat = { ping = { url = "https://hc-ping.com/0f3c8a5e" } }
    kms_keys  = { topics = { arn = "arn:aws:kms:eu-west-1:444455556666:key/k" } }
    topics = {
      far  = { existing = { arn = "arn:aws:sns:eu-west-1:444455556666:far", verify = false } }
      mine = { email_addresses = ["ops@example.com"] }
      near = { existing = { arn = "arn:aws:sns:eu-west-1:111122223333:near", verify = false } }
    }
    watches = {
      all  = { details = true, secrets = ["a"] }
      far  = { details = true, secrets = ["b"], topics = ["far"] }
      none = { secrets = ["c"] }
    }
  }

  assert {
    condition     = output.policy_statements.topics.far[*].Sid == ["AlarmsPublish", "RolesPublish"] && output.policy_statements.topics.near[*].Sid == ["AlarmsPublish"]
    error_message = "Another account's topic has to let the roles of details publish; this account's need not."
  }

  assert {
    condition     = output.policy_statements.topics.far[1].Condition.ArnEquals["aws:PrincipalArn"] == [module.details["all"].role_arn, module.details["far"].role_arn]
    error_message = "Those of the watches that go there, and nobody else."
  }

  assert {
    condition     = output.policy_statements.topics_key[*].Sid == ["AlarmsEncrypt", "RolesPublishEncrypted"]
    error_message = "A given key has to let in what publishes beside the alarms."
  }

  assert {
    condition     = output.policy_statements.topics_key[1].Condition.ArnEquals["aws:PrincipalArn"] == [module.details["all"].role_arn, "arn:aws:iam::111122223333:role/prod-heartbeat-eu-west-1"]
    error_message = "The roles that publish to topics with that key."
  }

  assert {
    condition     = can(regex("^arn:aws:iam::111122223333:role/prod-details-[0-9a-f]{7}r-eu-west-1$", module.details["all"].role_arn))
    error_message = "A role that is known in a plan."
  }
}

run "a_delegated_administrators_trail" {
  command = plan

  variables {
    email_addresses = []
    kms_keys        = { trail = { arn = "arn:aws:kms:eu-west-1:444455556666:key/k" } }
    secrets         = ["db"]
    trail = {
      bucket        = { name = "archive" }
      notifications = { topic = { arn = "arn:aws:sns:eu-west-1:444455556666:files" } }
      organization  = { id = "o-exampleorgid", management_account_id = "444455556666" }
    }
  }

  assert {
    condition     = output.policy_statements.bucket[1].Resource == ["arn:aws:s3:::archive/AWSLogs/444455556666/*", "arn:aws:s3:::archive/AWSLogs/o-exampleorgid/*"]
    error_message = "The owner's folder is the management account's."
  }

  assert {
    condition = alltrue([for statement in concat(output.policy_statements.bucket, output.policy_statements.notifications_topic, slice(output.policy_statements.trail_key, 0, 2)) :
      statement.Condition.StringEquals["aws:SourceArn"] == "arn:aws:cloudtrail:eu-west-1:444455556666:trail/prod"
    ])
    error_message = "The trail is the management account's."
  }

  assert {
    condition     = output.policy_statements.trail_key[0].Condition.StringLike["kms:EncryptionContext:aws:cloudtrail:arn"] == "arn:aws:cloudtrail:*:444455556666:trail/prod"
    error_message = "So is what its files are encrypted for."
  }
}

run "kms_left_out_of_the_trail_is_warned_of" {
  command = plan

  variables {
    email_addresses = ["ops@example.com"]
    secrets         = ["db"]
    trail           = { exclude_management_event_sources = ["kms.amazonaws.com"] }
  }

  expect_failures = [check.left_out]
}
