# What a chat channel shows: custom notifications, with no word of a caller's, whose markdown it would obey. Who it was, and which
# secret, is behind the links. All that is told of one alarm, from when it rang until it has ended, has one thread.
# Where no topic is a channel's alone, nothing of this is in the state machine.
# https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html

locals {
  has_chat = length(var.chat_topic_arns) > 0

  chat_text = {
    one        = "1 call at {}: ${local.console}{}#/events/{}\n"
    many       = "{} calls from {} to {}, the first: ${local.console}{}#/events/{}\n"
    found      = "{}\n${join("", [for letter in local.letters : "{}"])}In all: {} calls, {} of them of others than these.{}\nWho, and which secret: behind the links, and in the message to other topics.\n${local.about}"
    nobody     = "The alarm ${var.alarm.name} rang at {}, and no call that it counts is in the log group for that time. Somebody may have set the state by hand, or written values into the metric.\n${local.about}"
    unsearched = "The alarm ${var.alarm.name} changed its state at {}. The log group holds more events of that time than could be searched, and none of those that were searched counts. The query in the description of the alarm finds who it was.\n${local.about}"
    without    = "The alarm ${var.alarm.name} changed its state at {}. The details could not be read: the message to other topics says why, and the last execution of the state machine ${local.names.machine}.\n${local.about}"
  }

  chat_steps = [
    "secretwatch incident DIR, in the folder that was applied: what else the same credentials did, and what stops them",
    "Not expected? Disable the credentials of whoever it was, then rotate the secret.",
  ]

  # The event of an alarm's end also has the time at which it rang, as has what is told later (definition.tf, AsIfEnded).
  stage_of = { for stage, of in { first = "state", again = "state", wide = "state", late = "previousState", last = "previousState" } : stage => merge(
    { for name in ["Parameters"] : name => merge(local.stages[stage], { "thread.$" = "States.Format('${var.alarm.name} {}', $.detail.${of}.timestamp)" }) if local.has_chat },
    { for name in ["Result"] : name => local.stages[stage] if !local.has_chat },
  ) }

  posts = { for which, part in {
    found = {
      content  = { "description.$" = "States.Format('${local.chat_text.found}', $.stage.head, ${join(", ", [for index, letter in local.letters : "$.groups[${index}].post"])}, $.total.calls, $.total.others, $.more.text)", "title.$" = "$.stage.subject" }
      metadata = { "summary.$" = "$.stage.subject", "threadId.$" = "$.stage.thread" }
    }
    nobody = {
      content  = { "description.$" = "States.Format('${local.chat_text.nobody}', $.time)", "title.$" = "$.stage.subject" }
      metadata = { "summary.$" = "$.stage.subject", "threadId.$" = "$.stage.thread" }
    }
    unsearched = {
      content  = { "description.$" = "States.Format('${local.chat_text.unsearched}', $.time)", "title.$" = "$.stage.subject" }
      metadata = { "summary.$" = "$.stage.subject", "threadId.$" = "$.stage.thread" }
    }
    without = {
      content  = { "description.$" = "States.Format('${local.chat_text.without}', $.time)", title = "DETAILS: \"${var.alarm.name}\" could not be read" }
      metadata = { summary = "DETAILS: \"${var.alarm.name}\" could not be read", "threadId.$" = "States.Format('${var.alarm.name} {}', $.detail.state.timestamp)" }
    }
    without_the_rest = {
      content  = { "description.$" = "States.Format('${local.chat_text.without}', $.time)", title = "DETAILS: \"${var.alarm.name}\" could not be read" }
      metadata = { summary = "DETAILS: \"${var.alarm.name}\" could not be read", "threadId.$" = "States.Format('${var.alarm.name} {}', $.detail.previousState.timestamp)" }
    }
    } : which => { for name in ["post"] : name => {
      version  = "1.0"
      source   = "custom"
      content  = merge(part.content, { nextSteps = local.chat_steps, textType = "client-markdown" })
      metadata = merge(part.metadata, { eventType = "details" })
  } if local.has_chat } }

  post_states = { for which in ["", "Without"] : which => merge([for states in [{
    "Whose${which}" = {
      Type    = "Choice"
      Choices = [for arn in var.chat_topic_arns : { Variable = "$.topic", StringEquals = arn, Next = "Post${which}" }]
      Default = "Send${which}"
    }
    "Post${which}" = {
      Type           = "Task"
      Resource       = "arn:${var.account.partition}:states:::sns:publish"
      Parameters     = { "Message.$" = "States.JsonToString($.post)", "TopicArn.$" = "$.topic" }
      ResultSelector = { sent = true }
      Retry          = [{ ErrorEquals = ["States.TaskFailed"], IntervalSeconds = 2, MaxAttempts = 2, BackoffRate = 2 }]
      Catch          = [{ ErrorEquals = ["States.ALL"], Next = "NotSent${which}", ResultPath = null }]
      End            = true
    }
  }] : states if local.has_chat]...) }
}
