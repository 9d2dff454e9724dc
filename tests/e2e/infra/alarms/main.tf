variable "address" {
  default = "ops@example.com"
}
data "aws_caller_identity" "this" {}
resource "aws_s3_bucket" "trail" {
  bucket        = "trail-${data.aws_caller_identity.this.account_id}"
  force_destroy = true
}
resource "aws_s3_bucket_policy" "trail" {
  bucket = aws_s3_bucket.trail.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }, Action = "s3:GetBucketAcl", Resource = aws_s3_bucket.trail.arn },
      { Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }, Action = "s3:PutObject", Resource = "${aws_s3_bucket.trail.arn}/*" },
    ]
  })
}
resource "aws_cloudwatch_log_group" "trail" {
  name = "trail"
}
resource "aws_iam_role" "trail" {
  name = "trail"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}
resource "aws_iam_role_policy" "trail" {
  role = aws_iam_role.trail.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = "${aws_cloudwatch_log_group.trail.arn}:*" }]
  })
}
resource "aws_cloudtrail" "this" {
  name                       = "trail"
  s3_bucket_name             = aws_s3_bucket_policy.trail.bucket
  cloud_watch_logs_group_arn = "${aws_cloudwatch_log_group.trail.arn}:*"
  cloud_watch_logs_role_arn  = aws_iam_role.trail.arn
  depends_on                 = [aws_iam_role_policy.trail]
}
resource "aws_secretsmanager_secret" "db" {
  name = "prod/db"
}
resource "aws_secretsmanager_secret_version" "db" {
  secret_id     = aws_secretsmanager_secret.db.id
  secret_string = "three coffees"
}
resource "aws_iam_role" "app" {
  name = "app"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}
resource "aws_iam_role_policy" "app" {
  role = aws_iam_role.app.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = aws_secretsmanager_secret.db.arn }]
  })
}
resource "aws_sns_topic" "this" {
  name = "alarms"
}
resource "aws_sns_topic_subscription" "this" {
  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = var.address
}
resource "aws_cloudwatch_log_metric_filter" "this" {
  name           = "prod-db-read"
  log_group_name = aws_cloudwatch_log_group.trail.name
  pattern        = "{ $.eventName = GetSecretValue && $.requestParameters.secretId = \"prod/db\" }"
  metric_transformation {
    name      = "reads"
    namespace = "prod"
    value     = "1"
  }
}
resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_name          = "prod-db-read"
  alarm_description   = "Somebody read prod/db."
  namespace           = "prod"
  metric_name         = aws_cloudwatch_log_metric_filter.this.metric_transformation[0].name
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
}
