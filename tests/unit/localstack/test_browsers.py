"""Which requests may be a page's. Pure: no request is made."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.localstack.gateway.browsers import foreign, is_proven, is_signature, needs_proof

HERE = "127.0.0.1:4566"
SIGNATURE = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sns/aws4_request, Signature=0"
OWN_HOSTS = [
    "127.0.0.1",
    HERE,
    "localhost:4566",
    "LOCALHOST:4566",
    "[::1]:4566",
    "bucket.localhost:4566",
    "a.bucket.s3.localhost:4566",
    "localhost.localstack.cloud:4566",
    "bucket.s3.us-east-1.localhost.localstack.cloud:4566",
    "sqs.us-east-1.localhost.localstack.cloud:4566",
    "us-east-1.queue.localhost.localstack.cloud",
    "abc123.execute-api.localhost.localstack.cloud:4566",
]
FOREIGN_HOSTS = [
    "",
    "evil.example",
    "evil.example:4566",
    "127.0.0.1.evil.example",
    "127.0.0.1.nip.io:4566",
    "127.0.0.2",
    "0.0.0.0:4566",
    "2130706433",
    "localhost.evil.example",
    "evillocalhost",
    "evil-localhost.localstack.cloud",
    "localstack.cloud",
    "app.localstack.cloud",
    "localhost.localstack.cloud.evil.example",
    "localhost@evil.example",
    "localhost:4566.evil.example",
    "localhost:4566,evil.example",
    "localhost:4566\n.evil.example",
    "host.docker.internal:4566",
    "sqs.us-east-1.amazonaws.com",
    "169.254.169.254",
]
FOREIGN_ORIGINS = [
    "null",
    "",
    "file://",
    "https://app.localstack.cloud",
    "http://localhost:3000",
    "http://localhost:4566",
    "http://127.0.0.1",
    "http://127.0.0.1:45660",
    "http://127.0.0.1:4566.evil.example",
    "http://127.0.0.1:4566@evil.example",
    "ftp://127.0.0.1:4566",
    "chrome-extension://abcdefghijklmnop",
    "https://evil.example",
]

# What else a request may have: nothing of it opens a door.
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "WEBSOCKET"])
OTHER_NAMES = [
    "Authorization",
    "Content-Type",
    "Cookie",
    "Forwarded",
    "Origin",
    "Referer",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "User-Agent",
    "X-Amz-Target",
    "X-Forwarded-Host",
    "x-localstack-data",
]
OTHERS = st.lists(
    st.tuples(
        st.sampled_from(OTHER_NAMES),
        st.sampled_from(
            [SIGNATURE, "application/json", "Boto3/1.42", "none", "same-origin", f"http://{HERE}"]
        )
        | st.text(max_size=20),
    ),
    max_size=8,
)
WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)


def cased(name: str) -> Any:
    return st.sampled_from([name, name.lower(), name.upper()])


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_clients_come_by_these_names(host: str) -> None:
    assert foreign("POST", [("Host", host), ("User-Agent", "Boto3/1.42")]) is None


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_no_other_name_is_this_machine(host: str) -> None:
    assert foreign("GET", [("Host", host)])


@given(
    METHODS, OTHERS, OTHERS, st.sampled_from(FOREIGN_HOSTS) | WORDS.map("{}.example".format), cased("Host")
)
def test_nothing_helps_a_foreign_host(method: str, first: Any, last: Any, host: str, name: str) -> None:
    assert foreign(method, [*first, (name, host), *last])


@given(METHODS, OTHERS, OTHERS, st.sampled_from(FOREIGN_ORIGINS) | WORDS.map("https://{}.example".format))
def test_nothing_helps_a_foreign_origin(method: str, first: Any, last: Any, origin: str) -> None:
    assert foreign(method, [("Host", HERE), *first, ("Origin", origin), *last])


@given(METHODS, OTHERS, OTHERS, st.sampled_from(["cross-site", "same-site", "", "Cross-Site", "other"]))
def test_nothing_helps_a_page_of_another_site(method: str, first: Any, last: Any, site: str) -> None:
    assert foreign(method, [("Host", HERE), *first, ("Sec-Fetch-Site", site), *last])


@given(METHODS, OTHERS, st.sampled_from(OWN_HOSTS), st.sampled_from(OWN_HOSTS))
def test_two_hosts_are_one_too_many(method: str, others: Any, one: str, two: str) -> None:
    assert foreign(method, [("Host", one), *others, ("host", two)])
    assert foreign(method, others)


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_a_person_may_open_a_link(site: str) -> None:
    asked = [("Host", HERE), ("User-Agent", "Mozilla/5.0 (X11)"), ("Sec-Fetch-Site", site)]
    assert foreign("GET", asked) is None
    # No page of this cloud's own sends anything: one that lies in a bucket is somebody else's.
    posted = foreign("POST", [*asked, ("Origin", f"http://{HERE}")])
    assert (posted is None) is (site == "none")


def test_a_page_that_loads_its_program_from_elsewhere_is_not_for_browsers() -> None:
    assert needs_proof("GET", "/_localstack/swagger") == "json"


def test_a_browser_has_to_say_where_it_comes_from() -> None:
    assert foreign("GET", [("Host", HERE), ("User-Agent", "Mozilla/5.0 (X11) Chrome/140.0")])


def test_a_preflight_is_refused_whatever_its_origin() -> None:
    asked = [("Host", HERE), ("Origin", f"http://{HERE}"), ("Access-Control-Request-Method", "PUT")]
    assert foreign("OPTIONS", asked)


def test_what_others_wrote_is_shown_as_text() -> None:
    why = foreign("GET", [("Host", "evil\x1b[2J\u202e" + "x" * 500)])
    assert why
    assert why.isprintable()
    assert why.isascii()
    assert len(why) < 250


@pytest.mark.parametrize(
    ("method", "path", "wanted"),
    [
        ("GET", "/_localstack/health", None),
        ("HEAD", "/_secretwatch/inbox", None),
        ("POST", "/_localstack/health", "json"),
        ("PUT", "/_localstack/health", "json"),
        ("POST", "/_localstack/state/reset", "json"),
        ("POST", "//_localstack//config", "json"),
        ("POST", "/_secretwatch/tick", "json"),
        ("WEBSOCKET", "/_secretwatch/tick", "json"),
        ("DELETE", "/_aws/sns/sms-messages", "json"),
        ("GET", "/_aws/events/rules/arn:aws:events:us-east-1:000000000000:rule/x/trigger", "json"),
        ("POST", "/_aws/execute-api/abc/prod/pets", None),
        ("GET", "/000000000000/queue", "signature"),
        ("POST", "//000000000000/queue.fifo", "signature"),
        ("GET", "/queue/us-east-1/000000000000/queue", "signature"),
        # A service's: looked at where it is known which call it is.
        ("POST", "/", None),
        ("PUT", "/bucket/key", None),
    ],
)
def test_what_changes_localstack_wants_proof(method: str, path: str, wanted: str | None) -> None:
    assert needs_proof(method, path) == wanted


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_form_is_no_proof(kind: str) -> None:
    for wanted in ("json", "signature"):
        assert not is_proven(wanted, [("Content-Type", kind), ("Authorization", "Basic dDp0")], {})


@pytest.mark.parametrize(
    "kind", ["text/plain; application/json", "application/json, text/plain", "text/json"]
)
def test_nor_is_what_only_looks_like_json(kind: str) -> None:
    assert not is_proven("json", [("Content-Type", kind)], {})


def test_proofs() -> None:
    assert is_proven("json", [("content-type", "application/json; charset=utf-8")], {})
    assert is_proven("json", [("authorization", SIGNATURE)], {})
    assert is_proven("signature", [("Authorization", SIGNATURE)], {})
    assert is_proven("signature", [], {"X-Amz-Credential": "x", "X-Amz-Signature": "y"})
    assert is_proven("signature", [], {"AWSAccessKeyId": "x", "Signature": "y"})
    assert not is_proven("signature", [("Content-Type", "application/json")], {"X-Amz-Signature": "y"})


@pytest.mark.parametrize("header", [("Sec-Fetch-Mode", "navigate"), ("User-Agent", "Mozilla/5.0 (X11)")])
def test_a_link_in_a_browser_is_not_signed_by_whoever_opens_it(header: tuple[str, str]) -> None:
    query = {"X-Amz-Credential": "x", "X-Amz-Signature": "y"}
    assert not is_proven("signature", [header], query)
    assert is_proven("signature", [("User-Agent", "curl/8")], query)


def test_a_link_with_a_password_is_no_signature() -> None:
    assert is_signature(SIGNATURE)
    assert is_signature("AWS test:abc=")
    assert not is_signature("Basic AWS4-HMAC-SHA256")
    assert not is_signature("")
