"""From datapoints to the state. In a picture, oldest first: . does not breach, X does, - is missing."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.alarm import AlarmConfig, State, evaluate, next_state

POINTS = {".": 0.0, "X": 5.0, "-": None}


def config(needed, of, treat="missing", **more):
    return AlarmConfig(
        **{
            "statistic": "Sum",
            "period": 60,
            "evaluation_periods": of,
            "datapoints_to_alarm": needed,
            "comparison_operator": "GreaterThanThreshold",
            "threshold": 1.0,
            "treat_missing_data": treat,
            **more,
        }
    )


def state_after(picture, needed, of, treat="missing", state="OK"):
    return evaluate(config(needed, of, treat), [POINTS[sign] for sign in picture], state).state


@pytest.mark.parametrize(
    ("picture", "needed", "of", "state"),
    [
        # As many real points as are evaluated: the newest decide, and the treatment is of no matter.
        ("..X", 1, 1, "ALARM"),
        ("XX.", 1, 1, "OK"),
        ("X.-", 1, 1, "OK"),
        (".X--", 1, 1, "ALARM"),
        ("X..X", 2, 2, "OK"),
        (".XX-X", 3, 3, "ALARM"),
        ("X.XX.", 3, 5, "ALARM"),
        ("X..X.", 3, 5, "OK"),
        ("XX-..-X", 3, 4, "OK"),
        ("-X.X.X-", 3, 5, "ALARM"),
    ],
)
def test_enough_real_points(picture, needed, of, state):
    for treat in ("missing", "ignore", "breaching", "notBreaching"):
        for before in State:
            assert state_after(picture, needed, of, treat, before) == state


KEPT = "kept"


@pytest.mark.parametrize(
    ("picture", "needed", "of", "missing", "ignore", "breaching", "not_breaching"),
    [
        ("---", 1, 1, "INSUFFICIENT_DATA", KEPT, "ALARM", "OK"),
        ("----", 2, 2, "INSUFFICIENT_DATA", KEPT, "ALARM", "OK"),
        ("---.", 2, 2, "OK", "OK", "OK", "OK"),
        ("---.", 1, 2, "OK", "OK", "ALARM", "OK"),
        ("-X--", 1, 2, "ALARM", "ALARM", "ALARM", "ALARM"),
        ("---X", 2, 2, "INSUFFICIENT_DATA", KEPT, "ALARM", "OK"),
        ("--X-", 2, 2, "ALARM", KEPT, "ALARM", "OK"),
        ("X---", 2, 2, "ALARM", KEPT, "ALARM", "OK"),
        ("-----.-", 2, 5, "OK", "OK", "ALARM", "OK"),
        ("X-.----", 3, 5, "OK", "OK", "ALARM", "OK"),
        ("----X-X", 3, 5, "ALARM", KEPT, "ALARM", "OK"),
        ("-----XX", 3, 5, "INSUFFICIENT_DATA", KEPT, "ALARM", "OK"),
        ("---X-XX", 3, 5, "ALARM", "ALARM", "ALARM", "ALARM"),
        ("-.X----", 2, 5, "OK", "OK", "ALARM", "OK"),
        ("-.-X---", 3, 5, "ALARM", "OK", "ALARM", "OK"),
        ("..-X--.", 2, 5, "OK", "OK", "ALARM", "OK"),
    ],
)
def test_too_few_real_points(picture, needed, of, missing, ignore, breaching, not_breaching):
    expected = {"missing": missing, "ignore": ignore, "breaching": breaching, "notBreaching": not_breaching}
    for treat, wanted in expected.items():
        for before in State:
            result = evaluate(config(needed, of, treat), [POINTS[sign] for sign in picture], before)
            assert result.state == (before if wanted == KEPT else wanted), (treat, before)
            assert result.kept is (wanted == KEPT)


PICTURES = st.text(alphabet=".X-", min_size=1, max_size=9)
SETTINGS = st.integers(1, 5).flatmap(lambda of: st.tuples(st.integers(1, of), st.just(of)))
TREATMENTS = st.sampled_from(["missing", "ignore", "breaching", "notBreaching"])


def filled_in(picture, needed, of, filling):
    """The page's rule for breaching and notBreaching, by hand: as few fillings as N needs, then count."""
    real = picture.replace("-", "")
    if len(real) < of:
        real = (real + filling * of)[:of]
    return "ALARM" if real[-of:].count("X") >= needed else "OK"


@given(PICTURES, SETTINGS, st.sampled_from(list(State)))
def test_filling_agrees_with_counting(picture, settings, before):
    needed, of = settings
    assert state_after(picture, needed, of, "breaching", before) == filled_in(picture, needed, of, "X")
    assert state_after(picture, needed, of, "notBreaching", before) == filled_in(picture, needed, of, ".")


@given(PICTURES, SETTINGS, TREATMENTS, st.sampled_from(list(State)))
def test_only_ignore_keeps_and_only_missing_is_insufficient(picture, settings, treat, before):
    result = evaluate(config(*settings, treat), [POINTS[sign] for sign in picture], before)
    if result.kept:
        assert treat == "ignore"
        assert (result.state, result.reason, result.reason_data) == (before, "", "")
    elif result.state == State.INSUFFICIENT_DATA:
        assert treat == "missing"
    if picture.replace("-", "")[-settings[1] :].count("X") >= settings[0]:
        assert result.state == State.ALARM
    if "X" not in picture and treat != "breaching":
        assert result.state != State.ALARM or result.kept


@given(PICTURES, SETTINGS, TREATMENTS, st.sampled_from(list(State)))
def test_the_present_state_matters_only_where_it_is_kept(picture, settings, treat, before):
    points = [POINTS[sign] for sign in picture]
    results = [evaluate(config(*settings, treat), points, state) for state in State]
    assert len({result.kept for result in results}) == 1
    if not results[0].kept:
        assert len(set(results)) == 1


def test_a_state_that_is_none_is_refused():
    with pytest.raises(ValueError, match="FINE"):
        state_after("X", 1, 1, state="FINE")


@pytest.mark.parametrize("treat", ["missing", "ignore", "breaching", "notBreaching"])
def test_the_state_alone_is_that_of_the_whole_evaluation(treat):
    decided = config(2, 3, treat)
    for before in State:
        for seen in product(POINTS.values(), repeat=4):
            assert next_state(decided, seen, before) is evaluate(decided, seen, before).state
