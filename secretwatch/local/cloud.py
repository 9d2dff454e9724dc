"""A running local cloud as its users see it: the environment for clients, the inbox, the status.

Not here: the process behind it (`process.py`).
"""

from __future__ import annotations

import contextlib
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .errors import LocalCloudError, NotUp, SignInRefused, UnexpectedAnswer

AlarmTick = float | Literal["minute"]

HOST = "127.0.0.1"
ACCOUNT_ID = "000000000000"
REGION = "us-east-1"

# Local means local, whatever proxy the environment names.
_http = urllib.request.build_opener(urllib.request.ProxyHandler({}))

DEAD_ENDPOINT = f"http://{HOST}:9"
"""Where nothing answers: the port of the old discard service."""

# Where clients of AWS's look for settings: SDKs, the Terraform provider and the AWS CLI of either version.
_AWS_PREFIXES = ("AWS_", "TF_AWS_", "BOTO_", "AMAZON_")

# What a child process may know of the shell that it comes from. Everything else stays out: which variable
# leads a client elsewhere nobody can list, as each release may have a new one.
_PASSED_ON = frozenset(
    {
        "CHECKPOINT_DISABLE",
        "COLORTERM",
        "COLUMNS",
        "GOGC",
        "HOME",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "LINES",
        "LOGNAME",
        "NO_COLOR",
        "PATH",
        "PYTHONDONTWRITEBYTECODE",
        "SHELL",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TEMP",
        "TERM",
        "TF_BINARY",
        "TF_CLI_CONFIG_FILE",
        "TF_PLUGIN_CACHE_DIR",
        "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE",
        "TMP",
        "TMPDIR",
        "TZ",
        "USER",
        "VIRTUAL_ENV",
        "http_proxy",
        "https_proxy",
    }
)
# A TF_TOKEN_HOST is told to that registry alone, of which a CLI configuration may say that providers come.
_PASSED_ON_PREFIXES = ("LC_", "SECRETWATCH_", "XDG_", "TF_TOKEN_")


def foreign_variables(
    environ: Mapping[str, str] = os.environ, own: Mapping[str, str] | None = None
) -> list[str]:
    """Names of variables here that a client of the local cloud must not see; own: those that it gets."""
    # AWS_DATA_PATH says where models of the APIs are, not where they answer.
    kept = {"AWS_DATA_PATH", *(own or {})}
    return sorted(name for name in environ if name.upper().startswith(_AWS_PREFIXES) and name not in kept)


def clients_env(url: str) -> dict[str, str]:
    """What Terraform, the AWS CLI and boto3 need to talk to a cloud at this address and to no other."""
    no_proxy = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    names = [name for name in no_proxy.split(",") if name and name != HOST]
    return {
        "AWS_ACCESS_KEY_ID": "test",
        # A profile of the user's could name another endpoint, or have this one ignored.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": url,
        # An error here does not pass by itself: Terraform would repeat a call 25 times, for many minutes.
        "AWS_MAX_ATTEMPTS": "3",
        "AWS_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": ",".join([*names, HOST]),
        "no_proxy": ",".join([*names, HOST]),
    }


def get(url: str, timeout: float = 30) -> bytes:
    """The body of a plain GET. Raises NotUp without an answer, UnexpectedAnswer for one that is not good."""
    try:
        with _http.open(url, timeout=timeout) as response:
            body: bytes = response.read()
            return body
    except urllib.error.HTTPError as error:
        raise UnexpectedAnswer(f"{url} answered {error.code} {error.reason}.") from error
    except OSError as error:
        raise NotUp(f"Nothing answers on {url} ({error}).") from error


def post(
    url: str,
    body: Mapping[str, Any],
    timeout: float = 120,
    refusal: type[LocalCloudError] | None = None,
) -> Any:
    """The JSON that a POST of JSON is answered with; raises as `get` does.

    For a 400, whose body says what is wrong, ``refusal`` if given.
    """
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with _http.open(request, timeout=timeout) as response:
            return json.loads(response.read())
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace").strip()
        if refusal and error.code == 400:
            raise refusal(said) from error
        raise UnexpectedAnswer(f"{url} answered {error.code}: {said}") from error
    except OSError as error:
        raise NotUp(f"Nothing answers on {url} ({error}).") from error


@dataclass(frozen=True)
class LocalCloud:
    """One local cloud that is up."""

    state_dir: Path
    pid: int
    port: int
    started: float
    """Unix time, seconds."""
    delivery_interval: float
    """Seconds between two deliveries of a trail."""
    digest_interval: float
    """Seconds between two digests of a trail that validates its log files."""
    alarm_tick: AlarmTick
    """Seconds between two evaluations of the alarms, or "minute": at full minutes."""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def env(self) -> dict[str, str]:
        """What Terraform, the AWS CLI and boto3 need to talk to this cloud; see also `environment`."""
        return clients_env(self.url)

    def environment(self, base: Mapping[str, str] = os.environ) -> dict[str, str]:
        """A whole environment for a child process: of `base` what any program needs, and `env()`.

        Nothing of a real account's is in it, whatever it may be called.
        """
        passed = {
            name: value
            for name, value in base.items()
            if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
        }
        return passed | self.env()

    @contextlib.contextmanager
    def as_aws(self, more: Mapping[str, str] | None = None) -> Iterator[None]:
        """Meanwhile this process has that environment too, and `more`: its own clients know no other cloud.

        A client that is only given this address still reads the profile, and sends the session token, of a
        real account.
        """
        before = dict(os.environ)
        environment = self.environment() | dict(more or {})
        os.environ.clear()
        os.environ.update(environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def inbox(self) -> list[dict[str, Any]]:
        """The e-mails received, and what chat channels showed, oldest first.

        Each has id, time, from, to, subject, body, topic_arn, kind (confirmation, notification or chat) and
        confirm_url (None where there is no link).
        """
        messages: list[dict[str, Any]] = self._json("/_secretwatch/inbox")["messages"]
        return messages

    def details(self) -> dict[str, Any]:
        """What the plugin tells of itself: version, settings, trails, held, drops."""
        return self._json("/_secretwatch/status")

    def hold(self, *channels: str) -> list[str]:
        """Hold delivery on these of trail, events and history, all by default; those not held before.

        Calls take effect and are recorded, but nothing arrives until `release`. See also `held_delivery`.
        """
        newly_held: list[str] = post(f"{self.url}/_secretwatch/hold", {"channels": channels})["newly_held"]
        return newly_held

    def release(
        self, *channels: str, first: int | None = None, reordered: bool = False, twice: bool = False
    ) -> dict[str, int]:
        """Let what is held arrive, and return when it has: how many calls, by channel.

        `first`: only the oldest so many; the rest, and what comes, stays held. `reordered`: the newest of
        them first. `twice`: everything once, and then once more.
        """
        wanted = {"channels": channels, "first": first, "reordered": reordered, "twice": twice}
        released: dict[str, int] = post(f"{self.url}/_secretwatch/release", wanted)["released"]
        return released

    def held(self) -> list[dict[str, Any]]:
        """Of each channel that is held: channel, since, calls, dropped."""
        held: list[dict[str, Any]] = self.details()["held"]
        return held

    def tick(self, minutes: int = 1) -> int:
        """Let full minutes pass without waiting: for alarms, scheduled rules, and states that wait.

        What was measured before is older by so much for the alarms, and only for them. By how many seconds
        their time is now ahead of the machine's.
        """
        ahead: int = post(f"{self.url}/_secretwatch/tick", {"minutes": minutes})["ahead_seconds"]
        return ahead

    def confirm(self, account_id: str | None = None) -> list[dict[str, Any]]:
        """Follow the confirmation links in the inbox as their readers would; the messages followed.

        Those of all accounts, or of one.
        """
        # Following a link twice does no harm, here as on AWS.
        followed = []
        for message in self.inbox():
            if account_id and message["topic_arn"].split(":")[4] != account_id:
                continue
            if message["kind"] == "confirmation" and message["confirm_url"]:
                get(message["confirm_url"])
                followed.append(message)
        return followed

    def sign_in(
        self,
        *,
        user: str | None = None,
        role: str | None = None,
        session: str | None = None,
        mfa: bool = False,
        failed: bool = False,
        account_id: str = ACCOUNT_ID,
        region: str | None = None,
        source_ip_address: str | None = None,
        user_agent: str | None = None,
    ) -> dict[str, Any]:
        """Somebody signs in to the console, as CloudTrail sees it; the ConsoleLogin event that is recorded.

        `user` is an IAM user of the account, `role` a role that `session` (a name) holds; without either it
        is root. `region` is that of the regional endpoint, None for the global one. Raises SignInRefused for
        who is not there, but a failed sign-in may name a user that does not exist.
        """
        answer: dict[str, Any] = post(
            f"{self.url}/_secretwatch/sign-in",
            {
                "account_id": account_id,
                "failed": failed,
                "mfa": mfa,
                "region": region,
                "role": role,
                "session": session,
                "source_ip_address": source_ip_address,
                "user": user,
                "user_agent": user_agent,
            },
            refusal=SignInRefused,
        )
        return answer

    def _json(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(get(self.url + path))
        return answer
