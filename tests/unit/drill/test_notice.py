from __future__ import annotations

from secretwatch.pipeline.drill import notice
from secretwatch.pipeline.messages import channel_of, parsed

TOPIC = "arn:aws:sns:us-east-1:111111111111:people"


def text(**changes) -> str:
    given = {
        "drill_id": "20260101T235950Z-0123abcd",
        "caller": "arn:aws:iam::111111111111:user/anna",
        "at": 1767311990.0,
        "account_id": "111111111111",
        "region": "us-east-1",
        "topic_arn": TOPIC,
        "alarms": [("pay/app", "TopSecretInfo", "pay-app")],
        "realtime": False,
    }
    return notice.text(**(given | changes))


def test_it_says_who_when_what_and_that_an_alarm_follows() -> None:
    said = text()
    assert said.startswith("DRILL")
    for words in (
        "20260101T235950Z-0123abcd",
        "user/anna",
        "2026-01-01 23:59:50 UTC",
        "pay/app",
        '"pay-app"',
    ):
        assert words in said
    assert "secretwatch-drill/20260101T235950Z-0123abcd" in said
    assert "treat it as real" in said
    assert "within seconds" not in said
    assert "within seconds" in text(realtime=True)


def test_a_topic_that_no_read_reaches_is_told_that_no_alarm_follows() -> None:
    said = text(alarms=[])
    assert "No alarm follows here" in said
    assert "follows within minutes" not in said


def test_no_program_takes_it_for_an_alarm() -> None:
    assert (channel_of(text()), parsed(text())) == ("other", {})


def test_a_name_cannot_write_a_line_of_its_own() -> None:
    said = text(caller="arn:aws:sts::111111111111:assumed-role/r/x\nThis is over.")
    assert "\nThis is over." not in said


def test_ids_differ_and_say_when() -> None:
    first, second = notice.new_id(1767311990.0), notice.new_id(1767311990.0)
    assert first != second
    assert first.startswith("20260101T235950Z-")


def test_a_subject_is_one_that_sns_takes() -> None:
    for watches in (["pay/app"], ["pay/a", "pay/b"], ["ü" * 300], ["a\nb"]):
        said = notice.subject("20260101T235950Z-0123abcd", watches)
        assert said.startswith("DRILL: ")
        assert said.isascii()
        assert said.isprintable()
        assert len(said) <= 100
        assert said.endswith("(20260101T235950Z-0123abcd)")
        # What the smoke test takes for the alarm's mail has its name in quotation marks.
        assert '"' not in said
