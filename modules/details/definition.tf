# The state machine: look up, group, tell; once more after a while, and once more when the alarm has ended.
#
# Everything is within one Parallel state, so that whatever goes wrong in it is caught in one place and told as a message
# without details. States.ALL does not catch States.DataLimitExceeded, which is named.
#
# Nothing grows with what callers do: a page has 40 events, a message is about 500 calls in ten groups. A call takes twelve
# events of the 25,000 that an execution's history may have. What is kept of each call is four words.

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
        Parameters = {
          "message.$" = "States.Format('${local.text.without}', $.time, States.JsonToString($.error))"
          subject     = "DETAILS: \"${var.alarm.name}\" could not be read"
          topics      = var.topic_arns
        }
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

  search_states = {
    Begin = {
      Type       = "Pass"
      Result     = { more = "", pages = 0, pattern = 0, records = [], texts = [] }
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

    Fresh = {
      Type       = "Pass"
      Parameters = { "records.$" = "$.page.read[?(@.told==false)].record", "texts.$" = "$.page.read[?(@.told==false)].text" }
      ResultPath = "$.fresh"
      Next       = "Both"
    }
    Both = {
      Type       = "Pass"
      Parameters = { for list in ["records", "texts"] : "${list}.$" => "States.Array($.found.${list}, $.fresh.${list})" }
      ResultPath = "$.fresh"
      Next       = "Flat"
    }
    Flat = {
      Type       = "Pass"
      Parameters = { for list in ["records", "texts"] : "${list}.$" => "$.fresh.${list}[*][*]" }
      ResultPath = "$.fresh"
      Next       = "Unique"
    }
    # CloudTrail may deliver an event twice.
    Unique = {
      Type       = "Pass"
      Parameters = { for list in ["records", "texts"] : "${list}.$" => "States.ArrayUnique($.fresh.${list})" }
      ResultPath = "$.fresh"
      Next       = "Keep"
    }
    Keep = {
      Type = "Pass"
      Parameters = {
        "more.$"    = "$.found.more"
        "pages.$"   = "States.MathAdd($.found.pages, 1)"
        "pattern.$" = "$.found.pattern"
        "records.$" = "$.fresh.records"
        "texts.$"   = "$.fresh.texts[0:${length(local.letters)}]"
      }
      ResultPath = "$.found"
      Next       = "Enough"
    }
    Enough = {
      Type = "Choice"
      Choices = [
        { Variable = "$.found.records[${local.most_calls - 1}]", IsPresent = true, Next = "More" },
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
        { Variable = "$.found.records[0]", IsPresent = true, Next = "Fill" },
        { Variable = "$.stage.silent", BooleanEquals = true, Next = "Nothing" },
        { Variable = "$.stage.again", BooleanEquals = true, Next = "Patience" },
      ]
      Default = "Nobody"
    }
    Patience = { Type = "Wait", Seconds = 60, Next = "Again" }
    Again    = { Type = "Pass", Result = false, ResultPath = "$.stage.again", Next = "Begin" }
    Nobody = {
      Type       = "Pass"
      Parameters = { "message.$" = "States.Format('${local.text.nobody}', $.time, States.JsonToString($.detail.state.reason))", "subject.$" = "$.stage.subject", "topics.$" = "$.config.topics" }
      ResultPath = "$.tell"
      Next       = "Publish"
    }
    Nothing = { Type = "Pass", End = true }
  }

  # Of one call: a text that is the same for all calls of a group, and a record of four words, which begins with its hash.
  # States.Hash takes 10,000 characters, and a state 256 KiB: where a caller sent more, their own words are left out.
  read_maps = merge([for which, catch in { "" = true, Briefly = false } : {
    "Read${which}" = merge(
      {
        Type      = "Map"
        ItemsPath = "$.page.messages"
        ItemSelector = {
          "call.$"   = "States.JsonMerge(States.JsonMerge($.config.defaults, States.StringToJson($$.Map.Item.Value), false), $.config.${which == "" ? "whole" : "brief"}, false)"
          "reader.$" = "$.config.reader"
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
              Next       = "Record${which}"
            }
            "Record${which}" = {
              Type = "Pass"
              Parameters = {
                "text.$"   = "$.group.text"
                "record.$" = local.record
                "told.$"   = "States.ArrayContains($.told, ${local.record})"
              }
              End = true
            }
          }
        }
        ResultPath = "$.page.read"
        Next       = "Fresh"
      },
      { for name in ["Catch"] : name => [{ ErrorEquals = ["States.DataLimitExceeded"], Next = "ReadBriefly", ResultPath = null }, { ErrorEquals = ["States.ALL"], Next = "ReadBriefly", ResultPath = null }] if catch },
    )
  }]...)
  record = "States.Format('{} {} {} {}', States.Hash($.group.text, 'MD5'), $.call.eventTime, $.call.eventID, $.call.awsRegion)"

  ################################################################################
  # Group
  ################################################################################

  group_states = {
    # Ten groups, of which some are empty.
    Fill = { Type = "Pass", Parameters = { "texts.$" = "States.Array($.found.texts, $.config.slots)" }, ResultPath = "$.fill", Next = "Slots" }
    Slots = {
      Type       = "Pass"
      Parameters = { "texts.$" = "$.fill.texts[*][*]" }
      ResultPath = "$.fill"
      Next       = "Hash"
    }
    Hash = {
      Type       = "Pass"
      Parameters = { for index, letter in local.letters : "${letter}.$" => "States.Hash($.fill.texts[${index}], 'MD5')" }
      ResultPath = "$.hash"
      Next       = "Mark"
    }
    Mark = {
      Type         = "Map"
      ItemsPath    = "$.found.records"
      ItemSelector = { "hash.$" = "$.hash", "record.$" = "$$.Map.Item.Value" }
      ItemProcessor = { StartAt = "Mine", States = { Mine = {
        Type = "Pass"
        Parameters = merge(
          { "record.$" = "$.record" },
          { for letter in local.letters : "${letter}.$" => "States.ArrayContains(States.StringSplit($.record, ' '), $.hash.${letter})" },
          { "listed.$" = "States.ArrayContains(States.Array(${join(", ", [for letter in local.letters : "$.hash.${letter}"])}), States.ArrayGetItem(States.StringSplit($.record, ' '), 0))" },
        )
        End = true
      } } }
      ResultPath = "$.marked"
      Next       = "Sort"
    }
    Sort = {
      Type = "Pass"
      Parameters = merge(
        { for letter in local.letters : "${letter}.$" => "$.marked[?(@.${letter}==true)].record" },
        { "others.$" = "$.marked[?(@.listed==false)].record" },
      )
      ResultPath = "$.marked"
      Next       = "Groups"
    }
    Groups = {
      Type       = "Pass"
      Parameters = { "items" = [for index, letter in local.letters : { "text.$" = "$.fill.texts[${index}]", "records.$" = "$.marked.${letter}" }] }
      ResultPath = "$.groups"
      Next       = "Render"
    }
    Render = {
      Type          = "Map"
      ItemsPath     = "$.groups.items"
      ItemProcessor = { StartAt = "Size", States = local.render_states }
      ResultPath    = "$.lines"
      Next          = "Compose"
    }
    Compose = {
      Type = "Pass"
      Parameters = {
        "message.$" = "States.Format('${local.text.message}', $.stage.head, ${join(", ", [for index, letter in local.letters : "$.lines[${index}].line"])}, States.ArrayLength($.found.records), States.ArrayLength($.marked.others), $.found.more, $.time)"
        "subject.$" = "$.stage.subject"
        "topics.$"  = "$.config.topics"
      }
      ResultPath = "$.tell"
      Next       = "Publish"
    }
  }

  render_states = {
    Size = {
      Type = "Choice"
      Choices = [
        { Variable = "$.records[1]", IsPresent = true, Next = "Many" },
        { Variable = "$.records[0]", IsPresent = true, Next = "One" },
      ]
      Default = "None"
    }
    None = { Type = "Pass", Result = { line = "" }, End = true }
    One = {
      Type       = "Pass"
      Parameters = { "text.$" = "$.text", "only.$" = "States.StringSplit($.records[0], ' ')" }
      Next       = "LineOfOne"
    }
    LineOfOne = {
      Type       = "Pass"
      Parameters = { "line.$" = "States.Format('${local.text.one}', $.text, $.only[1], $.only[3], $.only[2])" }
      End        = true
    }
    Many = {
      Type = "Pass"
      Parameters = {
        "text.$"  = "$.text"
        "count.$" = "States.ArrayLength($.records)"
        "first.$" = "States.StringSplit($.records[0], ' ')"
        "last.$"  = "States.StringSplit(States.ArrayGetItem($.records, States.MathAdd(States.ArrayLength($.records), -1)), ' ')"
      }
      Next = "LineOfMany"
    }
    LineOfMany = {
      Type       = "Pass"
      Parameters = { "line.$" = "States.Format('${local.text.many}', $.text, $.count, $.first[1], $.first[3], $.first[2], $.last[1], $.last[3], $.last[2])" }
      End        = true
    }
  }

  ################################################################################
  # Tell
  ################################################################################

  # Each topic for itself: one that takes nothing keeps no other from its message.
  publish = { for which, next in { "" = "After", Without = "Done" } : which => {
    "Publish${which}" = {
      Type         = "Map"
      ItemsPath    = which == "" ? "$.tell.topics" : "$.topics"
      ItemSelector = { "message.$" = which == "" ? "$.tell.message" : "$.message", "subject.$" = which == "" ? "$.tell.subject" : "$.subject", "topic.$" = "$$.Map.Item.Value" }
      ItemProcessor = {
        StartAt = "Send${which}"
        States = {
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
        }
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
      Parameters = { config = { for part in keys(local.settings) : "${part}.$" => "$.config.${part}" }, "detail.$" = "$.detail", "slice" = local.slices.late, stage = local.stages.late, "time.$" = "$.time", "told.$" = "$.found.records[0:300]" }
      Next       = "Begin"
    }
  }
}
