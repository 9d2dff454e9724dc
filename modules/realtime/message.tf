# The message. EventBridge inserts texts as they are, quotation marks and all, and delivers nothing that is no
# JSON then: who reads could silence it, or write lines of their own into it. So callers' texts are inserted
# as parts of objects alone, whose JSON EventBridge writes itself; in a text there is only what AWS chooses.

locals {
  paths = {
    account    = "$.detail.recipientAccountId"
    address    = "$.detail.sourceIPAddress"
    call       = "$.detail.eventName"
    code       = "$.detail.errorCode"
    id         = "$.detail.eventID"
    parameters = "$.detail.requestParameters"
    reader     = "$.detail.userIdentity"
    region     = "$.detail.awsRegion"
    time       = "$.detail.eventTime"
  }

  is_reads = alltrue([for event in var.definition.events : contains(["BatchGetSecretValue", "GetSecretValue"], event)])

  # A call that was allowed has parameters. One that was refused may have none, and null is no object.
  openings = {
    allowed = "\"${local.is_reads ? "SECRET READ" : "SECRET USED"}\": <parameters>"
    refused = "\"${local.is_reads ? "SECRET READ" : "SECRET USE"} REFUSED\": \"<code>\""
  }

  templates = { for outcome, opening in local.openings : outcome => "{${join(",\n", compact([
    opening,
    "\"Call\": \"<call>\"",
    "\"Reader\": <reader>",
    "\"From\": \"<address>\"",
    "\"When\": \"<time>\"",
    "\"Where\": \"<region>, account <account>\"",
    "\"Watch\": \"${var.key} of ${var.name}\"",
    var.definition.decoys ? "\"Decoy\": \"Nobody has a reason to touch it.\"" : "",
    "\"Rule\": \"<aws.events.rule-arn>\"",
    "\"Look\": \"https://${var.account.region}.${var.console_domain}/cloudtrailv2/home?region=<region>#/events/<id>\"",
    "\"Event\": <aws.events.event.json>",
  ]))}}" }

  # A chat channel shows custom notifications, whose texts are texts: who read, and what, is behind the link. One
  # incident is one thread: whatever the same credentials did, as their key says, which AWS makes.
  # https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
  titles = {
    allowed = "${local.is_reads ? "SECRET READ" : "SECRET USED"}: <call>"
    refused = "${local.is_reads ? "SECRET READ" : "SECRET USE"} REFUSED: <call>, <code>"
  }

  chat_templates = { for outcome, title in local.titles : outcome => "{${join(",\n", [
    "\"version\": \"1.0\"",
    "\"source\": \"custom\"",
    "\"id\": \"<id>\"",
    "\"content\": {\"textType\": \"client-markdown\", \"title\": \"${title}\", \"description\": \"${var.definition.decoys ? "A decoy: nobody has a reason to touch it.\\n" : ""}Watch ${var.key} of ${var.name}\\nBy: <type>\\nFrom: <address>\\nWhen: <time>\\nWhere: <region>, account <account>\", \"nextSteps\": [\"Who, and which secret: https://${var.account.region}.${var.console_domain}/cloudtrailv2/home?region=<region>#/events/<id>\"]}",
    "\"metadata\": {\"threadId\": \"${var.name} <key>\", \"summary\": \"${title}\", \"eventType\": \"<call>\", \"additionalContext\": {\"Watch\": \"${var.key} of ${var.name}\", \"Rule\": \"<aws.events.rule-arn>\"}}",
  ])}}" }
  chat_paths = merge({ for key, path in local.paths : key => path if !contains(["parameters", "reader"], key) }, { key = "$.detail.userIdentity.accessKeyId", type = "$.detail.userIdentity.type" })
}
