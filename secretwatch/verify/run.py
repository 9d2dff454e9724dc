"""Running experiments side by side. However it ends, what was made is removed; what is done is remembered."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.pipeline.aws import is_absent, one_line
from secretwatch.verify import model
from secretwatch.verify.cloud import Cloud
from secretwatch.verify.kinds import CENTS
from secretwatch.verify.lab import NoStage, Run, Stopped, TimeIsUp, lab
from secretwatch.verify.model import Experiment, Seen
from secretwatch.verify.result import Result, known_code
from secretwatch.verify.stage import Stage

JOBS = 24
_LOOK_EVERY = 0.25


class Observer(Protocol):
    """Who is told what happens."""

    def finished(self, result: Result, detail: str) -> None:
        """detail: what is for the eyes of whoever runs this, as an error's own words."""

    def waiting(self, waiting: Mapping[str, str], seconds: float) -> None:
        """What each running experiment waits for, since so many seconds."""

    def note(self, text: str) -> None: ...


class Verification:
    """One run of some experiments.

    remember: called with each result at once. After `run`, `results` holds them in the table's order, and
    `context.left_behind` what could not be removed (kind, name).
    """

    def __init__(
        self,
        cloud: Cloud,
        experiments: Sequence[Experiment],
        observer: Observer,
        remember: Callable[[Result], None] = lambda result: None,
        jobs: int = JOBS,
    ) -> None:
        self.context = Run(cloud, secrets.token_hex(4))
        self._experiments = experiments
        self._observer = observer
        self._remember = remember
        self._jobs = jobs
        self._stage = Stage(self.context)
        self._results: dict[str, Result] = {}
        self._pending: set[Future[tuple[Result | None, str]]] = set()
        self._began = time.monotonic()

    @property
    def results(self) -> list[Result]:
        return [self._results[each.id] for each in self._experiments if each.id in self._results]

    @property
    def stage_cents(self) -> float:
        """What the trail cost that experiments share."""
        return _cents(self._stage.made)

    @property
    def is_running(self) -> bool:
        """Whether an experiment still runs, as after a second interrupt: it may still have things."""
        return any(not each.done() for each in self._pending)

    def run(self) -> None:
        """Raises KeyboardInterrupt after cleaning up, where it was interrupted."""
        self._began = time.monotonic()
        pool = ThreadPoolExecutor(self._jobs, thread_name_prefix="verify")
        self._pending = {pool.submit(self._one, experiment) for experiment in self._experiments}
        try:
            self._collect()
        except BaseException:
            self.context.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            self._observer.note("Interrupted: removing what was made. Interrupt again to leave it.")
            self._pending = {each for each in self._pending if not each.cancelled()}
            self._collect()
            raise
        finally:
            # After a second interrupt too: threads that still run make nothing new.
            self.context.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            self._clean_stage()

    def _collect(self) -> None:
        while self._pending:
            done, _ = wait(self._pending, timeout=_LOOK_EVERY, return_when=FIRST_COMPLETED)
            for future in done:
                self._pending.discard(future)
                result, detail = future.result()
                if result:
                    self._results[result.experiment.id] = result
                    self._remember(result)
                    self._observer.finished(result, detail)
            self._observer.waiting(dict(self.context.waiting), time.monotonic() - self._began)

    def _clean_stage(self) -> None:
        with ThreadPoolExecutor(1) as pool:
            cleaning = pool.submit(self._stage.clean)
            while not cleaning.done():
                wait({cleaning}, timeout=_LOOK_EVERY)
                self._observer.waiting(dict(self.context.waiting), time.monotonic() - self._began)
            cleaning.result()

    def _one(self, experiment: Experiment) -> tuple[Result | None, str]:
        """Its result, None where it was interrupted, and what else there is to say."""
        began = time.monotonic()
        code, detail = None, ""
        if self.context.stop.is_set():
            return None, detail
        with lab(self.context, experiment.id, experiment.patience, self._stage) as made:
            try:
                seen = experiment.run(made)
                experiment.outcome(seen)
            except Stopped:
                return None, detail
            except TimeIsUp as error:
                seen, detail = Seen(model.TIME_UP), f"waited for: {error}"
            except NoStage as error:
                seen = Seen(model.NO_STAGE)
                detail = one_line(error.__cause__) if isinstance(error.__cause__, Exception) else ""
            except ClientError as error:
                seen = Seen(model.ABSENT if is_absent(error) else model.REFUSED)
                code, detail = known_code(error), one_line(error)
            except BotoCoreError as error:
                seen, detail = Seen(model.REFUSED), one_line(error)
            except AttributeError as error:
                # A client of an older boto3 has no such method.
                seen = Seen(model.ABSENT if "object has no attribute" in str(error) else model.FAILED)
                detail = str(error)
            except Exception as error:
                seen, detail = Seen(model.FAILED), f"{type(error).__name__}: {error}"
            seconds = time.monotonic() - began
        return Result(experiment, seen.outcome, seen.numbers, seconds, _cents(made.made), code), detail


def estimate(experiments: Sequence[Experiment]) -> float:
    """Seconds that these take on AWS, side by side: as long as the longest, or their share of the jobs."""
    seconds = [each.seconds for each in experiments]
    return max(*seconds, sum(seconds) / JOBS) if len(seconds) > 1 else sum(seconds)


def _cents(made: Mapping[str, int]) -> float:
    return sum(CENTS[kind] * count for kind, count in made.items())
