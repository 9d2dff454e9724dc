# Times. FilterLogEvents wants milliseconds since 1970, events have dates, and no intrinsic function makes the one of the
# other: tables do. States.MathAdd adds whole numbers of 32 bits, so times are added in tens of seconds, and what is left of
# one is written behind the sum, digit by digit.
#
# Time is cut into slices that have no event in common, and leave out none, without anything being stored: what arrived until
# the alarm rang is told at once; what came until `late` seconds after that, in a second message; the rest when it ends. All
# of them are known from the two times of the alarm's own event.

locals {
  # How much later than an event in the log group its metric may be counted. Until so long before its end an alarm's events
  # are its own, what comes after is the next alarm's. An alarm lasts longer than it looks back.
  settled = var.alarm.seconds < 300 ? 60 : 120

  # The second message: after ten minutes at most, but before an alarm can have ended.
  late = max(0, min(600, 10 * floor((var.alarm.seconds - local.settled - 60) / 10)))

  # The first time: what the alarm looks back, and a quarter of an hour that delivery and counting may take.
  before = ceil((var.alarm.seconds + 900) / 10)

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

  # at: the change of the state that this execution is about. since: the change before that.
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
        "before.$" = "States.MathAdd($.sum.at, ${- local.before})"
        "ended.$"  = "States.MathAdd($.sum.since, ${- local.settled / 10})"
        "told.$"   = "States.MathAdd($.sum.since, ${local.late / 10})"
        "until.$"  = "States.MathAdd($.sum.at, ${- local.settled / 10})"
        "late.$"   = "States.MathAdd($.sum.at, ${local.late / 10})"
      }
      ResultPath = "$.bound"
      Next       = "Which"
    }
    Which = {
      Type = "Choice"
      Choices = [
        # Another state than ALARM: it has ended, and what was not told until then is.
        { And = [{ Not = { Variable = "$.detail.state.value", StringEquals = "ALARM" } }, { Variable = "$.bound.told", NumericLessThanPath = "$.bound.until" }], Next = "Ended" },
        { Not = { Variable = "$.detail.state.value", StringEquals = "ALARM" }, Next = "Nothing" },
        { Variable = "$.bound.before", NumericLessThanPath = "$.bound.ended", Next = "SinceTheLast" },
      ]
      Default = "Rang"
    }
    Rang         = { Type = "Pass", Parameters = local.slices.rang, ResultPath = "$.slice", Next = "First" }
    SinceTheLast = { Type = "Pass", Parameters = local.slices.again, ResultPath = "$.slice", Next = "First" }
    First        = merge({ Type = "Pass", ResultPath = "$.stage", Next = "Untold" }, local.stage_of.first)
    Ended        = { Type = "Pass", Parameters = local.slices.ended, ResultPath = "$.slice", Next = "Last" }
    Last         = merge({ Type = "Pass", ResultPath = "$.stage", Next = "Untold" }, local.stage_of.last)
    Untold       = { Type = "Pass", Parameters = merge(local.kept, { "slice.$" = "$.slice", told = [] }), Next = "Begin" }
  }

  # First and last millisecond.
  slices = { for name, ends in {
    rang  = { start = ["bound.before", "at"], end = ["sum.at", "at"] }
    again = { start = ["bound.ended", "since"], end = ["sum.at", "at"] }
    late  = { start = ["sum.at", "at"], end = ["bound.late", "at"] }
    ended = { start = ["bound.told", "since"], end = ["bound.until", "at"] }
  } : name => { for end, of in ends : "${end}.$" => "States.StringToJson(States.Format('{}{}', $.${of[0]}, $.look.${of[1]}.rest))" } }
}
