# What the messages say. States.Format inserts texts as they are: what a caller sent goes through States.JsonToString first,
# so that it stands in quotation marks, on one line, and no caller writes lines of their own (docs/adr/0014). Raw are only
# words that AWS chooses, and numbers. In a template an apostrophe, a brace and a backslash would mean something: there are none.

locals {
  console = "https://${var.account.region}.${var.console_domain}/cloudtrailv2/home?region="

  group_values = [
    "$.who.reader.type", "States.JsonToString($.who.reader.arn)", "States.JsonToString($.who.reader.invokedBy)",
    "$.call.eventName", "States.JsonToString($.call.requestParameters)",
    "States.JsonToString($.call.errorCode)", "States.JsonToString($.call.sourceIPAddress)",
    "States.JsonToString($.call.userAgent)", "$.call.awsRegion", "$.call.recipientAccountId",
  ]

  next_steps = join("\n", [
    "What to do next, in the folder that you applied. What else did the same credentials do, and what stops them?",
    "  secretwatch incident .",
    "Is the watch itself whole?",
    "  secretwatch doctor .",
    "What does CloudTrail know of it?",
    "  aws cloudtrail lookup-events --region ${var.account.region} --lookup-attributes AttributeKey=EventSource,AttributeValue=secretsmanager.amazonaws.com --end-time {}",
    "Not expected? Disable the credentials of whoever it was, then rotate the secret.",
  ])

  about = "Watch ${var.key} of ${var.name}, log group ${var.log_group.name}."

  text = {
    group = join("\n", [
      "Who     {} {}",
      "Service {}",
      "Call    {} {}",
      "Error   {}",
      "From    {}",
      "Agent   {}",
      "Where   {}, account {}",
    ])
    one  = "{}\nTimes   1, at {}\nEvent   ${local.console}{}#/events/{}\n\n"
    many = "{}\nTimes   {}\nFirst   {} ${local.console}{}#/events/{}\nLast    {} ${local.console}{}#/events/{}\n\n"
    message = join("\n", [
      "{}",
      "",
      "${join("", [for letter in local.letters : "{}"])}In all: {} calls, {} of them by others than these.{}",
      "The texts in quotation marks come from the caller. First and last are in the order of arrival.",
      "",
      local.next_steps,
      "",
      local.about,
    ])
    first    = "The alarm ${var.alarm.name} rang. These are the calls that had arrived by then:"
    wide     = "The alarm ${var.alarm.name} rang again, for calls that were counted late or delivered once more. They may have been told before:"
    late     = "The alarm ${var.alarm.name} rang a while ago. These calls arrived since:"
    last     = "The alarm ${var.alarm.name} has ended. These calls arrived before, and were not told yet:"
    more     = " And {} more, which are not in this message: see the query in the description of the alarm."
    at_least = " And at least {} more, which are not in this message: see the query in the description of the alarm."
    nobody = join("\n", [
      "The alarm ${var.alarm.name} rang at {}, and no call that it counts is in the log group for that time.",
      "The reason that the alarm gives: {}",
      "Somebody may have set the state by hand, or written values into the metric, which CloudTrail does not record. The query in the description of the alarm looks further back.",
      "",
      local.about,
    ])
    unsearched = join("\n", [
      "The alarm ${var.alarm.name} changed its state at {}. The log group holds more events of that time than could be searched, and none of those that were searched counts.",
      "Who it was stands in the log group; the query in the description of the alarm finds it.",
      "",
      local.about,
    ])
    without = join("\n", [
      "The alarm ${var.alarm.name} changed its state at {}. The details could not be read: {}",
      "Who it was stands in the log group; the query in the description of the alarm finds it.",
      "",
      local.about,
    ])
  }
}
