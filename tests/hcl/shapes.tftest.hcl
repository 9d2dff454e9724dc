# What is created, and what is not, for what is asked.

mock_provider "aws" {}

# Most runs are of one module; what it does not know of these, it ignores.
variables {
  account                     = { dns_suffix = "amazonaws.com", id = "111122223333", partition = "aws", region = "eu-west-1" }
  kms_deletion_window_in_days = 7
  name                        = "prod"
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
    after                     = []
    bucket_expiration_in_days = 365
    bucket_force_destroy      = false
    log_retention_in_days     = 90
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
    after                     = []
    bucket_expiration_in_days = 0
    bucket_force_destroy      = false
    log_retention_in_days     = 90
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this) == 0
    error_message = "Nothing expires when the days are 0."
  }
}

################################################################################
# alerts
################################################################################

run "two_subscribed" {
  command = plan

  module {
    source = "./modules/alerts"
  }

  variables {
    email_addresses = ["a@example.com", "b@example.com"]
  }

  assert {
    condition     = { for address, subscription in aws_sns_topic_subscription.this : address => subscription.protocol } == { "a@example.com" = "email", "b@example.com" = "email" }
    error_message = "Each address has a subscription, which goes when the address goes."
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
    alarm          = { datapoints_to_alarm = 3, evaluation_periods = 5, period = 60, statistic = "Sum", threshold = 10, treat_missing_data = "missing" }
    log_group_name = "/g"
    secrets        = ["db"]
    topic_arn      = "arn:aws:sns:eu-west-1:111122223333:x"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this.datapoints_to_alarm == 3 &&
      aws_cloudwatch_metric_alarm.this.evaluation_periods == 5 &&
      aws_cloudwatch_metric_alarm.this.period == 60 &&
      aws_cloudwatch_metric_alarm.this.threshold == 10 &&
      aws_cloudwatch_metric_alarm.this.treat_missing_data == "missing"
    )
    error_message = "The alarm is what was asked for."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this.metric_name == aws_cloudwatch_log_metric_filter.this.metric_transformation[0].name &&
      aws_cloudwatch_metric_alarm.this.namespace == aws_cloudwatch_log_metric_filter.this.metric_transformation[0].namespace
    )
    error_message = "The alarm looks at the metric that the filter makes."
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.this.log_group_name == "/g"
    error_message = "The filter is on the log group it was given."
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
