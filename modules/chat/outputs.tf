output "configuration_arns" {
  description = "ARNs of the channels' configurations."
  value       = concat(values(aws_chatbot_slack_channel_configuration.this)[*].chat_configuration_arn, values(aws_chatbot_teams_channel_configuration.this)[*].chat_configuration_arn)
}
