# The state machine: look up, group, tell; once more after ten minutes, and once more when the alarm has ended.
#
# Everything is within one Parallel state, so that whatever goes wrong in it is caught in one place and told as a message
# without details. States.ALL does not catch States.DataLimitExceeded, which is named.
#
# Nothing grows with what callers do. A page has 40 events, and a message is about so many calls as the history of an
# execution, 25,000 events, has room for: what is looked at is counted in units of twelve of them (search.tf). What is kept of
# each call is three words. Nothing is hashed: States.Hash takes 10,000 characters, and what an intrinsic function does
# not take ends an execution, which nobody catches.

locals {
  letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]

  settings = {
    # What a call may lack.
    defaults = {
      awsRegion         = "?", errorCode = "none: it was allowed", eventID = "?", eventName = "?", eventTime = "?", recipientAccountId = "?"
      requestParameters = null, sourceIPAddress = "", userAgent = "", userIdentity = {}
    }
    # What is left of a call that is too long.
    brief  = { errorCode = "left out", requestParameters = "left out: too long, see the event", sourceIPAddress = "left out", userAgent = "left out" }
    reader = { arn = "", invokedBy = "", type = "?" }
    slots  = [for letter in local.letters : "-"]
    topics = var.topic_arns
  }

  definition = {
    Comment        = "Tells who it was that the alarm ${var.alarm.name} rings for"
    StartAt        = "Tell"
    TimeoutSeconds = 3600
    States = merge({
      Tell = {
        Type     = "Parallel"
        Branches = [{ StartAt = "Start", States = local.branch }]
        Catch = [
          { ErrorEquals = ["NotTold"], Next = "NotTold", ResultPath = null },
          { ErrorEquals = ["States.DataLimitExceeded"], Next = local.has_chat ? "WhichThread" : "Without", ResultPath = "$.error" },
          { ErrorEquals = ["States.ALL"], Next = local.has_chat ? "WhichThread" : "Without", ResultPath = "$.error" },
        ]
        ResultPath = null
        Next       = "Done"
      }
      Done    = { Type = "Succeed" }
      NotTold = local.not_told
    }, local.without_states, local.publish["Without"])
  }

  # What is posted at the end of an alarm belongs to the thread of its beginning.
  without_states = merge(
    { for which, post in { Without = "without", WithoutTheRest = "without_the_rest" } : which => {
      Type                         = "Pass"
      Parameters = merge({
        "message.$" = "States.Format('${local.text.without}', $.time, States.JsonToString($.error))"
        subject     = "DETAILS: \"${var.alarm.name}\" could not be read"
        topics      = var.topic_arns
      }, local.posts[post])
      Next = "PublishWithout"
    } if which == "Without" || local.has_chat },
    { for name in ["WhichThread"] : name => {
      Type    = "Choice"
      Choices = [{ Variable = "$.detail.state.value", StringEquals = "ALARM", Next = "Without" }]
      Default = "WithoutTheRest"
    } if local.has_chat },
  )

  not_told = { Type = "Fail", Error = "NotTold", Cause = "A topic did not take the message: its policy, or its key's, does not let the role ${local.names.read} publish, or it is gone." }

  branch = merge(local.clock_states, local.search_states, local.read_maps, local.group_states, local.tell_states, local.publish[""])

  # What every state after the clock's keeps.
  kept = merge(
    { for part in ["bound", "detail", "look", "slice", "stage", "sum", "time"] : "${part}.$" => "$.${part}" },
    { config = { for part in keys(local.settings) : "${part}.$" => "$.config.${part}" } },
  )

  ################################################################################
  # Tell
  ################################################################################

  # Each topic for itself: one that takes nothing keeps no other from its message.
  publish = { for which, next in { "" = "After", Without = "Done" } : which => {
    "Publish${which}" = {
      Type      = "Map"
      ItemsPath = which == "" ? "$.tell.topics" : "$.topics"
      ItemSelector = merge(
        { "message.$" = which == "" ? "$.tell.message" : "$.message", "subject.$" = which == "" ? "$.tell.subject" : "$.subject", "topic.$" = "$$.Map.Item.Value" },
        { for name in ["post.$"] : name => which == "" ? "$.tell.post" : "$.post" if local.has_chat },
      )
      ItemProcessor = {
        StartAt = local.has_chat ? "Whose${which}" : "Send${which}"
        States = merge(local.post_states[which], {
          "Send${which}" = {
            Type           = "Task"
            Resource       = "arn:${var.account.partition}:states:::sns:publish"
            Parameters     = { "Message.$" = "$.message", "Subject.$" = "$.subject", "TopicArn.$" = "$.topic" }
            ResultSelector = { sent = true }
            Retry          = [{ ErrorEquals = ["States.TaskFailed"], IntervalSeconds = 2, MaxAttempts = 2, BackoffRate = 2 }]
            Catch          = [{ ErrorEquals = ["States.ALL"], Next = "NotSent${which}", ResultPath = null }]
            End            = true
          }
          "NotSent${which}" = { Type = "Pass", Result = { sent = false }, End = true }
        })
      }
      ResultPath = "$.sent"
      Next       = "Sent${which}"
    }
    "Sent${which}" = { Type = "Pass", Parameters = { "not.$" = "$.sent[?(@.sent==false)].sent" }, ResultPath = "$.sent", Next = "AllSent${which}" }
    "AllSent${which}" = {
      Type    = "Choice"
      Choices = [{ Variable = "$.sent.not[0]", IsPresent = true, Next = which == "" ? "NotSentToAll" : "NotTold" }]
      Default = next
    }
  } }

  # recalls: whether something was told before. wide: whether it may ring for something of that. again: whether to look once more.
  stages = {
    first = { again = true, head = local.text.first, late = true, most = local.most.first, recalls = false, silent = false, subject = "DETAILS: \"${var.alarm.name}\" in ${var.account.region}", wide = false }
    again = { again = true, head = local.text.first, late = true, most = local.most.first, recalls = true, silent = false, subject = "DETAILS: \"${var.alarm.name}\" in ${var.account.region}", wide = true }
    wide  = { again = true, head = local.text.wide, late = true, most = local.most.first, recalls = false, silent = false, subject = "DETAILS: \"${var.alarm.name}\" in ${var.account.region}", wide = false }
    late  = { again = false, head = local.text.late, late = false, most = local.most.late, recalls = false, silent = true, subject = "DETAILS: \"${var.alarm.name}\" in ${var.account.region}, more", wide = false }
    last  = { again = false, head = local.text.last, late = false, most = local.most.first, recalls = true, silent = true, subject = "DETAILS: \"${var.alarm.name}\" in ${var.account.region}, the rest", wide = false }
  }

  tell_states = {
    NotSentToAll = local.not_told
    After = {
      Type    = "Choice"
      Choices = [{ Variable = "$.stage.late", BooleanEquals = true, Next = "Later" }]
      Default = "Nothing"
    }
    Later = { Type = "Wait", Seconds = local.late + local.lag, Next = "HasItEnded" }
    # The first change since is its end. Where nobody may ask, the message takes the ten minutes.
    HasItEnded = {
      Type     = "Task"
      Resource = "arn:${var.account.partition}:states:::aws-sdk:cloudwatch:describeAlarmHistory"
      Parameters = {
        AlarmName       = var.alarm.name
        HistoryItemType = "StateUpdate"
        MaxRecords      = 10
        ScanBy          = "TimestampAscending"
        "StartDate.$"   = "$$.Execution.StartTime"
      }
      # StartDate may be taken for the whole second: the change that this execution is about is none of these.
      ResultSelector = { for name, state in { ok = "OK", unsure = "INSUFFICIENT_DATA" } : "${name}.$" => "$.AlarmHistoryItems[?(@.HistorySummary=='Alarm updated from ALARM to ${state}')].Timestamp" }
      ResultPath     = "$.ended"
      Retry          = [merge(local.retry, { ErrorEquals = ["CloudWatch.CloudWatchException", "CloudWatch.ThrottlingException"] })]
      Catch          = [{ ErrorEquals = ["States.ALL"], Next = "NobodyKnows", ResultPath = null }]
      Next           = "OrNow"
    }
    NobodyKnows = { Type = "Pass", Result = { ok = [], unsure = [] }, ResultPath = "$.ended", Next = "OrNow" }
    OrNow = {
      Type       = "Pass"
      Parameters = { "times.$" = "States.Array($.ended.ok, $.ended.unsure, States.Array($$.State.EnteredTime))" }
      ResultPath = "$.ended"
      Next       = "Times"
    }
    Times = {
      Type       = "Pass"
      Parameters = { "times.$" = "$.ended.times[*][*]" }
      ResultPath = "$.ended"
      Next       = "Until"
    }
    # 2019-10-02T17:04:40.985Z, or without a fraction.
    Until = {
      Type       = "Pass"
      Parameters = { "time.$" = "States.StringSplit($.ended.times[0], 'Z')" }
      ResultPath = "$.ended"
      Next       = "AsIfEnded"
    }
    # As the event of its end would be: the clock counts from that.
    AsIfEnded = {
      Type = "Pass"
      Parameters = {
        "time.$"   = "$.time"
        "second.$" = "$.told"
        detail = {
          state             = { "timestamp.$" = "States.Format('{}.000', $.ended.time[0])", value = "OK" }
          "previousState.$" = "$.detail.state"
        }
      }
      Next = "Start"
    }
  }
}
