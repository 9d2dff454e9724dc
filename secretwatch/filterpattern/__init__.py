"""CloudWatch Logs filter patterns: text → pattern → does this message match.

All of the language: terms, JSON and space-delimited patterns, regular expressions; what AWS refuses is
refused with the place and the reason. Pure: no AWS, no file, no clock. What a metric filter then does with
a match (default values, dimensions, units, the limits of a log group) does not stand here.

    pattern = FilterPattern.parse('{ $.eventName = "GetSecretValue" && $.errorCode NOT EXISTS }')
    pattern.matches(message)            # the message as text
    pattern.matches_event(event)        # already parsed
    pattern.extract(message)            # {"$.eventName": "GetSecretValue"}
    pattern.value_of(Selector.parse("$.latency"), message)   # a metric filter's value or dimension

Follows https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html, and where that
is silent what was observed. Where neither decides, or the page's versions disagree, this room decides:

- the limit of 1,024 counts characters;
- an empty `{}`, an unclosed quotation mark, keywords in small letters and `$[0]` at the root are refused;
- `IS NULL` is false on a missing field (the page of 2021: only where it is set to null);
- `$.flag = true` never matches a boolean: only text and numbers satisfy = and !=, so write `$.flag IS
  TRUE`;
- an unquoted number and a JSON text of digits: unequal, as a text is to any number (observed: != matches
  a text), and neither equal, less nor more: quote account numbers;
- `*` inside a text stands for anything (the page of 2021 has it as itself there; what is observed of `*`
  disagrees);
- a message that is not one JSON object matches no JSON pattern, not even NOT EXISTS;
- with a wildcard selector one value that satisfies the condition is enough, also for !=; NOT EXISTS wants
  none;
- only letters, digits, `_`, `.` and `*` stand unquoted in a value, only letters, digits and `_` in a term;
- a regular expression stands alone in a pattern of terms;
- a message with more words than the pattern has fields: see `fields`.

The page for users is docs/filter-patterns.md.
"""

from secretwatch.filterpattern.errors import InvalidFilterPattern
from secretwatch.filterpattern.pattern import MAX_LENGTH, Explanation, FilterPattern, Kind, metric_value
from secretwatch.filterpattern.selector import Selector

__all__ = [
    "MAX_LENGTH",
    "Explanation",
    "FilterPattern",
    "InvalidFilterPattern",
    "Kind",
    "Selector",
    "metric_value",
]
