# From what was read to lines: ten groups, each with its count, its first and its last call. Of what a page holds first those
# that are none of a group yet make new groups, as long as there are slots; then each call goes where its text does.

locals {
  collect_states = {
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
    # What is kept stands in a state twice at most.
    Both = {
      Type = "Pass"
      Parameters = merge(
        { for list in concat(local.letters, ["others"]) : "${list}.$" => "States.Array($.found.${list}, $.page.${list})" },
        {
          "calls.$"     = "States.MathAdd($.found.calls, $.page.size)"
          "counted.$"   = "$.found.counted"
          "spent.$"     = "States.MathAdd(States.MathAdd($.found.spent, 3), $.weight.size)"
          "texts.$"     = "$.new.texts"
          "uncounted.$" = "$.found.uncounted"
        },
      )
      ResultPath = "$.found"
      Next       = "Keep"
    }
    Keep = {
      Type = "Pass"
      Parameters = merge(
        { for list in concat(local.letters, ["others"]) : "${list}.$" => "$.found.${list}[*][*]" },
        { for field in ["calls", "counted", "spent", "texts", "uncounted"] : "${field}.$" => "$.found.${field}" },
      )
      ResultPath = "$.found"
      Next       = "Sorted"
    }
    Sorted = { Type = "Pass", Parameters = { "next.$" = "$.page.next" }, ResultPath = "$.page", Next = "Enough" }
  }

  group_states = merge(local.collect_states, {
    # From here on each state drops what the ones after it do not need.
    Gather = {
      Type = "Pass"
      Parameters = merge(local.kept, {
        "found.$" = "$.found"
        # What is told now is known by the next message.
        "told.$" = "States.Array($.earlier, $.told, ${join(", ", [for list in concat(local.letters, ["others"]) : "$.found.${list}"])})"
        names    = { "slots.$" = "States.Array($.found.texts, $.config.slots)" }
      })
      Next = "Known"
    }
    Known = { Type = "Pass", InputPath = "$.told[*][*]", ResultPath = "$.told", Next = "Named" }
    # CloudTrail may deliver an event twice.
    Named = {
      Type       = "Pass"
      Parameters = { "slots.$" = "$.names.slots[*][*]", "others.$" = "States.ArrayUnique($.found.others)" }
      ResultPath = "$.names"
      Next       = "Groups"
    }
    Groups = {
      Type = "Pass"
      Parameters = merge(local.kept, {
        found    = { "counted.$" = "$.found.counted", "uncounted.$" = "$.found.uncounted" }
        groups   = [for index, letter in local.letters : { "text.$" = "$.names.slots[${index}]", "records.$" = "$.found.${letter}" }]
        "told.$" = "$.told"
        total    = { "others.$" = "States.ArrayLength($.names.others)" }
      })
      Next = "Render"
    }
    Render = {
      Type          = "Map"
      ItemsPath     = "$.groups"
      ItemProcessor = { StartAt = "Size", States = local.render_states }
      ResultPath    = "$.groups"
      Next          = "Total"
    }
    Total = {
      Type = "Pass"
      Parameters = {
        "others.$" = "$.total.others"
        "calls.$"  = "${join("", [for index, letter in local.letters : "States.MathAdd($.groups[${index}].count, "])}$.total.others${join("", [for letter in local.letters : ")"])}"
      }
      ResultPath = "$.total"
      Next       = "Complete"
    }
    Complete = {
      Type = "Choice"
      Choices = [
        { Variable = "$.found.counted", NumericGreaterThanEquals = local.counted, Next = "AtLeast" },
        { Variable = "$.found.uncounted", NumericGreaterThan = 0, Next = "AndMore" },
      ]
      Default = "All"
    }
    AtLeast = { Type = "Pass", Parameters = { "text.$" = "States.Format('${local.text.at_least}', $.found.uncounted)" }, ResultPath = "$.more", Next = "Compose" }
    AndMore = { Type = "Pass", Parameters = { "text.$" = "States.Format('${local.text.more}', $.found.uncounted)" }, ResultPath = "$.more", Next = "Compose" }
    All     = { Type = "Pass", Result = { text = "" }, ResultPath = "$.more", Next = "Compose" }
    Compose = {
      Type = "Pass"
      Parameters = merge(local.kept, {
        "told.$" = "$.told"
        tell = merge({
          "message.$" = "States.Format('${local.text.message}', $.stage.head, ${join(", ", [for index, letter in local.letters : "$.groups[${index}].line"])}, $.total.calls, $.total.others, $.more.text, $.time)"
          "subject.$" = "$.stage.subject"
          "topics.$"  = "$.config.topics"
        }, local.posts.found)
      })
      Next = "Publish"
    }
  })

  render_states = {
    Size = {
      Type    = "Choice"
      Choices = [{ Variable = "$.records[0]", IsPresent = true, Next = "OfEach" }]
      Default = "None"
    }
    None = { Type = "Pass", Result = merge({ count = 0, line = "" }, { for name in ["post"] : name => "" if local.has_chat }), End = true }
    OfEach = {
      Type       = "Pass"
      Parameters = { "text.$" = "$.text", "records.$" = "States.ArrayUnique($.records)" }
      Next       = "Ends"
    }
    Ends = {
      Type = "Pass"
      Parameters = {
        "text.$"  = "$.text"
        "count.$" = "States.ArrayLength($.records)"
        "first.$" = "States.StringSplit($.records[0], ' ')"
        "last.$"  = "States.StringSplit(States.ArrayGetItem($.records, States.MathAdd(States.ArrayLength($.records), -1)), ' ')"
      }
      Next = "OneOrMany"
    }
    OneOrMany = {
      Type    = "Choice"
      Choices = [{ Variable = "$.count", NumericEquals = 1, Next = "One" }]
      Default = "Many"
    }
    One = {
      Type = "Pass"
      Parameters = merge(
        { "count.$" = "$.count", "line.$" = "States.Format('${local.text.one}', $.text, $.first[0], $.first[2], $.first[1])" },
        { for name in ["post.$"] : name => "States.Format('${local.chat_text.one}', $.first[0], $.first[2], $.first[1])" if local.has_chat },
      )
      End = true
    }
    Many = {
      Type = "Pass"
      Parameters = merge(
        { "count.$" = "$.count", "line.$" = "States.Format('${local.text.many}', $.text, $.count, $.first[0], $.first[2], $.first[1], $.last[0], $.last[2], $.last[1])" },
        { for name in ["post.$"] : name => "States.Format('${local.chat_text.many}', $.count, $.first[0], $.last[0], $.first[2], $.first[1])" if local.has_chat },
      )
      End = true
    }
  }
}
