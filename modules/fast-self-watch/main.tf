# The fast watch on the watch itself: EventBridge rules on every call that changes a part of this instance (pattern.tf), each
# with one message that says who, what, from where, and how to undo it (message.tf). No log group, no metric filter and no
# alarm in between, and a topic of its own: no call that silences the slow way, modules/self-watch, takes this one with it.

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.patterns

  description   = "Calls that change ${var.name}'s ${local.parts[each.key].what}"
  event_pattern = each.value
  name          = "${var.name}-self-watch-${each.key}"
  tags          = var.tags

  # Left out, the provider minds no rule that somebody disabled.
  state = "ENABLED"

  lifecycle {
    precondition {
      condition     = length(each.value) <= 2048
      error_message = "self_watch.except makes an event pattern of ${length(each.value)} characters, EventBridge takes 2048: write fewer roles, or the part that they share with a * (arn:aws:iam::123456789012:role/ci/*)."
    }
  }
}

resource "aws_cloudwatch_event_target" "topic" {
  for_each = { for pair in setproduct(keys(local.patterns), keys(var.topic_arns)) : join("/", pair) => { part = pair[0], topic = pair[1] } }

  arn       = var.topic_arns[each.value.topic]
  rule      = aws_cloudwatch_event_rule.this[each.value.part].name
  target_id = each.value.topic

  input_transformer {
    input_paths    = contains(var.chat_topics, each.value.topic) ? local.chat_paths : local.paths
    input_template = contains(var.chat_topics, each.value.topic) ? local.chat_templates[each.value.part] : local.templates[each.value.part]
  }
}

################################################################################
# The witness: another account's event bus
################################################################################

resource "aws_cloudwatch_event_target" "witness" {
  for_each = var.witness == null ? {} : local.patterns

  arn      = var.witness.event_bus_arn
  role_arn = aws_iam_role.witness[0].arn
  rule     = aws_cloudwatch_event_rule.this[each.key].name
  # No topic is called so.
  target_id = "_witness"

  # A role without its policy would be let nothing through.
  depends_on = [aws_iam_role_policy.witness]
}

resource "aws_iam_role" "witness" {
  count = var.witness == null ? 0 : 1

  description = "Lets EventBridge send events of ${var.name}'s self-watch to its witness"
  name        = var.witness.role_name
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "witness" {
  count = var.witness == null ? 0 : 1

  name = "send-to-the-witness"
  role = aws_iam_role.witness[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Send"
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = var.witness.event_bus_arn
    }]
  })
}
