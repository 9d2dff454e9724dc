# The message. Texts of the caller's are inserted as parts of objects alone, whose JSON EventBridge writes itself: a
# quotation mark in a name would else make no JSON of it, and EventBridge would deliver nothing (modules/realtime/message.tf).

locals {
  paths = {
    account = "$.detail.recipientAccountId"
    address = "$.detail.sourceIPAddress"
    call    = "$.detail.eventName"
    id      = "$.detail.eventID"
    region  = "$.detail.awsRegion"
    time    = "$.detail.eventTime"
    what    = "$.detail.requestParameters"
    who     = "$.detail.userIdentity"
  }

  # A call that names a part has parameters. One that was refused may have none, and null is no object.
  templates = { for key, part in local.parts : key => "{${join(",\n", concat([
    "\"WATCH CHANGED\": \"<call>\"",
    "\"Part\": ${jsonencode("${part.what}, of ${var.name}")}",
    ], [for line in ["\"What\": <what>"] : line if !contains(["account", "bus"], key)], [
    "\"By\": <who>",
    "\"From\": \"<address>\"",
    "\"When\": \"<time>\"",
    "\"Where\": \"<region>, account <account>\"",
    "\"Undo\": ${jsonencode(part.undo)}",
    "\"Look\": \"https://${var.account.region}.${var.console_domain}/cloudtrailv2/home?region=<region>#/events/<id>\"",
    "\"Event\": <aws.events.event.json>",
  ]))}}" }

  # What a chat channel shows: a custom notification, with no text of the caller's (modules/realtime/message.tf).
  chat_templates = { for key, part in local.parts : key => "{${join(",\n", [
    "\"version\": \"1.0\"",
    "\"source\": \"custom\"",
    "\"id\": \"<id>\"",
    "\"content\": {\"textType\": \"client-markdown\", \"title\": \"WATCH CHANGED: <call>\", \"description\": \"Part: ${trim(jsonencode(part.what), "\"")}, of ${var.name}\\nBy: <type>\\nFrom: <address>\\nWhen: <time>\\nWhere: <region>, account <account>\", \"nextSteps\": [\"Who, and what: https://${var.account.region}.${var.console_domain}/cloudtrailv2/home?region=<region>#/events/<id>\", ${jsonencode("Undo: ${part.undo}")}]}",
    "\"metadata\": {\"threadId\": \"${var.name} <key>\", \"summary\": \"WATCH CHANGED: <call>\", \"eventType\": \"<call>\"}",
  ])}}" }
  chat_paths = merge({ for key, path in local.paths : key => path if !contains(["what", "who"], key) }, { key = "$.detail.userIdentity.accessKeyId", type = "$.detail.userIdentity.type" })
}
