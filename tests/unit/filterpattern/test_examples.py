"""Events made from a pattern: they match it, and variations tell patterns apart that mean something else."""

from __future__ import annotations

import random

import pytest

from secretwatch.filterpattern import FilterPattern
from secretwatch.filterpattern.examples import examples, texts, variations

PATTERNS = [
    '{ $.eventName = "GetSecretValue" }',
    '{ ($.eventName = "A" || $.eventName = "B") && $.errorCode NOT EXISTS }',
    '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "x" }',
    "{ $.requestParameters.secretId = %^app$|:secret:app-[a-zA-Z0-9]{6}$% }",
    '{ $.requestParameters.names[*] = "x*" && $.count > 3 && $.done IS FALSE }',
    '{ ($.eventSource = "iam.amazonaws.com") && (($.eventName = "Put*") || ($.eventName = "Del*Policy")) }',
    "{ $.list[0] = 1 && $.list[1] NOT EXISTS && $.nothing IS NULL }",
]


def fields(count: int, dice: random.Random) -> str:
    """A pattern of so many conditions, joined at random."""
    parts = [
        dice.choice(
            [
                f'$.f{dice.randrange(6)} = "v{dice.randrange(4)}"',
                f"$.f{dice.randrange(6)} NOT EXISTS",
                f'$.f{dice.randrange(6)} != "v{dice.randrange(4)}"',
                f"$.n{dice.randrange(3)} >= {dice.randrange(9)}",
                f'$.o.p{dice.randrange(3)} = "*-{dice.randrange(3)}"',
            ]
        )
        for _ in range(count)
    ]
    while len(parts) > 1:
        left, right = parts.pop(), parts.pop()
        parts.insert(0, f"({left} {dice.choice(['&&', '||'])} {right})")
    return f"{{ {parts[0]} }}"


@pytest.mark.parametrize("text", PATTERNS)
def test_examples_match(text: str) -> None:
    pattern = FilterPattern.parse(text)
    found = examples(pattern)
    assert found
    assert all(pattern.matches_event(each) for each in found)


def test_each_alternative_has_its_example() -> None:
    found = examples(FilterPattern.parse(PATTERNS[1]))
    assert {each["eventName"] for each in found} == {"A", "B"}


def test_what_it_is_given_besides_stays() -> None:
    (found,) = examples(FilterPattern.parse(PATTERNS[0]), {"eventName": "other", "awsRegion": "eu-west-1"})
    assert found == {"eventName": "GetSecretValue", "awsRegion": "eu-west-1"}


def test_generated_patterns_have_examples() -> None:
    dice = random.Random()
    made = [FilterPattern.parse(fields(dice.randint(1, 7), dice)) for _ in range(300)]
    for pattern in made:
        assert all(pattern.matches_event(each) for each in examples(pattern)), pattern
    # Some contradict themselves.
    assert sum(bool(examples(pattern)) for pattern in made) > 200


@pytest.mark.parametrize(
    "condition",
    ['$.userAgent != "*aws-cli*"', '$.userIdentity.arn = "nobody"', "$.sourceIPAddress NOT EXISTS"],
)
@pytest.mark.parametrize("text", PATTERNS)
def test_a_narrowed_pattern_is_told_apart(text: str, condition: str) -> None:
    wide = FilterPattern.parse(text)
    narrow = FilterPattern.parse(f"{{ ({text[1:-1]}) && ({condition}) }}")
    base = {
        "userAgent": "Boto3",
        "userIdentity": {"type": "Root", "arn": "a"},
        "sourceIPAddress": "192.0.2.1",
    }
    tried = [
        changed for event in examples(wide, base) for changed in (event, *variations(event, [wide, narrow]))
    ]
    assert any(wide.matches_event(each) != narrow.matches_event(each) for each in tried)


def told_apart(one: str, other: str) -> bool:
    patterns = [FilterPattern.parse(one), FilterPattern.parse(other)]
    tried = [
        changed
        for pattern in patterns
        for event in examples(pattern)
        for changed in (event, *variations(event, patterns))
    ]
    return any(patterns[0].matches_event(each) != patterns[1].matches_event(each) for each in tried)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Two texts with * of one field hold together in an ARN alone.
        (
            '{ $.e = "Get" && ($.id = "prod/*" || ($.id = "*:1:secret:*" && $.id = "*secret:prod/*")) }',
            '{ $.e = "Get" && $.id = "prod/*" }',
        ),
        # Only where nothing else is enough does an error code decide.
        (
            '{ $.e = "Get" && ($.code = "*Denied*" || $.arn NOT EXISTS || $.arn != "role/app") }',
            '{ $.e = "Get" && ($.code = "Denied*" || $.arn NOT EXISTS || $.arn != "role/app") }',
        ),
        # A batch has its secret at any place.
        ('{ $.ids[*] = "app" }', '{ $.ids[0] = "app" }'),
    ],
    ids=["joined texts", "an alternative to two others", "places of a list"],
)
def test_an_alternative_that_is_left_out_is_told_apart(one: str, other: str) -> None:
    assert told_apart(one, other)


def test_the_same_in_other_words_is_not() -> None:
    one = FilterPattern.parse('{ $.eventName = "A" && ($.errorCode NOT EXISTS || $.x = "1") }')
    other = FilterPattern.parse('{ ($.x = "1" || $.errorCode NOT EXISTS) && ($.eventName = "A") }')
    events = [*examples(one), *examples(other)]
    tried = [changed for event in events for changed in (event, *variations(event, [one, other]))]
    assert all(one.matches_event(each) == other.matches_event(each) for each in tried)


@pytest.mark.parametrize("text", ["ERROR", 'ERROR "not found" -retry', "?ERROR ?WARN", "%exit code [0-9]+%"])
def test_terms_have_a_text(text: str) -> None:
    pattern = FilterPattern.parse(text)
    (message,) = texts(pattern)
    assert pattern.matches(message)
