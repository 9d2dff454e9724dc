"""When a trail's log files are signed for, and how chains of digests begin and end."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

from secretwatch.cloudtrail import Digest, LoggedFile
from secretwatch.localstack.cloudtrail.digests import Digests, SigningKey, SigningKeys
from secretwatch.localstack.cloudtrail.trails import Trail

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
KEYS = SigningKeys()
HOME = "us-east-1"
ELSEWHERE = "eu-west-1"


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Bench:
    """Digests of one trail every ten seconds, in a store that can refuse."""

    def __init__(self) -> None:
        self.trail = new_trail()
        self.stored: list[Digest] = []
        self.refuses = False
        self.digests = Digests(10, self.store, KEYS)

    def store(self, _trail: Trail, digest: Digest) -> None:
        if self.refuses:
            raise ConnectionError("no bucket")
        self.stored.append(digest)

    def log_file(self, key: str, seconds: float, region: str = HOME) -> None:
        file = LoggedFile("bucket", key, "00", "2026-01-07T12:00:00Z", "2026-01-07T12:00:00Z")
        self.digests.add(self.trail, region, file, at(seconds))

    def deliver(self, seconds: float, **options: bool) -> None:
        self.digests.deliver(self.trail, at(seconds), **options)

    def contents(self) -> list[Any]:
        return [json.loads(digest.content) for digest in self.stored]

    def files(self) -> list[list[str]]:
        return [[file["s3Object"] for file in content["logFiles"]] for content in self.contents()]


def new_trail() -> Trail:
    trail = Trail("kept", "000000000000", HOME, "aws", "bucket")
    trail.is_logging = trail.log_file_validation_enabled = True
    return trail


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.deliver(0)  # the chain begins
    return made


def test_a_digest_comes_every_interval_also_an_empty_one(bench: Bench) -> None:
    bench.log_file("a", 3)
    for seconds in range(1, 26):
        bench.deliver(seconds)
    assert bench.files() == [["a"], []]
    first, second = bench.contents()
    assert (first["digestStartTime"], first["digestEndTime"]) == (
        "2026-01-07T12:00:00Z",
        "2026-01-07T12:00:10Z",
    )
    assert second["digestStartTime"] == first["digestEndTime"]
    assert second["previousDigestS3Object"] == first["digestS3Object"]


def test_a_store_that_refused_gets_the_same_files_again(bench: Bench) -> None:
    bench.log_file("a", 3)
    bench.refuses = True
    with pytest.raises(ConnectionError):
        bench.deliver(10)
    bench.log_file("b", 11)
    bench.refuses = False
    bench.deliver(12)
    assert bench.files() == [["a", "b"]]
    assert bench.contents()[0]["digestStartTime"] == "2026-01-07T12:00:00Z"


def test_two_digests_never_share_a_key(bench: Bench) -> None:
    bench.log_file("a", 10)
    bench.deliver(10)
    bench.log_file("b", 10.5)
    bench.deliver(10.9, last=True)
    assert bench.files() == [["a"], ["b"]]
    assert len({digest.key for digest in bench.stored}) == 2


def test_each_region_has_its_own_chain_and_key(bench: Bench) -> None:
    bench.log_file("a", 1, ELSEWHERE)
    bench.deliver(11)
    assert bench.files() == [[], ["a"]]
    home, elsewhere = bench.contents()
    assert home["digestPublicKeyFingerprint"] != elsewhere["digestPublicKeyFingerprint"]
    assert elsewhere["previousDigestS3Object"] is None


@pytest.mark.parametrize("switch", ["is_logging", "log_file_validation_enabled"])
def test_what_is_switched_off_gets_a_last_digest_and_a_new_chain_later(bench: Bench, switch: str) -> None:
    bench.log_file("a", 3)
    setattr(bench.trail, switch, False)
    bench.deliver(4)
    assert bench.files() == [["a"]]
    bench.deliver(20)
    assert len(bench.stored) == 1
    setattr(bench.trail, switch, True)
    bench.deliver(30)
    bench.deliver(40)
    assert bench.contents()[1]["previousDigestSignature"] is None
    assert bench.contents()[1]["digestStartTime"] == "2026-01-07T12:00:30Z"


def test_log_files_are_not_signed_for_while_validation_is_off(bench: Bench) -> None:
    bench.trail.log_file_validation_enabled = False
    bench.log_file("a", 3)
    bench.deliver(4)
    bench.trail.log_file_validation_enabled = True
    bench.deliver(5)
    bench.deliver(15)
    assert bench.files() == [[]]


def test_a_new_trail_of_the_same_name_begins_anew(bench: Bench) -> None:
    bench.deliver(10)
    bench.trail = new_trail()
    bench.deliver(11)
    bench.deliver(21)
    assert bench.contents()[1]["previousDigestSignature"] is None


def test_a_deleted_trail_leaves_nothing_behind(bench: Bench) -> None:
    bench.log_file("a", 3)
    bench.digests.forget_all_but([])
    bench.deliver(10, last=True)
    assert bench.files() == []


def test_a_key_signs_what_its_public_half_verifies() -> None:
    key = SigningKey(NOON)
    signature = key.sign(b"text")
    public: Any = load_der_public_key(key.public)
    public.verify(signature, b"text", padding.PKCS1v15(), hashes.SHA256())
    assert key.fingerprint == hashlib.md5(key.public).hexdigest()


def test_a_key_is_replaced_when_its_time_is_over() -> None:
    keys = SigningKeys()
    first = keys.current(HOME, NOON)
    assert keys.current(HOME, NOON + timedelta(days=29)) is first
    later = NOON + timedelta(days=30)
    second = keys.current(HOME, later)
    assert second is not first
    assert keys.valid_between(HOME, NOON, later, later) == [first, second]
    assert keys.valid_between(HOME, later, later, later) == [second]
