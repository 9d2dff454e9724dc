# Somebody else's topic: what a plan can see of whether alarms would come through.

data "aws_cloudcontrolapi_resource" "topic" {
  identifier = var.arn
  type_name  = "AWS::SNS::Topic"

  lifecycle {
    precondition {
      condition     = split(":", var.arn)[4] == var.account.id
      error_message = "${var.path}existing: topic ${var.arn} belongs to account ${split(":", var.arn)[4]}, and a plan cannot look at it from ${var.account.id}. Make sure that it is a standard topic without a key of AWS's own, and that its policy has the statements of the output policy_statements, then write verify = false."
    }
  }
}

check "key" {
  assert {
    condition     = !can(regex("(^|:)alias/aws/sns$", jsondecode(data.aws_cloudcontrolapi_resource.topic.properties).KmsMasterKeyId))
    error_message = "${var.path}existing: topic ${var.arn} is encrypted with AWS's own key, which lets neither CloudWatch nor EventBridge in, so alarms would be dropped without an error. Give the topic a key of your own whose policy has the statements of the output policy_statements."
  }
}
