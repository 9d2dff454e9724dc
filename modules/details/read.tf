# Of each call of a page: a text that is the same for all calls of a group, and a record of three words. What was told
# before is left out.
#
# A state has 256 KiB. So a call whose own words are too long is told without them: a page on which there is one is read
# once more, each call for itself.

locals {
  record = "States.Format('{} {} {}', $.call.eventTime, $.call.eventID, $.call.awsRegion)"

  # A state that holds the caller's words so many times takes 2,600 bytes of them: a batch of twenty ARNs, and a page of such
  # calls beside a thousand that are kept.
  copies = 100

  # Who, Text and Record of one call; what follows on the record's state.
  read_states = { for which in ["", "Each", "Brief"] : which => {
    "Who${which}" = {
      Type = "Pass"
      Parameters = merge(
        { "reader.$" = "States.JsonMerge($.reader, $.call.userIdentity, false)" },
        { for word in ["errorCode", "requestParameters", "sourceIPAddress", "userAgent"] : word => { for copy in range(local.copies) : "${copy}.$" => "$.call.${word}" } if which != "Brief" },
      )
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
        "known.$"  = "States.ArrayContains($.known, $.group.text)"
        "told.$"   = "States.ArrayContains($.told, ${local.record})"
      }
      End = true
    }
  } }

  read_map = {
    Type      = "Map"
    ItemsPath = "$.page.messages"
    ItemSelector = {
      "call.$"   = "States.JsonMerge($.config.defaults, States.StringToJson($$.Map.Item.Value), false)"
      "reader.$" = "$.config.reader"
      "brief.$"  = "$.config.brief"
      "known.$"  = "$.found.texts"
      "told.$"   = "$.told"
    }
    ResultPath = "$.page.messages"
  }

  read_maps = {
    Read = merge(local.read_map, {
      ItemProcessor = { StartAt = "Who", States = local.read_states[""] }
      Catch         = [{ ErrorEquals = ["States.DataLimitExceeded"], Next = "ReadEach", ResultPath = null }]
      Next          = "Once"
    })
    Once = { Type = "Pass", Parameters = { "size.$" = "States.ArrayLength($.page.messages)" }, ResultPath = "$.weight", Next = "Fresh" }
    ReadEach = merge(local.read_map, {
      ItemProcessor = {
        StartAt = "Try"
        States = merge({
          Try = {
            Type       = "Parallel"
            Branches   = [{ StartAt = "WhoEach", States = local.read_states["Each"] }]
            OutputPath = "$[0]"
            Catch      = [{ ErrorEquals = ["States.DataLimitExceeded"], Next = "Shorten", ResultPath = null }]
            End        = true
          }
          Shorten = {
            Type       = "Pass"
            Parameters = { "value.$" = "States.JsonMerge($.call, $.brief, false)" }
            ResultPath = "$.shorter"
            Next       = "Shortened"
          }
          Shortened = { Type = "Pass", InputPath = "$.shorter.value", ResultPath = "$.call", Next = "WhoBrief" }
        }, local.read_states["Brief"])
      }
      Next = "Twofold"
    })
    # It takes the history twice as much.
    Twofold = {
      Type       = "Pass"
      Parameters = { "size.$" = "States.MathAdd(States.ArrayLength($.page.messages), States.ArrayLength($.page.messages))" }
      ResultPath = "$.weight"
      Next       = "Fresh"
    }
  }
}
