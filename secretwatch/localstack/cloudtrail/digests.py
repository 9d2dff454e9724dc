"""Digests of the trails that validate their log files, and the keys that sign them.

As on AWS each region has its own key, and the log files of each region their own chain of digests. A
chain begins with the trail's home region, and with the first log file in any other; on AWS a multi-region
trail has one in every region of the account, most of them empty for ever. It ends, with a last digest,
when logging or validation is switched off, and when the local cloud is stopped.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from secretwatch.cloudtrail import Digest, LoggedFile, digest_key, make_digest
from secretwatch.localstack.cloudtrail.trails import Trail

_KEY_LIFE = timedelta(days=30)

Store = Callable[[Trail, Digest], None]
"""Puts a digest into the trail's bucket; raises when it cannot."""


class SigningKey:
    """An RSA key pair, and what ListPublicKeys tells of it."""

    def __init__(self, now: datetime) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.validity_start = _second(now)
        self.validity_end = self.validity_start + _KEY_LIFE
        self.public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
        """PKCS #1 DER."""
        self.fingerprint = hashlib.md5(self.public, usedforsecurity=False).hexdigest()

    def sign(self, text: bytes) -> bytes:
        return self._key.sign(text, padding.PKCS1v15(), hashes.SHA256())


class SigningKeys:
    """Each region's keys, made when they are first asked for; they live as long as the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, list[SigningKey]] = {}

    def current(self, region: str, now: datetime) -> SigningKey:
        with self._lock:
            keys = self._keys.setdefault(region, [])
            if not keys or keys[-1].validity_end <= now:
                keys.append(SigningKey(now))
            return keys[-1]

    def valid_between(self, region: str, start: datetime, end: datetime, now: datetime) -> list[SigningKey]:
        """The region's keys that were valid at some time from ``start`` to ``end``, oldest first."""
        self.current(region, now)
        with self._lock:
            keys = list(self._keys[region])
        return [key for key in keys if key.validity_start <= end and start < key.validity_end]


SIGNING_KEYS = SigningKeys()


@dataclass
class _Chain:
    """The digests of one trail's log files of one region."""

    start: datetime
    """When the newest digest ended, or the chain began."""
    log_files: list[LoggedFile] = field(default_factory=list)
    """Delivered since."""
    previous: Digest | None = None


class Digests:
    """Which log files are still to be named by a digest, and when that digest is due."""

    def __init__(self, interval: float, store: Store, keys: SigningKeys = SIGNING_KEYS) -> None:
        self._interval = timedelta(seconds=interval)
        self._store = store
        self._keys = keys
        # A new trail of the same name begins anew, so the trail itself is kept with its chains.
        self._trails: dict[int, tuple[Trail, dict[tuple[str, str], _Chain]]] = {}

    def add(
        self, trail: Trail, region: str, log_file: LoggedFile, now: datetime, account_id: str | None = None
    ) -> None:
        """A log file was delivered, of the events of this account (the trail's own, if none is named)."""
        if trail.log_file_validation_enabled:
            where = (account_id or trail.account_id, region)
            self._chains(trail).setdefault(where, _Chain(_second(now))).log_files.append(log_file)

    def deliver(self, trail: Trail, now: datetime, *, last: bool = False) -> None:
        """Store the digests that are due, or with ``last`` all that something is left for.

        What a failing store raises comes through; the same digest is due again at the next call.
        """
        chains = self._chains(trail)
        ended = not (trail.is_logging and trail.log_file_validation_enabled)
        if not ended:
            chains.setdefault((trail.account_id, trail.home_region), _Chain(_second(now)))
        failed: Exception | None = None
        for (account_id, region), chain in list(chains.items()):
            try:
                if now - chain.start >= self._interval or ((last or ended) and chain.log_files):
                    self._deliver(trail, account_id, region, chain, now)
            except Exception as error:  # the other regions' digests are due all the same
                failed = failed or error
                continue
            if ended:
                del chains[account_id, region]
        if failed:
            raise failed

    def forget_all_but(self, trails: list[Trail]) -> None:
        """Trails that were deleted have no more digests."""
        ids = {id(trail) for trail in trails}
        self._trails = {key: entry for key, entry in self._trails.items() if key in ids}

    def _chains(self, trail: Trail) -> dict[tuple[str, str], _Chain]:
        return self._trails.setdefault(id(trail), (trail, {}))[1]

    def _deliver(self, trail: Trail, account_id: str, region: str, chain: _Chain, now: datetime) -> None:
        # Two digests never end in the same second: the second would take the first one's key.
        end = max(_second(now), chain.start + timedelta(seconds=1))
        log_files = list(chain.log_files)
        key = self._keys.current(region, now)
        digest = make_digest(
            account_id=account_id,
            bucket=trail.s3_bucket_name,
            key=digest_key(
                prefix=trail.s3_key_prefix,
                account_id=account_id,
                region=region,
                trail_name=trail.name,
                home_region=trail.home_region,
                end=end,
                organization_id=trail.organization_id,
            ),
            start=chain.start,
            end=end,
            log_files=log_files,
            previous=chain.previous,
            public_key_fingerprint=key.fingerprint,
            sign=key.sign,
        )
        self._store(trail, digest)
        del chain.log_files[: len(log_files)]
        chain.start, chain.previous = end, digest


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
