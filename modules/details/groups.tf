# From what was found to lines: ten groups, each with its count, its first and its last call.

locals {
  group_states = {
    # From here on each state drops what the ones after it do not need.
    Gather = {
      Type       = "Pass"
      Parameters = merge(local.kept, { "found.$" = "$.found", "all.$" = "States.Array(${join(", ", [for list in concat(local.letters, ["others"]) : "$.found.${list}"])})" })
      Next       = "All"
    }
    All = { Type = "Pass", Parameters = { "records.$" = "$.all[*][*]" }, ResultPath = "$.all", Next = "Twice" }
    # CloudTrail may deliver an event twice.
    Twice = {
      Type       = "Pass"
      Parameters = { "calls.$" = "States.ArrayUnique($.all.records)", "others.$" = "States.ArrayUnique($.found.others)", "slots.$" = "States.Array($.found.texts, $.config.slots)" }
      ResultPath = "$.all"
      Next       = "Named"
    }
    Named = {
      Type       = "Pass"
      Parameters = { "calls.$" = "$.all.calls", "others.$" = "States.ArrayLength($.all.others)", "slots.$" = "$.all.slots[*][*]" }
      ResultPath = "$.all"
      Next       = "Groups"
    }
    Groups = {
      Type = "Pass"
      Parameters = merge(local.kept, {
        found  = { "calls.$" = "$.all.calls", "more.$" = "$.found.more", "others.$" = "$.all.others" }
        groups = [for index, letter in local.letters : { "text.$" = "$.all.slots[${index}]", "records.$" = "$.found.${letter}" }]
      })
      Next = "Render"
    }
    Render = {
      Type          = "Map"
      ItemsPath     = "$.groups"
      ItemProcessor = { StartAt = "Size", States = local.render_states }
      ResultPath    = "$.groups"
      Next          = "Compose"
    }
    Compose = {
      Type = "Pass"
      Parameters = merge(local.kept, {
        "found.$" = "$.found"
        tell = merge({
          "message.$" = "States.Format('${local.text.message}', $.stage.head, ${join(", ", [for index, letter in local.letters : "$.groups[${index}].line"])}, States.ArrayLength($.found.calls), $.found.others, $.found.more, $.time)"
          "subject.$" = "$.stage.subject"
          "topics.$"  = "$.config.topics"
        }, local.posts.found)
      })
      Next = "Publish"
    }
  }

  render_states = {
    Size = {
      Type    = "Choice"
      Choices = [{ Variable = "$.records[0]", IsPresent = true, Next = "Once" }]
      Default = "None"
    }
    None = { Type = "Pass", Result = merge({ line = "" }, { for name in ["post"] : name => "" if local.has_chat }), End = true }
    Once = {
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
        { "line.$" = "States.Format('${local.text.one}', $.text, $.first[0], $.first[2], $.first[1])" },
        { for name in ["post.$"] : name => "States.Format('${local.chat_text.one}', $.first[0], $.first[2], $.first[1])" if local.has_chat },
      )
      End = true
    }
    Many = {
      Type = "Pass"
      Parameters = merge(
        { "line.$" = "States.Format('${local.text.many}', $.text, $.count, $.first[0], $.first[2], $.first[1], $.last[0], $.last[2], $.last[1])" },
        { for name in ["post.$"] : name => "States.Format('${local.chat_text.many}', $.count, $.first[0], $.last[0], $.first[2], $.first[1])" if local.has_chat },
      )
      End = true
    }
  }
}
