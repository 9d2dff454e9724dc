"""EventBridge's event patterns: does this event match, and does PutRule take the pattern at all.

Here: the language (`EventPattern.parse`), matching (`EventPattern.matches`), how complex a pattern's
wildcards are (`EventPattern.complexity`, refused above `MOST_COMPLEX`), and its limits. Not here: buses,
rules, states. Pure: no boto3, no clock, no file, no network.

    pattern = EventPattern.parse('{"source": ["aws.secretsmanager"]}')     # raises InvalidEventPattern
    pattern.matches(event)                                                 # the event as a dict

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html,
.../eb-event-patterns-arrays.html and the observed answers of TestEventPattern. EventBridge matches with
https://github.com/aws/event-ruler, whose README decides what those pages leave open: `exists` asks leaves
only, a name with a dot is the same as nesting, fields of objects in an array match in the same object.

Where the sources disagree, what was observed decides: the page has 300 and 300.0 as different numbers,
TestEventPattern as the same.
AWS does not say which complexity is too high: samples that it takes have at most 9, those that it refuses
at least 11; here 10 is taken.
AWS does not say what becomes of a pattern between 2,048 characters (the quota) and 4,096 (what the API
takes): here it is refused with LimitExceededException.
"""

from secretwatch.eventpattern.complexity import MOST_COMPLEX
from secretwatch.eventpattern.errors import InvalidEventPattern
from secretwatch.eventpattern.pattern import MOST_CHARACTERS, EventPattern

__all__ = ["MOST_CHARACTERS", "MOST_COMPLEX", "EventPattern", "InvalidEventPattern"]
