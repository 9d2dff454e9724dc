# What is said of somebody else's trail and topic, as a plan sees them.

mock_provider "aws" {
  mock_data "aws_cloudwatch_log_groups" {
    defaults = { log_group_names = ["main", "main-2"] }
  }
}

variables {
  account        = { id = "111122223333", partition = "aws", region = "eu-west-1" }
  arn            = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"
  log_group_name = "main"
  verify         = true
}

run "a_trail_that_will_do" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = "{\"IsLogging\":true,\"IsMultiRegionTrail\":true,\"CloudWatchLogsLogGroupArn\":\"arn:aws:logs:eu-west-1:111122223333:log-group:main:*\",\"CloudWatchLogsRoleArn\":\"arn:aws:iam::111122223333:role/path/carrier\",\"KMSKeyId\":\"arn:aws:kms:eu-west-1:111122223333:key/k\",\"S3BucketName\":\"archive\",\"EventSelectors\":[{\"ReadWriteType\":\"All\",\"IncludeManagementEvents\":true}]}" }
  }

  assert {
    condition     = output.role_name == "carrier" && output.role_arn == "arn:aws:iam::111122223333:role/path/carrier" && output.kms_key_arn == "arn:aws:kms:eu-west-1:111122223333:key/k" && output.bucket_name == "archive"
    error_message = "What it hangs on is handed on, so that changes to it are heard."
  }

  assert {
    condition     = output.name == "main" && output.log_group_arn == "arn:aws:logs:eu-west-1:111122223333:log-group:main"
    error_message = "It is handed on."
  }
}

run "a_trail_whose_advanced_selectors_will_do" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = "{\"IsLogging\":true,\"IsMultiRegionTrail\":true,\"CloudWatchLogsLogGroupArn\":\"arn:aws:logs:eu-west-1:111122223333:log-group:main:*\",\"AdvancedEventSelectors\":[{\"FieldSelectors\":[{\"Field\":\"eventCategory\",\"Equals\":[\"Management\"]}]}]}" }
  }
}

run "a_trail_that_is_stopped_and_writes_elsewhere" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = "{\"IsLogging\":false,\"IsMultiRegionTrail\":true,\"CloudWatchLogsLogGroupArn\":\"arn:aws:logs:eu-west-1:111122223333:log-group:other:*\"}" }
  }

  expect_failures = [check.logs, check.delivers]
}

run "a_trail_of_write_events" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = "{\"IsLogging\":true,\"IsMultiRegionTrail\":false,\"CloudWatchLogsLogGroupArn\":\"arn:aws:logs:eu-west-1:111122223333:log-group:main:*\",\"EventSelectors\":[{\"ReadWriteType\":\"WriteOnly\",\"IncludeManagementEvents\":true}]}" }
  }

  assert {
    condition     = data.aws_cloudcontrolapi_resource.trail[0].identifier == "main"
    error_message = "Cloud Control takes a trail's name only."
  }

  expect_failures = [check.reads]
}

run "a_trail_of_another_region" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  variables {
    arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"
  }

  expect_failures = [data.aws_cloudcontrolapi_resource.trail]
}

run "a_trail_of_another_region_out_of_reach" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  variables {
    arn    = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"
    verify = false
  }

  expect_failures = [check.region]
}

run "a_trail_of_another_account" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  variables {
    arn = "arn:aws:cloudtrail:eu-west-1:444455556666:trail/main"
  }

  expect_failures = [data.aws_cloudcontrolapi_resource.trail]
}

run "a_trail_of_another_account_taken_at_its_word" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  variables {
    arn    = "arn:aws:cloudtrail:eu-west-1:444455556666:trail/main"
    verify = false
  }

  assert {
    condition     = length(data.aws_cloudcontrolapi_resource.trail) == 0 && output.name == "main"
    error_message = "It cannot be looked at from here."
  }
}

run "a_trail_whose_advanced_selectors_leave_reads_out" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = "{\"IsLogging\":true,\"IsMultiRegionTrail\":true,\"CloudWatchLogsLogGroupArn\":\"arn:aws:logs:eu-west-1:111122223333:log-group:main:*\",\"AdvancedEventSelectors\":[{\"FieldSelectors\":[{\"Field\":\"eventCategory\",\"Equals\":[\"Management\"]},{\"Field\":\"readOnly\",\"Equals\":[\"false\"]}]}]}" }
  }

  expect_failures = [check.reads]
}

run "a_trail_out_of_reach" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  variables {
    verify = false
  }

  assert {
    condition     = length(data.aws_cloudcontrolapi_resource.trail) + length(data.aws_cloudwatch_log_group.this) == 0 && output.name == "main"
    error_message = "It is taken at its word."
  }
}

run "a_log_group_that_is_not_there" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  variables {
    log_group_name = "mai"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = "{\"CloudWatchLogsLogGroupArn\":\"arn:aws:logs:eu-west-1:111122223333:log-group:mai:*\"}" }
  }

  expect_failures = [data.aws_cloudwatch_log_groups.this]
}

run "a_topic_with_a_key_that_lets_alarms_in" {
  command = plan

  module {
    source = "./modules/existing-topic"
  }

  variables {
    arn  = "arn:aws:sns:eu-west-1:111122223333:given"
    path = "topics.page."
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.topic
    values = { properties = "{\"KmsMasterKeyId\":\"arn:aws:kms:eu-west-1:111122223333:key/k\"}" }
  }
}

run "a_topic_with_awss_own_key" {
  command = plan

  module {
    source = "./modules/existing-topic"
  }

  variables {
    arn  = "arn:aws:sns:eu-west-1:111122223333:given"
    path = "topics.page."
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.topic
    values = { properties = "{\"KmsMasterKeyId\":\"alias/aws/sns\"}" }
  }

  expect_failures = [check.key]
}

# Advanced selectors: which of them a read of a secret is among.

run "a_selector_that_leaves_out_other_sources" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = <<-JSON
      {"CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:111122223333:log-group:main:*", "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}]}]}
    JSON
    }
  }
}

run "selectors_of_which_the_second_will_do" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = <<-JSON
      {"CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:111122223333:log-group:main:*", "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["false"]}]}, {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["true"]}, {"Field": "eventSource", "StartsWith": ["sts.", "secretsmanager."], "EndsWith": ["amazonaws.com"]}]}]}
    JSON
    }
  }
}

run "a_selector_by_what_cannot_be_told" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = <<-JSON
      {"CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:111122223333:log-group:main:*", "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "userIdentity.arn", "StartsWith": ["arn:aws:sts::111122223333:assumed-role/app"]}]}]}
    JSON
    }
  }
}

run "a_selector_that_leaves_secrets_manager_out" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = <<-JSON
      {"CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:111122223333:log-group:main:*", "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com", "secretsmanager.amazonaws.com"]}]}]}
    JSON
    }
  }

  expect_failures = [check.reads]
}

run "a_selector_that_leaves_out_what_begins_so" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = <<-JSON
      {"CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:111122223333:log-group:main:*", "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventSource", "NotStartsWith": ["kms", "secrets"]}]}]}
    JSON
    }
  }

  expect_failures = [check.reads]
}

run "a_selector_that_leaves_out_what_ends_so" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = <<-JSON
      {"CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:111122223333:log-group:main:*", "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventSource", "NotEndsWith": ["manager.amazonaws.com"]}]}]}
    JSON
    }
  }

  expect_failures = [check.reads]
}

run "a_selector_of_other_sources" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = <<-JSON
      {"CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:111122223333:log-group:main:*", "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventSource", "Equals": ["kms.amazonaws.com", "sts.amazonaws.com"]}]}, {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventSource", "StartsWith": ["kms."]}]}, {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventSource", "EndsWith": [".amazonaws.com.cn"]}]}]}
    JSON
    }
  }

  expect_failures = [check.reads]
}

run "selectors_that_only_together_would_do" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = <<-JSON
      {"CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:111122223333:log-group:main:*", "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["false"]}]}, {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["NetworkActivity"]}, {"Field": "eventSource", "Equals": ["secretsmanager.amazonaws.com"]}]}, {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]}]}
    JSON
    }
  }

  expect_failures = [check.reads]
}

# Log groups.

run "a_log_group_without_metric_filters" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudwatch_log_group.this
    values = { log_group_class = "INFREQUENT_ACCESS" }
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = <<-JSON
      {"CloudWatchLogsLogGroupArn":"arn:aws:logs:eu-west-1:111122223333:log-group:main:*"}
    JSON
    }
  }

  expect_failures = [data.aws_cloudwatch_log_group.this]
}

run "a_log_group_of_another_account" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = <<-JSON
      {"CloudWatchLogsLogGroupArn":"arn:aws:logs:eu-west-1:444455556666:log-group:main:*"}
    JSON
    }
  }

  expect_failures = [check.place]
}

run "a_log_group_of_another_region" {
  command = plan

  module {
    source = "./modules/existing-trail"
  }

  override_data {
    target = data.aws_cloudcontrolapi_resource.trail
    values = { properties = <<-JSON
      {"CloudWatchLogsLogGroupArn":"arn:aws:logs:us-east-1:111122223333:log-group:main:*"}
    JSON
    }
  }

  expect_failures = [check.place]
}

run "a_topic_of_another_account" {
  command = plan

  module {
    source = "./modules/existing-topic"
  }

  variables {
    arn  = "arn:aws:sns:eu-west-1:444455556666:given"
    path = "topics.page."
  }

  expect_failures = [data.aws_cloudcontrolapi_resource.topic]
}
