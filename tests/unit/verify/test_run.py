"""However a run ends, what it made is removed, and what it found is kept."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError
from labs import Session, Told, cloud_of, denied, experiment

from secretwatch.verify import lab as labs_module
from secretwatch.verify.lab import Lab, NoStage, Run, Stopped, TimeIsUp
from secretwatch.verify.model import ABSENT, FAILED, NO_STAGE, REFUSED, TIME_UP, Experiment, Seen
from secretwatch.verify.queues import Queue
from secretwatch.verify.run import Verification


def run_all(session: Session, *experiments: Experiment, **options: Any) -> tuple[Verification, Told]:
    told = Told()
    verification = Verification(cloud_of(session), experiments, told, **options)
    verification.run()
    return verification, told


def raising(error: BaseException, make: str = "topic") -> Any:
    def run(lab: Lab) -> Seen:
        lab.thing(make)
        raise error

    return run


def not_there() -> ClientError:
    response = {"Error": {"Code": "InternalFailure"}, "ResponseMetadata": {"HTTPStatusCode": 501}}
    return ClientError(response, "PutThing")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (TimeIsUp("a mail"), TIME_UP, None),
        (denied("PutRule"), REFUSED, "AccessDenied"),
        (not_there(), ABSENT, "InternalFailure"),
        (AttributeError("'CloudWatch' object has no attribute 'put_x'"), ABSENT, None),
        (NoStage(), NO_STAGE, None),
        (KeyError("arn:aws:sns:us-east-1:111122223333:mine"), FAILED, None),
    ],
)
def test_an_experiment_that_fails_cannot_tell_and_is_cleaned_up(
    error: BaseException, outcome: str, code: str | None
) -> None:
    session = Session()
    verification, _ = run_all(session, experiment(run=raising(error), makes={"topic": 1}), experiment("two"))
    first, second = verification.results
    assert (first.outcome, first.code, first.cents) == (outcome, code, 0.01)
    assert second.outcome == "yes"
    assert len(session.named("sns.delete_topic")) == 1


def test_an_outcome_that_is_not_declared_is_a_failure_of_the_experiment() -> None:
    verification, told = run_all(Session(), experiment(run=lambda lab: Seen("perhaps")))
    assert verification.results[0].outcome == FAILED
    assert "perhaps" in told.details["one"]


def test_results_are_kept_at_once_and_come_in_the_tables_order() -> None:
    kept: list[str] = []
    second_is_done = threading.Event()

    def first(lab: Lab) -> Seen:
        second_is_done.wait(30)
        return Seen("yes")

    def remember(result: Any) -> None:
        kept.append(result.experiment.id)
        second_is_done.set()

    verification, _ = run_all(Session(), experiment("one", first), experiment("two"), remember=remember)
    assert kept == ["two", "one"]
    assert [each.experiment.id for each in verification.results] == ["one", "two"]


class Impatient(Told):
    """Presses Ctrl-C as soon as something waits."""

    def __init__(self, times: int = 1) -> None:
        super().__init__()
        self.times = times

    def waiting(self, waiting: Any, seconds: float) -> None:
        if waiting and self.times:
            self.times -= 1
            raise KeyboardInterrupt


def test_an_interrupted_run_removes_what_it_made_and_keeps_what_it_found() -> None:
    session = Session()

    def endless(lab: Lab) -> Seen:
        lab.thing("queue")
        lab.thing("topic")
        lab.wait("nothing", lambda: None, 60)
        return Seen("yes")

    never = experiment("never", lambda lab: pytest.fail("it was started after the interrupt"))
    told = Impatient()
    verification = Verification(
        cloud_of(session), [experiment(), experiment("two", endless), never], told, jobs=1
    )
    with pytest.raises(KeyboardInterrupt):
        verification.run()
    assert [each.experiment.id for each in verification.results] == ["one"]
    assert len(session.named("sns.delete_topic")) == 1
    assert len(session.named("sqs.list_queues")) == 1
    assert not verification.is_running
    assert "Interrupted" in told.notes[0]


def test_what_cannot_be_removed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(sns__delete_topic=denied("DeleteTopic"))

    def run(lab: Lab) -> Seen:
        lab.thing("topic", "secretwatch-verify-0-t")
        lab.thing("secret", "secretwatch-verify-0-s")
        return Seen("yes")

    verification, _ = run_all(session, experiment(run=run))
    assert verification.context.left_behind == [("topic", "secretwatch-verify-0-t")]
    assert session.named("secretsmanager.delete_secret")


def test_removing_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labs_module.time, "sleep", lambda seconds: None)
    answers = iter([ClientError({"Error": {"Code": "DependencyViolation"}}, "DeleteTopic"), None])

    def delete(**given: Any) -> None:
        if error := next(answers):
            raise error

    session = Session(sns__delete_topic=delete)
    verification, _ = run_all(session, experiment(run=lambda lab: (lab.thing("topic"), Seen("yes"))[1]))
    assert verification.context.left_behind == []
    assert len(session.named("sns.delete_topic")) == 2


def test_what_is_gone_already_is_no_failure() -> None:
    gone = ClientError({"Error": {"Code": "TrailNotFoundException"}}, "DeleteTrail")
    session = Session(cloudtrail__delete_trail=gone)
    verification, _ = run_all(session, experiment(run=lambda lab: (lab.thing("trail"), Seen("yes"))[1]))
    assert verification.context.left_behind == []


def test_a_stage_that_cannot_be_made_is_tried_once() -> None:
    session = Session(s3__create_bucket=denied("CreateBucket"))

    def needs(lab: Lab) -> Seen:
        assert lab.stage
        return Seen("yes")

    verification, _ = run_all(session, experiment("one", needs), experiment("two", needs))
    assert {each.outcome for each in verification.results} == {NO_STAGE}
    assert len(session.named("s3.create_bucket")) == 1


def lab_of(session: Session) -> Lab:
    return Lab(Run(cloud_of(session), "0a0a0a0a"), "one", 300)


def test_waiting_ends() -> None:
    lab = lab_of(Session())
    answers = iter([None, "", "there"])
    assert lab.wait("it", lambda: next(answers)) == "there"
    with pytest.raises(TimeIsUp, match="it"):
        lab.wait("it", lambda: None, 0.2)
    lab.run.stop.set()
    with pytest.raises(Stopped):
        lab.wait("it", lambda: "there")
    with pytest.raises(Stopped):
        lab.thing("topic")
    assert lab.run.waiting == {}


def test_what_is_not_known_everywhere_yet_is_asked_again() -> None:
    lab = lab_of(Session())
    errors = iter([ClientError({"Error": {"Code": "X", "Message": "cannot be assumed"}}, "Put"), None])

    def call() -> str:
        if error := next(errors):
            raise error
        return "taken"

    assert lab.accepted("it", call, "cannot be assumed") == "taken"
    errors = iter([denied("Put")])
    with pytest.raises(ClientError, match="AccessDenied"):
        lab.accepted("it", call, "cannot be assumed")


def test_markers_are_sent_one_after_another() -> None:
    """Each of the last is sent when the one before has come: an absence is then no matter of haste."""
    sent: list[str] = []

    class Slow(Queue):
        def __init__(self) -> None:
            self.asked: Counter[str] = Counter()
            self.unseen: list[int] = []

        def bodies(self) -> list[str]:
            # The first is lost; each other comes when it is asked for the second time.
            self.asked.update(sent[1:])
            came = [mark for mark in sent[1:] if self.asked[mark] > 1]
            self.unseen.append(len(sent) - 1 - len(came))
            return came

    queue = Slow()
    came = lab_of(Session()).markers("it", sent.append, queue, more=3)
    assert came == sent[1:]
    assert len(set(came)) >= 4
    # Never were two on their way, but while the way was not known to be open.
    assert max(queue.unseen) == 1
