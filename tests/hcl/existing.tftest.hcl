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
    values = { properties = "{\"IsLogging\":true,\"IsMultiRegionTrail\":true,\"CloudWatchLogsLogGroupArn\":\"arn:aws:logs:eu-west-1:111122223333:log-group:main:*\",\"EventSelectors\":[{\"ReadWriteType\":\"All\",\"IncludeManagementEvents\":true}]}" }
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
    condition     = length(data.aws_cloudcontrolapi_resource.trail) == 0 && output.name == "main"
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
