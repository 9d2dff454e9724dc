"""A cloud that keeps what was called, and experiments that look at nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from secretwatch.verify.cloud import Cloud
from secretwatch.verify.lab import Lab
from secretwatch.verify.model import Experiment, Seen, confirmed, refuted
from secretwatch.verify.result import Result

ACCOUNT = "111122223333"
Answer = Callable[..., Any]


def denied(operation: str = "Something", message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, operation)


class Client:
    """Answers what it was told to, {} else; every call is kept."""

    def __init__(
        self, service: str, calls: list[tuple[str, dict[str, Any]]], answers: Mapping[str, Any]
    ) -> None:
        self._service, self._calls, self._answers = service, calls, answers

    @property
    def meta(self) -> Any:
        class Meta:
            endpoint_url = "http://127.0.0.1:4566"

        return Meta

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**given: Any) -> Any:
            operation = f"{self._service}.{name}"
            self._calls.append((operation, given))
            answer = self._answers.get(operation, {})
            if isinstance(answer, Exception):
                raise answer
            return answer(**given) if callable(answer) else answer

        return call

    def get_paginator(self, name: str) -> Any:
        client = self

        class Pages:
            def paginate(self, **given: Any) -> list[Any]:
                return [getattr(client, name)(**given)]

        return Pages()


class Session:
    def __init__(self, **answers: Any) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers = {name.replace("__", "."): answer for name, answer in answers.items()}

    def client(self, service: str, **_: Any) -> Client:
        return Client(service, self.calls, self.answers)

    def get_available_regions(self, service: str, partition_name: str) -> list[str]:
        return ["us-east-1"]

    def named(self, operation: str) -> list[dict[str, Any]]:
        return [given for name, given in self.calls if name == operation]


def cloud_of(session: Session, caller: str = "user/jane", region: str = "us-east-1") -> Cloud:
    return Cloud(session, region, ACCOUNT, "aws", f"arn:aws:iam::{ACCOUNT}:{caller}")


def look(lab: Lab) -> Seen:
    return Seen("yes", {"count": 1})


def experiment(name: str = "one", run: Callable[[Lab], Seen] = look, **changes: Any) -> Experiment:
    settings: dict[str, Any] = {
        "claim": "It is so.",
        "why": "It matters.",
        "source": "Nobody says so.",
        "outcomes": {"yes": confirmed("It was so."), "no": refuted("It was not.")},
        "seconds": 1,
        "numbers": {"count": "how many"},
    }
    return Experiment(id=name, run=run, **settings | changes)


class Told:
    def __init__(self) -> None:
        self.results: list[Result] = []
        self.details: dict[str, str] = {}
        self.notes: list[str] = []

    def finished(self, result: Result, detail: str) -> None:
        self.results.append(result)
        self.details[result.experiment.id] = detail

    def waiting(self, waiting: Mapping[str, str], seconds: float) -> None: ...

    def note(self, text: str) -> None:
        self.notes.append(text)
