# Times. FilterLogEvents wants milliseconds since 1970, events have dates, and no intrinsic function makes the one of the
# other: tables do. States.MathAdd adds whole numbers of 32 bits, so times are added in tens of seconds, and what is left of
# one is written behind the sum, digit by digit.
#
# Time is cut into slices that have no event in common, and leave out none, without anything being stored. With the alarm
# from A to Z: what arrived until A is told at once; what came until A and ten minutes, or until Z if that is sooner, in a
# second message; what came after those ten minutes until Z, once it has ended. The next alarm begins with Z. A and Z stand
# in the alarm's own events; whether there is a Z within ten minutes the alarm's history says (definition.tf).
# CloudTrail may deliver an event in two slices. So whoever tells of a slice looks first what the quarter of an hour
# before it held: all of that was told.

locals {
  # Until when the second message tells, and how long what has arrived may not be found yet, in seconds.
  late = 600
  lag  = 30

  # How much later than an event in the log group its metric may be counted: an alarm may ring for what came before the end
  # of the one before.
  settled = 120

  # The first time: what the alarm looks back, and a quarter of an hour that delivery and counting may take.
  quarter = 90
  before  = ceil(var.alarm.seconds / 10) + local.quarter

  first_year = 2025
  years      = range(local.first_year, local.first_year + 75)

  # Of each year and month, the tens of seconds from 1970 to its first day.
  months = [for year in local.years : [
    for month, days in [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] :
    8640 * (365 * (year - 1970) + floor((year - 1969) / 4) + days + (month > 1 && year % 4 == 0 ? 1 : 0))
  ]]

  tables = {
    months  = local.months
    days    = [for day in range(31) : 8640 * day]
    hours   = [for hour in range(24) : 360 * hour]
    minutes = [for minute in range(60) : 6 * minute]
    tens    = [for second in range(60) : floor(second / 10)]
    ones    = [for second in range(60) : second % 10]
  }

  # at: the change of the state that is told of. since: the change before that.
  instants = { at = "state", since = "previousState" }

  # A leading zero is no JSON: 08 becomes 108.
  number = { month = 101, day = 101, hour = 100, minute = 100, second = 100 }
  place  = { year = 0, month = 1, day = 2, hour = 3, minute = 4, second = 5 }

  clock_states = {
    Start = {
      Type = "Pass"
      Parameters = merge(local.settings, {
        tables = { for name, table in local.tables : "${name}.$" => "States.StringToJson('${jsonencode(table)}')" }
      })
      ResultPath = "$.config"
      Next       = "Split"
    }
    # 2019-10-02T17:04:40.985+0000
    Split = {
      Type       = "Pass"
      Parameters = { for name, state in local.instants : "${name}.$" => "States.StringSplit($.detail.${state}.timestamp, '-T:.+')" }
      ResultPath = "$.split"
      Next       = "Count"
    }
    Count = {
      Type = "Pass"
      Parameters = { for name in keys(local.instants) : name => merge(
        { "year.$" = "States.MathAdd(States.StringToJson($.split.${name}[0]), ${- local.first_year})" },
        { for part, minus in local.number : "${part}.$" => "States.MathAdd(States.StringToJson(States.Format('1{}', $.split.${name}[${local.place[part]}])), ${- minus})" },
      ) }
      ResultPath = "$.count"
      Next       = "Look"
    }
    Look = {
      Type = "Pass"
      Parameters = { for name in keys(local.instants) : name => {
        "date.$" = "States.MathAdd(States.ArrayGetItem(States.ArrayGetItem($.config.tables.months, $.count.${name}.year), $.count.${name}.month), States.ArrayGetItem($.config.tables.days, $.count.${name}.day))"
        "hour.$" = "States.MathAdd(States.ArrayGetItem($.config.tables.hours, $.count.${name}.hour), States.ArrayGetItem($.config.tables.minutes, $.count.${name}.minute))"
        "tens.$" = "States.ArrayGetItem($.config.tables.tens, $.count.${name}.second)"
        "rest.$" = "States.Format('{}{}', States.ArrayGetItem($.config.tables.ones, $.count.${name}.second), $.split.${name}[6])"
      } }
      ResultPath = "$.look"
      Next       = "Add"
    }
    Add = {
      Type       = "Pass"
      Parameters = { for name in keys(local.instants) : "${name}.$" => "States.MathAdd(States.MathAdd($.look.${name}.date, $.look.${name}.hour), $.look.${name}.tens)" }
      ResultPath = "$.sum"
      Next       = "Bounds"
    }
    Bounds = {
      Type = "Pass"
      Parameters = {
        "before.$"  = "States.MathAdd($.sum.at, ${- local.before})"
        "back.$"    = "States.MathAdd($.sum.since, ${- local.quarter})"
        "counted.$" = "States.MathAdd($.sum.since, ${- local.settled / 10})"
        "found.$"   = "States.MathAdd($.sum.since, ${- 2 * local.lag / 10})"
        "late.$"    = "States.MathAdd($.sum.since, ${local.late / 10})"
        "known.$"   = "States.MathAdd($.sum.since, ${local.late / 10 - local.quarter})"
      }
      ResultPath = "$.bound"
      Next       = "Which"
    }
    Which = {
      Type = "Choice"
      Choices = [
        { And = [{ Variable = "$.second", IsPresent = true }, { Variable = "$.bound.late", NumericLessThanPath = "$.sum.at" }], Next = "Late" },
        { Variable = "$.second", IsPresent = true, Next = "LateOfAShortOne" },
        # Another state than ALARM: it has ended, and what the second message does not tell is told now.
        { And = [{ Not = { Variable = "$.detail.state.value", StringEquals = "ALARM" } }, { Variable = "$.bound.late", NumericLessThanPath = "$.sum.at" }], Next = "Settle" },
        { Not = { Variable = "$.detail.state.value", StringEquals = "ALARM" }, Next = "Nothing" },
        { Variable = "$.bound.before", NumericLessThanPath = "$.sum.since", Next = "SinceTheLast" },
      ]
      Default = "Rang"
    }
    Rang            = { Type = "Pass", Parameters = local.slices.rang, ResultPath = "$.slice", Next = "First" }
    First           = merge({ Type = "Pass", ResultPath = "$.stage", Next = "Untold" }, local.stage_of.first)
    SinceTheLast    = { Type = "Pass", Parameters = local.slices.again, ResultPath = "$.slice", Next = "FirstAgain" }
    FirstAgain      = merge({ Type = "Pass", ResultPath = "$.stage", Next = "Untold" }, local.stage_of.again)
    Settle          = { Type = "Wait", Seconds = local.lag, Next = "Ended" }
    Ended           = { Type = "Pass", Parameters = local.slices.ended, ResultPath = "$.slice", Next = "Last" }
    Last            = merge({ Type = "Pass", ResultPath = "$.stage", Next = "Untold" }, local.stage_of.last)
    Late            = { Type = "Pass", Parameters = local.slices.late, ResultPath = "$.slice", Next = "More" }
    LateOfAShortOne = { Type = "Pass", Parameters = local.slices.short, ResultPath = "$.slice", Next = "More" }
    More            = merge({ Type = "Pass", ResultPath = "$.stage", Next = "Told" }, local.stage_of.late)
    Told            = { Type = "Pass", Parameters = merge(local.kept, { earlier = [], "told.$" = "$.second" }), Next = "VeryMany" }
    # Of very many calls none is read once more.
    VeryMany = {
      Type    = "Choice"
      Choices = [{ Variable = "$.told[100]", IsPresent = true, Next = "FromThen" }]
      Default = "Begin"
    }
    FromThen = { Type = "Pass", InputPath = "$.slice.then", ResultPath = "$.slice.start", Next = "Begin" }
    Untold   = { Type = "Pass", Parameters = merge(local.kept, { earlier = [], told = [] }), Next = "Recalls" }
    Recalls = {
      Type    = "Choice"
      Choices = [{ Variable = "$.stage.recalls", BooleanEquals = true, Next = "BeginToRecall" }]
      Default = "Begin"
    }
  }

  # First and last millisecond. back to start: what was told before. then: when the first
  # message was told; what came just before may not have been found yet. wider: for an alarm that rings for nothing new.
  slices = { for name, ends in {
    rang  = { start = ["bound.before", "at"], end = ["sum.at", "at"] }
    again = { start = ["sum.since", "since"], end = ["sum.at", "at"], back = ["bound.back", "since"], wider = ["bound.counted", "since"] }
    late  = { start = ["bound.found", "since"], then = ["sum.since", "since"], end = ["bound.late", "since"] }
    short = { start = ["bound.found", "since"], then = ["sum.since", "since"], end = ["sum.at", "at"] }
    ended = { start = ["bound.late", "since"], end = ["sum.at", "at"], back = ["bound.known", "since"] }
  } : name => { for end, of in ends : "${end}.$" => "States.StringToJson(States.Format('{}{}', $.${of[0]}, $.look.${of[1]}.rest))" } }
}
