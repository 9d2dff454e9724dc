"""The facts of one watch, as the root module's output `watch` gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from secretwatch import secretid
from secretwatch.forms import ACCOUNT_ID
from secretwatch.partition import is_region

# Lists of the output, and the field that holds the only one where there is no list.
_MANY = {
    "secrets": None,
    "metric_filter_names": "metric_filter_name",
    "filter_patterns": "filter_pattern",
    "topic_arns": "topic_arn",
}


_FORMS: dict[str, Callable[[str], object]] = {
    "region": is_region,
    "account_id": ACCOUNT_ID.fullmatch,
}


def _is(value: Any, annotation: str) -> bool:
    """Whether a value of the output, which anybody can write, is of a field's type."""
    if value is None:
        return True
    if annotation.startswith("tuple"):
        return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)
    if annotation.startswith("str"):
        return isinstance(value, str)
    if annotation.startswith("int"):
        return type(value) is int and value > 0
    if annotation.startswith("bool"):
        return isinstance(value, bool)
    return isinstance(value, Mapping)


class NotAWatch(ValueError):
    """The outputs have no usable `watch`; the message is one sentence saying what to write."""


class UnknownSecret(ValueError):
    """The secret asked for is not watched, or it is not clear which is meant; the message is one sentence."""


@dataclass(frozen=True)
class Realtime:
    """The fast path of a watch: EventBridge rules, where their failures go, and alarms on those."""

    rule_names: tuple[str, ...] = ()
    dead_letter_queue_url: str | None = None
    alarm_names: tuple[str, ...] = ()
    topic_arns: tuple[str, ...] = ()

    @classmethod
    def of(cls, facts: Any) -> Realtime | None:
        if not isinstance(facts, Mapping):
            return None
        for field in fields(cls):
            if not _is(facts.get(field.name), str(field.type)):
                raise NotAWatch(
                    f"Its output `watch` has another kind of value in realtime.{field.name} than the "
                    "module's: "
                    "hand on the module's own output."
                )
        return cls(
            tuple(facts.get("rule_names") or ()),
            facts.get("dead_letter_queue_url"),
            tuple(facts.get("alarm_names") or ()),
            tuple(facts.get("topic_arns") or ()),
        )


@dataclass(frozen=True)
class Watch:
    """One deployed watch. None: the watch has no such thing, or it is somebody else's.

    Field names are the output's. secrets: names, ARNs and prefixes that are watched; alarm_period: seconds;
    alarm: the settings that were given for it; organization: whether the calls of all its accounts are
    seen, so that a name may be any account's; watch: its key among the instance's watches;
    metric_filter_names: all that count in its metric, as a pattern has 1,024 bytes; notifications_topic_arn:
    where the trail tells of its log files.
    """

    name: str
    region: str
    account_id: str
    log_group_name: str
    metric_namespace: str
    metric_name: str
    alarm_name: str
    secrets: tuple[str, ...] = ()
    secret_arn: str | None = None
    secret_name: str | None = None
    trail_arn: str | None = None
    trail_name: str | None = None
    bucket_name: str | None = None
    kms_key_arn: str | None = None
    log_group_arn: str | None = None
    metric_filter_name: str | None = None
    filter_pattern: str | None = None
    alarm_arn: str | None = None
    alarm_period: int | None = None
    alarm: Mapping[str, Any] | None = None
    topic_arn: str | None = None
    alarm_console_url: str | None = None
    logs_insights_query: str | None = None
    watch: str | None = None
    metric_filter_names: tuple[str, ...] = ()
    filter_patterns: tuple[str, ...] = ()
    topic_arns: tuple[str, ...] = ()
    realtime: Realtime | None = None
    stuck_alarm_name: str | None = None
    tamper_alarm_name: str | None = None
    blind_alarm_name: str | None = None
    notifications_topic_arn: str | None = None
    organization: bool = False
    fast_self_watch: Mapping[str, Any] | None = None

    @property
    def label(self) -> str:
        """The instance's name, and the watch's own key."""
        return "/".join(filter(None, (self.name, self.watch)))

    @property
    def self_watch_topic_arns(self) -> tuple[str, ...]:
        """Topics that hear within seconds of changes to the instance; none where that is off."""
        topics = (self.fast_self_watch or {}).get("topic_arns")
        return tuple(topics) if topics and _is(topics, "tuple") else ()

    @property
    def realtime_topic_arns(self) -> tuple[str, ...]:
        """Topics that get the realtime message: the alarm's, unless it has its own; none without one."""
        return (self.realtime.topic_arns or self.topic_arns) if self.realtime else ()

    @classmethod
    def from_outputs(cls, outputs: Mapping[str, Any], key: str | None = None) -> Watch:
        """The watch in a root module's outputs; key: which one of its output `watches`.

        outputs: as `terraform output -json` prints them (name to an object with `value`), or name to value.
        Raises NotAWatch.
        """
        if key is not None:
            return cls._of_many(outputs, key)
        if "watch" not in outputs:
            raise NotAWatch(
                "It has no output `watch`: give the root module "
                '`output "watch" { value = module.NAME.watch }`, with the name of its secretwatch module.'
            )
        output = outputs["watch"]
        facts = output["value"] if isinstance(output, Mapping) and "value" in output else output
        if not isinstance(facts, Mapping):
            raise NotAWatch("Its output `watch` is not an object: hand on the module's own output `watch`.")
        for field in fields(cls):
            if isinstance(field.type, str) and field.type == "str" and not facts.get(field.name):
                raise NotAWatch(f"Its output `watch` has no {field.name}: hand on the module's own output.")
            if not _is(facts.get(field.name), str(field.type)):
                raise NotAWatch(
                    f"Its output `watch` has another kind of value in {field.name} than the module's: "
                    "hand on the module's own output."
                )
        for name, is_one in _FORMS.items():
            if not is_one(facts[name]):
                raise NotAWatch(
                    f"Its output `watch` has the {name} {facts[name][:40]!r}: hand on the module's own."
                )
        known = {field.name: facts.get(field.name) for field in fields(cls)}
        known["realtime"] = Realtime.of(facts.get("realtime"))
        known["organization"] = bool(facts.get("organization"))
        for name, one in _MANY.items():
            several = facts.get(name) or ([facts[one]] if one and facts.get(one) else [])
            known[name] = tuple(str(each) for each in several)
        return cls(**known)  # type: ignore[arg-type]

    @classmethod
    def _of_many(cls, outputs: Mapping[str, Any], key: str) -> Watch:
        output = outputs.get("watches")
        watches = output["value"] if isinstance(output, Mapping) and "value" in output else output
        if not isinstance(watches, Mapping):
            raise NotAWatch(
                "It has no output `watches`, from which one could be chosen: give the root module "
                '`output "watches" { value = module.NAME.watches }`.'
            )
        if key not in watches:
            raise NotAWatch(f"It has no watch {key!r}, but {', '.join(sorted(watches)) or 'none'}.")
        return cls.from_outputs({"watch": {"value": watches[key]}})

    @classmethod
    def all_in(cls, outputs: Mapping[str, Any]) -> list[Watch]:
        """Every watch of the output `watches`, else the output `watch` alone. Raises NotAWatch."""
        output = outputs.get("watches")
        watches = output["value"] if isinstance(output, Mapping) and "value" in output else output
        if not isinstance(watches, Mapping) or not watches:
            return [cls.from_outputs(outputs)]
        return [cls.from_outputs(outputs, key) for key in sorted(watches)]

    def secret(self, wanted: str | None = None) -> str:
        """The ARN or name to read: the one wanted, the one that the module made, or the only one.

        Never a prefix: which of its secrets is meant has to be said. Raises UnknownSecret, also for a secret
        of another region than the watch's.
        """
        secret = self._checked(wanted) if wanted is not None else self._chosen()
        if secretid.region(secret) not in (None, self.region):
            raise UnknownSecret(
                f"{secret} is in {secretid.region(secret)}: its reads ring, but only reads in the "
                f"watch's own region, {self.region}, are followed here. Choose a secret in that region "
                f"with --secret, such as its replica there, {secretid.name(secret)}."
            )
        return secret

    @property
    def watched(self) -> tuple[str, ...]:
        """What the module made, and what is watched as it was given."""
        return (*(each for each in (self.secret_arn, self.secret_name) if each), *self.secrets)

    def _checked(self, wanted: str) -> str:
        if secretid.is_prefix(wanted):
            raise UnknownSecret(
                f"{wanted} stands for many secrets: write the name or ARN of one with --secret."
            )
        answer = secretid.answer_of_any(
            self.watched, [wanted], self.account_id, organization=self.organization, caller=self.account_id
        )
        if not answer.rings:
            raise UnknownSecret(
                f"{wanted} is not watched; these secrets are: {self._listed}."
                + self._of_another_account(wanted)
            )
        return wanted

    def _of_another_account(self, wanted: str) -> str:
        """What to write instead of a name that is watched in another account."""
        for each in self.watched:
            owner = secretid.account(each)
            if (
                secretid.account(wanted) is None
                and owner != self.account_id
                and wanted in secretid.names(each)
            ):
                return f" A name alone is of account {self.account_id}: write the whole ARN, {each}."
        return ""

    def _chosen(self) -> str:
        if self.secret_arn or self.secret_name:
            return str(self.secret_arn or self.secret_name)
        named = [each for each in self.watched if not secretid.is_prefix(each)]
        # Those that can be read from here come first: of this region, then of this account.
        near = [each for each in named if secretid.region(each) in (None, self.region)] or named
        near = [each for each in near if secretid.account(each) in (None, self.account_id)] or near
        if len({secretid.readings(each, self.account_id)[0].name for each in near}) == 1:
            return near[0]
        asks = f"Say which secret to read with --secret; watched: {self._listed}."
        if self.watched and not named:
            asks += " A prefix is not a secret that can be read: write the name or ARN of one that it covers."
        raise UnknownSecret(asks)

    @property
    def _listed(self) -> str:
        """Names, and whole ARNs of those that a name alone does not find."""
        return ", ".join(sorted({self._shown(each) for each in self.watched})) or "none"

    def _shown(self, secret: str) -> str:
        here = secretid.account(secret) in (None, self.account_id)
        return secretid.name(secret) if here else secret
