"""What is examined: a watch whose facts are known, or what hangs on an alarm or a log group of an account."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from secretwatch import partition, secretid
from secretwatch.filterpattern import InvalidFilterPattern
from secretwatch.pipeline.doctor.calls import Person, Run, Step
from secretwatch.pipeline.doctor.reads import kinds_of
from secretwatch.pipeline.watch import Realtime, Watch


class NoSuchSubject(Exception):
    """What is to be examined is not there; the message is one sentence with what there is."""


@dataclass(frozen=True)
class Subject:
    """Where the examination starts. What is None or empty is found from the rest, in the account.

    known: the facts are a watch's own, so that what differs from them was changed behind its back.
    secrets: names, ARNs, prefixes (`prod/*`) of those whose reads count; none: every secret's. directory:
    the root module.
    """

    region: str
    account_id: str | None = None
    name: str = ""
    alarm_name: str | None = None
    log_group_name: str | None = None
    trail_arn: str | None = None
    bucket_name: str | None = None
    metric: tuple[str, str] | None = None
    """Namespace and name."""
    filter_names: tuple[str, ...] = ()
    filter_patterns: tuple[str, ...] = ()
    topic_arns: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    made: str | None = None
    """ARN of the secret that the instance itself made, where that is one of `secrets`."""
    realtime: Realtime | None = None
    stuck_alarm_name: str | None = None
    tamper_alarm_name: str | None = None
    blind_alarm_name: str | None = None
    kinds: tuple[tuple[str, bool], ...] = (("GetSecretValue", False), ("BatchGetSecretValue", False))
    """The calls that count: a name, and whether denied ones; by the watch's own patterns, where known."""
    declared: Mapping[str, Any] = field(default_factory=dict)
    """The alarm's settings as the watch was given them: deliberate, whatever they are."""
    known: bool = False
    directory: Path | None = None
    watch: str | None = None
    """Its key, where that has to be said to examine it again."""
    organization: bool = False
    """Whether the log group holds other accounts' events, too."""
    is_about_secrets: bool = True
    """Whether what has to ring are calls on secrets; else it is what the alarm's filters match."""

    @classmethod
    def of_watch(cls, watch: Watch, directory: Path | None = None, *, named: bool = False) -> Subject:
        made = watch.secret_arn if watch.secret_arn and _is_watched(watch, watch.secret_arn) else None
        secrets = tuple(dict.fromkeys([*watch.secrets, *([made] if made else [])]))
        kinds: list[tuple[str, bool]] = []
        with suppress(InvalidFilterPattern):
            kinds = kinds_of(watch.filter_patterns, (secrets or ("*",))[0], watch.account_id, watch.region)
        return cls(
            region=watch.region,
            account_id=watch.account_id,
            name=f"{watch.name} {watch.watch}" if watch.watch and watch.watch != watch.name else watch.name,
            alarm_name=watch.alarm_name,
            log_group_name=watch.log_group_name,
            trail_arn=watch.trail_arn,
            bucket_name=watch.bucket_name,
            metric=(watch.metric_namespace, watch.metric_name),
            filter_names=watch.metric_filter_names,
            filter_patterns=watch.filter_patterns,
            topic_arns=watch.topic_arns,
            secrets=secrets,
            made=made,
            kinds=tuple(kinds) or cls.kinds,
            declared=watch.alarm or {},
            realtime=watch.realtime,
            stuck_alarm_name=watch.stuck_alarm_name,
            tamper_alarm_name=watch.tamper_alarm_name,
            blind_alarm_name=watch.blind_alarm_name,
            known=True,
            directory=directory,
            watch=watch.watch if named else None,
            organization=watch.organization,
        )

    @property
    def command(self) -> str:
        """How it is examined again."""
        if self.directory:
            start = [str(self.directory), *(["--watch", self.watch] if self.watch else [])]
        elif self.alarm_name:
            start = ["--alarm", self.alarm_name]
        else:
            start = ["--log-group", self.log_group_name or "NAME"]
        return shlex.join(["secretwatch", "doctor", *start])

    @property
    def canary(self) -> str:
        """How a new read is made and followed."""
        named = [each for each in self.secrets if not secretid.is_prefix(each)]
        secret = "" if self.directory or not named else f" --secret {shlex.quote(named[0])}"
        return f"{self.command}{secret} --canary"

    def anew(self, why: str = "") -> Step:
        """How what has to ring is made to happen once more."""
        if self.is_about_secrets:
            return Run(f"{self.canary}    # {why}" if why else self.canary)
        named = f", such as {self.event_names[0]}," if self.event_names else ""
        return Person(f"Make what should ring it{named} happen once more, and examine it again.")

    @property
    def event_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name, _ in self.kinds))

    @property
    def regions(self) -> tuple[str, ...]:
        """The watch's own region first, then others in which a watched secret is named by its ARN."""
        others = [secretid.region(each) for each in self.secrets]
        return tuple(dict.fromkeys([self.region, *filter(None, others)]))

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account and region; a `*` for an account that is not known yet."""
        aws = partition.of_region(self.region).name
        return f"arn:{aws}:{service}:{self.region}:{self.account_id or '*'}:{resource}"


def _is_watched(watch: Watch, secret: str) -> bool:
    """Whether the secret that the instance made is one of this watch's."""
    answer = secretid.answer_of_any(
        watch.secrets, [secret], watch.account_id, organization=watch.organization
    )
    return not watch.secrets or answer.rings
