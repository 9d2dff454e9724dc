# The state machine: look up, group, tell; once more after a while, and once more when the alarm has ended.
#
# Everything is within one Parallel state, so that whatever goes wrong in it is caught in one place and told as a message
# without details. States.ALL does not catch States.DataLimitExceeded, which is named.
#
# Nothing grows with what callers do: a page has 40 events, a message is about 500 calls in ten groups. A call takes fourteen
# events of the 25,000 that an execution's history may have. What is kept of each call is three words. Nothing is hashed:
# States.Hash takes 10,000 characters, and what an intrinsic function does not take ends an execution, which nobody catches.

locals {
  most_calls = 500
  most_pages = 200
  page       = 40
  letters    = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]

  settings = {
    # What a call may lack.
    defaults = {
      awsRegion         = "?", errorCode = "none: it was allowed", eventID = "?", eventName = "?", eventTime = "?", recipientAccountId = "?"
      requestParameters = null, sourceIPAddress = "", userAgent = "", userIdentity = {}
    }
    brief    = { requestParameters = "left out: too long, see the event", userAgent = "left out" }
    patterns = var.filter_patterns
    reader   = { arn = "", invokedBy = "", type = "?" }
    slots    = [for letter in local.letters : "-"]
    topics   = var.topic_arns
    whole    = {}
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
          { ErrorEquals = ["States.DataLimitExceeded"], Next = "Without", ResultPath = "$.error" },
          { ErrorEquals = ["States.ALL"], Next = "Without", ResultPath = "$.error" },
        ]
        ResultPath = null
        Next       = "Done"
      }
      Done    = { Type = "Succeed" }
      NotTold = local.not_told
      Without = {
        Type = "Pass"
        Parameters = merge({
          "message.$" = "States.Format('${local.text.without}', $.time, States.JsonToString($.error))"
          subject     = "DETAILS: \"${var.alarm.name}\" could not be read"
          topics      = var.topic_arns
        }, local.posts.without)
        Next = "PublishWithout"
      }
    }, local.publish["Without"])
  }

  not_told = { Type = "Fail", Error = "NotTold", Cause = "A topic did not take the message: its policy, or its key's, does not let the role ${local.names.read} publish, or it is gone." }

  branch = merge(local.clock_states, local.search_states, local.read_maps, local.group_states, local.tell_states, local.publish[""])

  ################################################################################
  # Look up
  ################################################################################

  search = {
    Type     = "Task"
    Resource = "arn:${var.account.partition}:states:::aws-sdk:cloudwatchlogs:filterLogEvents"
    # An answer has 256 KiB at the most, as a state has.
    ResultSelector = { "messages.$" = "$.Events[*].Message", "next.$" = "$..NextToken" }
    ResultPath     = "$.page"
    Retry = [{
      ErrorEquals     = ["CloudWatchLogs.ServiceUnavailableException", "CloudWatchLogs.ThrottlingException"]
      IntervalSeconds = 2
      MaxAttempts     = 5
      BackoffRate     = 2
    }]
    Next = "Read"
  }
  search_parameters = {
    "EndTime.$"       = "$.slice.end"
    "FilterPattern.$" = "States.ArrayGetItem($.config.patterns, $.found.pattern)"
    LogGroupName      = var.log_group.name
    "StartTime.$"     = "$.slice.start"
  }

  # What every state after the clock's keeps.
  kept = merge(
    { for part in ["bound", "detail", "look", "stage", "sum", "time"] : "${part}.$" => "$.${part}" },
    { config = { for part in keys(local.settings) : "${part}.$" => "$.config.${part}" } },
  )

  search_states = {
    Begin = {
      Type       = "Pass"
      Result     = merge({ calls = 0, more = "", others = [], pages = 0, pattern = 0, texts = [] }, { for letter in local.letters : letter => [] })
      ResultPath = "$.found"
      Next       = "Search"
    }
    # A page of few events where forty are too much for a state. One event may be that by itself: then there are no details.
    Search = merge(local.search, {
      Parameters = merge(local.search_parameters, { Limit = local.page })
      Catch      = [{ ErrorEquals = ["States.DataLimitExceeded"], Next = "SearchFew", ResultPath = null }]
    })
    SearchFew = merge(local.search, { Parameters = merge(local.search_parameters, { Limit = 3 }) })
    SearchOn = merge(local.search, {
      Parameters = merge(local.search_parameters, { Limit = local.page, "NextToken.$" = "$.page.next[0]" })
      Catch      = [{ ErrorEquals = ["States.DataLimitExceeded"], Next = "SearchFewOn", ResultPath = null }]
    })
    SearchFewOn = merge(local.search, { Parameters = merge(local.search_parameters, { Limit = 3, "NextToken.$" = "$.page.next[0]" }) })

    # Not told before; and of those, groups that are new.
    Fresh = {
      Type       = "Pass"
      Parameters = { "fresh.$" = "$.page.messages[?(@.told==false)]", "next.$" = "$.page.next" }
      ResultPath = "$.page"
      Next       = "Unknown"
    }
    Unknown = {
      Type       = "Pass"
      Parameters = { "texts.$" = "$.page.fresh[?(@.known==false)].text" }
      ResultPath = "$.new"
      Next       = "New"
    }
    New = {
      Type       = "Pass"
      Parameters = { "texts.$" = "States.Array($.found.texts, States.ArrayUnique($.new.texts))" }
      ResultPath = "$.new"
      Next       = "AllGroups"
    }
    AllGroups = {
      Type       = "Pass"
      Parameters = { "texts.$" = "$.new.texts[*][*]" }
      ResultPath = "$.new"
      Next       = "TenGroups"
    }
    TenGroups = {
      Type       = "Pass"
      Parameters = { "texts.$" = "$.new.texts[0:${length(local.letters)}]" }
      ResultPath = "$.new"
      Next       = "Fill"
    }
    # Some of the ten are empty.
    Fill = {
      Type       = "Pass"
      Parameters = { "texts.$" = "$.new.texts", "filled.$" = "States.Array($.new.texts, $.config.slots)" }
      ResultPath = "$.new"
      Next       = "Slots"
    }
    Slots = {
      Type       = "Pass"
      Parameters = { "texts.$" = "$.new.texts", "slots.$" = "$.new.filled[*][*]" }
      ResultPath = "$.new"
      Next       = "Mark"
    }
    Mark = {
      Type         = "Map"
      ItemsPath    = "$.page.fresh"
      ItemSelector = { "call.$" = "$$.Map.Item.Value", "slots.$" = "$.new.slots" }
      ItemProcessor = { StartAt = "Mine", States = { Mine = {
        Type = "Pass"
        Parameters = merge(
          { "record.$" = "$.call.record", "listed.$" = "States.ArrayContains($.slots, $.call.text)" },
          { for index, letter in local.letters : "${letter}.$" => "States.ArrayContains(States.Array($.slots[${index}]), $.call.text)" },
        )
        End = true
      } } }
      ResultPath = "$.page.fresh"
      Next       = "Sort"
    }
    Sort = {
      Type = "Pass"
      Parameters = merge(
        { "next.$" = "$.page.next", "others.$" = "$.page.fresh[?(@.listed==false)].record", "size.$" = "States.ArrayLength($.page.fresh)" },
        { for letter in local.letters : "${letter}.$" => "$.page.fresh[?(@.${letter}==true)].record" },
      )
      ResultPath = "$.page"
      Next       = "Both"
    }
    Both = {
      Type       = "Pass"
      Parameters = { for list in concat(local.letters, ["others"]) : "${list}.$" => "States.Array($.found.${list}, $.page.${list})" }
      ResultPath = "$.both"
      Next       = "Keep"
    }
    Keep = {
      Type = "Pass"
      Parameters = merge(
        { for list in concat(local.letters, ["others"]) : "${list}.$" => "$.both.${list}[*][*]" },
        {
          "calls.$"   = "States.MathAdd($.found.calls, $.page.size)"
          "more.$"    = "$.found.more"
          "pages.$"   = "States.MathAdd($.found.pages, 1)"
          "pattern.$" = "$.found.pattern"
          "texts.$"   = "$.new.texts"
        },
      )
      ResultPath = "$.found"
      Next       = "Enough"
    }
    Enough = {
      Type = "Choice"
      Choices = [
        { Variable = "$.found.calls", NumericGreaterThanEquals = local.most_calls, Next = "More" },
        { Variable = "$.found.pages", NumericGreaterThanEquals = local.most_pages, Next = "More" },
        { Variable = "$.page.next[0]", IsPresent = true, Next = "SearchOn" },
        { Variable = "$.found.pattern", NumericLessThan = length(var.filter_patterns) - 1, Next = "NextPattern" },
      ]
      Default = "Any"
    }
    NextPattern = { Type = "Pass", Parameters = { "value.$" = "States.MathAdd($.found.pattern, 1)" }, ResultPath = "$.next", Next = "SetPattern" }
    SetPattern  = { Type = "Pass", InputPath = "$.next.value", ResultPath = "$.found.pattern", Next = "Search" }
    More        = { Type = "Pass", Result = local.text.more, ResultPath = "$.found.more", Next = "Any" }
    Any = {
      Type = "Choice"
      Choices = [
        { Variable = "$.found.calls", NumericGreaterThan = 0, Next = "Gather" },
        { Variable = "$.stage.silent", BooleanEquals = true, Next = "Nothing" },
        { Variable = "$.stage.again", BooleanEquals = true, Next = "Patience" },
      ]
      Default = "Nobody"
    }
    Patience = { Type = "Wait", Seconds = 60, Next = "Again" }
    Again    = { Type = "Pass", Result = false, ResultPath = "$.stage.again", Next = "Begin" }
    Nobody = {
      Type       = "Pass"
      Parameters = merge({ "message.$" = "States.Format('${local.text.nobody}', $.time, States.JsonToString($.detail.state.reason))", "subject.$" = "$.stage.subject", "topics.$" = "$.config.topics" }, local.posts.nobody)
      ResultPath = "$.tell"
      Next       = "Publish"
    }
    Nothing = { Type = "Pass", End = true }
  }

  # Of one call: a text that is the same for all calls of a group, and a record of three words.
  # A state has 256 KiB: where callers sent more, their own words are left out.
  read_maps = merge([for which, catch in { "" = true, Briefly = false } : {
    "Read${which}" = merge(
      {
        Type      = "Map"
        ItemsPath = "$.page.messages"
        ItemSelector = {
          "call.$"   = "States.JsonMerge(States.JsonMerge($.config.defaults, States.StringToJson($$.Map.Item.Value), false), $.config.${which == "" ? "whole" : "brief"}, false)"
          "reader.$" = "$.config.reader"
          "known.$"  = "$.found.texts"
          "told.$"   = "$.told"
        }
        ItemProcessor = {
          StartAt = "Who${which}"
          States = {
            "Who${which}" = {
              Type       = "Pass"
              Parameters = { "reader.$" = "States.JsonMerge($.reader, $.call.userIdentity, false)" }
              ResultPath = "$.who"
              Next       = "Text${which}"
            }
            "Text${which}" = {
              Type       = "Pass"
              Parameters = { "text.$" = "States.Format('${local.text.group}', ${join(", ", local.group_values)})" }
              ResultPath = "$.group"
              Next       = "Fits${which}"
            }
            # The states after this one hold a text up to four times. Too long for them, it is too long here.
            "Fits${which}" = {
              Type       = "Pass"
              Parameters = { "times.$" = "States.Array($.group.text, $.group.text, $.group.text)" }
              ResultPath = "$.fits"
              Next       = "Record${which}"
            }
            "Record${which}" = {
              Type = "Pass"
              Parameters = {
                "text.$"   = "$.group.text"
                "record.$" = local.record
                "known.$"  = "States.ArrayContains($.known, $.group.text)"
                "told.$"   = "States.ArrayContains($.told, ${local.record})"
              }
              End = true
            }
          }
        }
        ResultPath = "$.page.messages"
        Next       = "Fresh"
      },
      { for name in ["Catch"] : name => [{ ErrorEquals = ["States.DataLimitExceeded"], Next = "ReadBriefly", ResultPath = null }] if catch },
    )
  }]...)
  record = "States.Format('{} {} {}', $.call.eventTime, $.call.eventID, $.call.awsRegion)"

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

  stages = {
    first = { again = true, head = local.text.first, late = local.late > 0, silent = false, subject = "DETAILS: \"${var.alarm.name}\" in ${var.account.region}" }
    late  = { again = false, head = local.text.late, late = false, silent = true, subject = "DETAILS: \"${var.alarm.name}\" in ${var.account.region}, more" }
    last  = { again = false, head = local.text.last, late = false, silent = true, subject = "DETAILS: \"${var.alarm.name}\" in ${var.account.region}, the rest" }
  }

  tell_states = {
    NotSentToAll = local.not_told
    After = {
      Type    = "Choice"
      Choices = [{ Variable = "$.stage.late", BooleanEquals = true, Next = "Later" }]
      Default = "Nothing"
    }
    # Half a minute more, until what arrived last can be found.
    Later = { Type = "Wait", Seconds = local.late + 30, Next = "Late" }
    Late = {
      Type       = "Pass"
      Parameters = merge({ for part, path in local.kept : part => path if part != "stage.$" }, { slice = local.slices.late, stage = merge(local.stages.late, local.threads.late), "told.$" = "$.found.calls[0:300]" })
      Next       = "Begin"
    }
  }
}
