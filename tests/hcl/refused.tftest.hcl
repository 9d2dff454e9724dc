# Every validation refuses. A run is what costs time here, so each makes one mistake in several variables;
# more mistakes, and the sentences that answer them, are in test_hcl.py.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
}

variables {
  email_addresses = ["ops@example.com"]
  secrets         = ["db"]
}

run "average_and_other_mistakes" {
  command = plan

  variables {
    alarm                       = { statistic = "Average" }
    email_addresses             = ["ops"]
    kms_deletion_window_in_days = 31
    name                        = "Prod"
    secret                      = { name = "my secret" }
    secret_value                = "x"
    trail                       = { log_retention_in_days = 100 }
  }

  expect_failures = [
    var.alarm,
    var.email_addresses,
    var.kms_deletion_window_in_days,
    var.name,
    var.secret,
    var.trail,
  ]
}

run "high_resolution_and_other_mistakes" {
  command = plan

  variables {
    alarm        = { period = 10 }
    secret       = { name = "db", recovery_window_in_days = 6 }
    secret_value = "x"
    trail        = { bucket_expiration_in_days = -1 }
  }

  expect_failures = [var.alarm, var.secret, var.trail]
}

run "no_period_and_no_version_of_the_value" {
  command = plan

  variables {
    alarm        = { evaluation_periods = 0 }
    secret       = { name = "db", value_version = -1 }
    secret_value = "x"
  }

  expect_failures = [var.alarm, var.secret]
}

run "more_than_a_day_and_no_value" {
  command = plan

  variables {
    alarm  = { evaluation_periods = 25, period = 3600 }
    secret = { name = "db" }
  }

  expect_failures = [var.alarm, var.secret_value]
}

run "more_datapoints_than_periods_and_nothing_to_watch" {
  command = plan

  variables {
    alarm   = { datapoints_to_alarm = 3, evaluation_periods = 2 }
    secrets = []
  }

  expect_failures = [var.alarm, var.secrets]
}

run "threshold_that_needs_no_read_and_a_name_with_a_blank" {
  command = plan

  variables {
    alarm   = { threshold = 0 }
    secrets = ["db replica"]
  }

  expect_failures = [var.alarm, var.secrets]
}

run "missing_data_treated_as_nothing_known" {
  command = plan

  variables {
    alarm = { treat_missing_data = "notbreaching" }
  }

  expect_failures = [var.alarm]
}

################################################################################
# What only the watch can know
################################################################################

run "secret_of_another_account_and_more_than_fit_a_pattern" {
  command = plan

  module {
    source = "./modules/watch"
  }

  variables {
    account        = { id = "111122223333", partition = "aws", region = "eu-west-1" }
    alarm          = { datapoints_to_alarm = null, evaluation_periods = 1, period = 300, statistic = "Sum", threshold = 1, treat_missing_data = "notBreaching" }
    log_group_name = "/g"
    name           = "prod"
    secrets        = concat(["arn:aws:secretsmanager:eu-west-1:444455556666:secret:db-AbCdEf"], [for n in range(9) : "production/database-${n}"])
    tags           = {}
    topic_arn      = "arn:aws:sns:eu-west-1:111122223333:prod"
  }

  expect_failures = [aws_cloudwatch_log_metric_filter.this]
}
