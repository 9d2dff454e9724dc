# Look up what a slice of time holds, pattern by pattern and page by page: first what was told before, if there can be
# anything, then what is to be told. Beyond what the history of an execution has room for, pages are counted and not read.

locals {
  page = 40
  few  = 3

  # In units of twelve events of the history: a call takes one, a page three, one on which nothing is found one.
  # An execution that tells twice has both, what it recalls, and twice as many pages that are only counted: within 25,000.
  most     = { first = 1085, late = 350 }
  recalled = 220
  counted  = 40

  retry = { IntervalSeconds = 2, MaxAttempts = 5, BackoffRate = 2 }

  search = {
    Type     = "Task"
    Resource = "arn:${var.account.partition}:states:::aws-sdk:cloudwatchlogs:filterLogEvents"
    # An answer has 256 KiB at the most, as a state has.
    ResultSelector = { "messages.$" = "$.Events[*].Message", "next.$" = "$..NextToken" }
    ResultPath     = "$.page"
    # An error that FilterLogEvents does not declare, as throttling, has the service's name.
    Retry = [merge(local.retry, { ErrorEquals = [
      "CloudWatchLogs.CloudWatchLogsException", "CloudWatchLogs.SdkClientException", "CloudWatchLogs.ServiceUnavailableException", "CloudWatchLogs.ThrottlingException",
    ] })]
    Next = "Page"
  }
  search_parameters = {
    "EndTime.$"       = "$.span.end"
    "FilterPattern.$" = "$.pattern.text"
    LogGroupName      = var.log_group.name
    "StartTime.$"     = "$.span.start"
  }
  begin = {
    Type       = "Pass"
    Parameters = { "start.$" = "$.slice.start", "end.$" = "$.slice.end", "most.$" = "$.stage.most", recall = false }
    ResultPath = "$.span"
  }
  nothing_found = merge({ calls = 0, counted = 0, others = [], spent = 0, texts = [], uncounted = 0 }, { for letter in local.letters : letter => [] })

  # What is found is kept; counters are as they are, but for these.
  count_on = { for name, changes in {
    counted  = { "counted.$" = "States.MathAdd($.found.counted, 1)", "uncounted.$" = "States.MathAdd($.found.uncounted, States.ArrayLength($.page.messages))" }
    recalled = { "spent.$" = "States.MathAdd(States.MathAdd($.found.spent, 1), States.ArrayLength($.page.messages))" }
    empty    = { "spent.$" = "States.MathAdd($.found.spent, 1)" }
  } : name => merge({ for field in keys(local.nothing_found) : "${field}.$" => "$.found.${field}" }, changes) }

  search_states = {
    BeginToRecall = {
      Type       = "Pass"
      Parameters = { "start.$" = "$.slice.back", "end.$" = "$.slice.start", most = local.recalled, recall = true }
      ResultPath = "$.span"
      Next       = "Clear"
    }
    Begin   = merge(local.begin, { Next = "Clear" })
    Clear   = { Type = "Pass", Result = local.nothing_found, ResultPath = "$.found", Next = "Restart" }
    Restart = { Type = "Pass", Result = { number = -1 }, ResultPath = "$.pattern", Next = "Patterns" }

    # Of up to a hundred patterns a state keeps one.
    Patterns = {
      Type       = "Pass"
      Parameters = { patterns = var.filter_patterns, "number.$" = "States.MathAdd($.pattern.number, 1)" }
      ResultPath = "$.pattern"
      Next       = "Pattern"
    }
    Pattern = {
      Type       = "Pass"
      Parameters = { "text.$" = "States.ArrayGetItem($.pattern.patterns, $.pattern.number)", "number.$" = "$.pattern.number" }
      ResultPath = "$.pattern"
      Next       = "Search"
    }

    # A page of few events where forty are too much for a state. One event may be that by itself: then there are no details.
    Search = merge(local.search, {
      Parameters = merge(local.search_parameters, { Limit = local.page })
      Catch      = [{ ErrorEquals = ["States.DataLimitExceeded"], Next = "SearchFew", ResultPath = null }]
    })
    SearchFew = merge(local.search, { Parameters = merge(local.search_parameters, { Limit = local.few }) })
    SearchOn = merge(local.search, {
      Parameters = merge(local.search_parameters, { Limit = local.page, "NextToken.$" = "$.page.next[0]" })
      Catch      = [{ ErrorEquals = ["States.DataLimitExceeded"], Next = "SearchFewOn", ResultPath = null }]
    })
    SearchFewOn = merge(local.search, { Parameters = merge(local.search_parameters, { Limit = local.few, "NextToken.$" = "$.page.next[0]" }) })

    Page = {
      Type = "Choice"
      Choices = [
        { And = [{ Variable = "$.span.recall", BooleanEquals = false }, { Variable = "$.found.spent", NumericGreaterThanEqualsPath = "$.span.most" }], Next = "CountOnly" },
        { Not = { Variable = "$.page.messages[0]", IsPresent = true }, Next = "Empty" },
        { Variable = "$.span.recall", BooleanEquals = true, Next = "Recall" },
      ]
      Default = "Read"
    }
    Empty     = { Type = "Pass", Parameters = local.count_on.empty, ResultPath = "$.found", Next = "Enough" }
    CountOnly = { Type = "Pass", Parameters = local.count_on.counted, ResultPath = "$.found", Next = "Enough" }

    Recall = {
      Type      = "Map"
      ItemsPath = "$.page.messages"
      ItemSelector = {
        "call.$" = "States.JsonMerge($.config.defaults, States.StringToJson($$.Map.Item.Value), false)"
      }
      ItemProcessor  = { StartAt = "Recalled", States = { Recalled = { Type = "Pass", Parameters = { "record.$" = local.record }, End = true } } }
      ResultSelector = { "told.$" = "$[*].record" }
      ResultPath     = "$.recalled"
      Next           = "Recollect"
    }
    Recollect = {
      Type       = "Pass"
      Parameters = { "told.$" = "States.Array($.told, $.recalled.told)" }
      ResultPath = "$.recalled"
      Next       = "Recollected"
    }
    Recollected = { Type = "Pass", InputPath = "$.recalled.told[*][*]", ResultPath = "$.told", Next = "Spent" }
    Spent       = { Type = "Pass", Parameters = local.count_on.recalled, ResultPath = "$.found", Next = "Enough" }

    Enough = {
      Type = "Choice"
      Choices = [
        { And = [{ Variable = "$.span.recall", BooleanEquals = true }, { Variable = "$.found.spent", NumericGreaterThanEqualsPath = "$.span.most" }], Next = "Begin" },
        { Variable = "$.found.counted", NumericGreaterThanEquals = local.counted, Next = "Any" },
        { Variable = "$.page.next[0]", IsPresent = true, Next = "SearchOn" },
        { Variable = "$.pattern.number", NumericLessThan = length(var.filter_patterns) - 1, Next = "Patterns" },
        { Variable = "$.span.recall", BooleanEquals = true, Next = "Begin" },
      ]
      Default = "Any"
    }
    Any = {
      Type = "Choice"
      Choices = [
        { Variable = "$.found.calls", NumericGreaterThan = 0, Next = "Gather" },
        { Variable = "$.found.uncounted", NumericGreaterThan = 0, Next = "Gather" },
        # Not searched to its end: that nothing was found says nothing.
        { Variable = "$.found.counted", NumericGreaterThanEquals = local.counted, Next = "Unsearched" },
        { Variable = "$.stage.silent", BooleanEquals = true, Next = "Nothing" },
        { Variable = "$.stage.wide", BooleanEquals = true, Next = "Widen" },
        { Variable = "$.stage.again", BooleanEquals = true, Next = "Patience" },
      ]
      Default = "Nobody"
    }
    # It rings for what arrived just before the end of the one before, or for what CloudTrail delivered once more.
    Widen    = { Type = "Pass", InputPath = "$.slice.wider", ResultPath = "$.slice.start", Next = "Wide" }
    Wide     = merge({ Type = "Pass", ResultPath = "$.stage", Next = "Earlier" }, local.stage_of.wide)
    Earlier  = { Type = "Pass", InputPath = "$.told", ResultPath = "$.earlier", Next = "Forget" }
    Forget   = { Type = "Pass", Result = [], ResultPath = "$.told", Next = "BeginAgain" }
    Patience = { Type = "Wait", Seconds = 60, Next = "OnceMore" }
    OnceMore = { Type = "Pass", Result = false, ResultPath = "$.stage.again", Next = "BeginAgain" }
    # What was spent stays spent.
    BeginAgain = merge(local.begin, { Next = "Restart" })
    Nobody = {
      Type       = "Pass"
      Parameters = merge({ "message.$" = "States.Format('${local.text.nobody}', $.time, States.JsonToString($.detail.state.reason))", "subject.$" = "$.stage.subject", "topics.$" = "$.config.topics" }, local.posts.nobody)
      ResultPath = "$.tell"
      Next       = "Publish"
    }
    Unsearched = {
      Type       = "Pass"
      Parameters = merge({ "message.$" = "States.Format('${local.text.unsearched}', $.time)", "subject.$" = "$.stage.subject", "topics.$" = "$.config.topics" }, local.posts.unsearched)
      ResultPath = "$.tell"
      Next       = "Publish"
    }
    Nothing = { Type = "Pass", End = true }
  }
}
