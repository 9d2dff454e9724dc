"""Which requests a page in somebody's browser may have sent: the local cloud answers none of them.

Whoever uses the local cloud also visits web pages, and each of them can send requests to 127.0.0.1, with a
name of its own for that address too ("DNS rebinding"). Browsers say where a request comes from; AWS's clients
say nothing of the kind.
https://fetch.spec.whatwg.org/#origin-header
https://w3c.github.io/webappsec-fetch-metadata/

Pure: what is decided from a request's method, path and headers. Not here: where it is asked (`doors.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

Headers = Iterable[tuple[str, str]]

# Nobody else can say what these names stand for: of the last ones LocalStack can, whose they are. Its own
# addresses of queues, buckets and APIs end in them.
# https://docs.localstack.cloud/aws/capabilities/networking/internal-endpoints/
_HOST = re.compile(
    r"(?:127\.0\.0\.1|\[::1\]|(?:[a-z0-9_-]+\.)*localhost(?:\.localstack\.cloud)?)(?::[0-9]{1,5})?"
)
_OWN_SITES = ("none", "same-origin")
"""By the address bar, a bookmark or a command; from a page of the local cloud itself."""

# To http://localhost.localstack.cloud a browser says nothing of where a request comes from, as nothing sent
# there is safe from listeners. Its own name is in every one, and a page cannot change it.
_BROWSER = "mozilla/"

# Without the space: LocalStack makes a header of a presigned URL, and leaves it out.
_SIGNATURES = ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "AWS ")
_QUERY_SIGNATURES = ({"X-Amz-Credential", "X-Amz-Signature"}, {"AWSAccessKeyId", "Signature"})

_SAFE = ("GET", "HEAD", "OPTIONS")
# A GET that changes something: LocalStack's way to let a scheduled rule fire.
# And a page that loads its program from the internet, into this cloud's own origin.
_TRIGGER = re.compile(r"/_aws/events/rules/.*|/_localstack/swagger(?:/.*)?")
# What is sent to APIs is for those who made them.
_APIS = re.compile(r"/_aws/execute-api(?:/.*)?")
_QUEUE = re.compile(r"/(?:queue/[a-z0-9-]+/)?[0-9]{12}/[A-Za-z0-9_-]+(?:\.fifo)?/?")


def foreign(method: str, headers: Headers) -> str | None:
    """What says that a page elsewhere sent the request, or that it was sent to another name; else None."""
    found = _by_name(headers)
    hosts = found.get("host", [])
    if len(hosts) != 1:
        return f"it names {len(hosts)} hosts"
    if not _is_ours(hosts[0]):
        return f"it is for the host {_quoted(hosts[0])}"
    host = hosts[0].strip().lower()
    for origin in found.get("origin", ()):
        if origin.strip().lower() not in (f"http://{host}", f"https://{host}"):
            return f"it comes from the origin {_quoted(origin)}"
    sites = found.get("sec-fetch-site", ())
    for site in sites:
        if site.strip().lower() not in _OWN_SITES:
            return f"it comes from a {_quoted(site)} page"
        # What this cloud shows a browser are others' objects: no page of its own sends anything.
        if site.strip().lower() == "same-origin" and method.upper() not in _SAFE:
            return "it comes from a page that lies in this cloud"
    if not sites and _is_browsers(found):
        return "it comes from a browser that does not say from which page"
    # A browser asks so before a page elsewhere may send more than a form can.
    if any(name.startswith("access-control-request-") for name in found):
        return f"it is a browser's question ({_quoted(method)}) whether a page may send something"
    return None


def is_browser(headers: Headers) -> bool:
    """Whether a browser sent the request, for whomever.

    One that somebody sent elsewhere with the address bar says "none" also when it was then sent on to here:
    so a link that it opens changes nothing, whatever signature it carries.
    """
    return _is_browsers(_by_name(headers))


def _by_name(headers: Headers) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return found


def _is_browsers(found: Mapping[str, Iterable[str]]) -> bool:
    """`found` are the headers by their names in lower case."""
    agents = found.get("user-agent", ())
    return any(agent.strip().lower().startswith(_BROWSER) for agent in agents) or any(
        name.startswith("sec-fetch-") for name in found
    )


@lru_cache(maxsize=64)
def _is_ours(host: str) -> bool:
    return _HOST.fullmatch(host.strip().lower()) is not None


def needs_proof(method: str, path: str) -> str | None:
    """What a request has to bring that no page can: "signature", "json" (or a signature), or nothing.

    This is about what LocalStack answers before it looks for a service: its own pages, and queues' addresses.
    """
    if "//" in path:
        path = re.sub("/+", "/", path)
    if _QUEUE.fullmatch(path):
        return "signature"
    if not path.startswith("/_") or _APIS.fullmatch(path):
        return None
    return "json" if method.upper() not in _SAFE or _TRIGGER.fullmatch(path) else None


def is_proven(wanted: str, headers: Headers, query: Mapping[str, str]) -> bool:
    """Whether the request brings what `needs_proof` wants of it."""
    headers = list(headers)
    if any(name.lower() == "authorization" and is_signature(value) for name, value in headers):
        return True
    if wanted == "signature":
        return is_signed_query(query) and not is_browser(headers)
    types = [value for name, value in headers if name.lower() == "content-type"]
    return len(types) == 1 and types[0].partition(";")[0].strip().lower() == "application/json"


def is_signature(authorization: str) -> bool:
    """Whether this is AWS's kind: a browser sends the Basic kind by itself, for a link with a password."""
    return authorization.startswith(_SIGNATURES)


def is_signed_query(query: Mapping[str, str]) -> bool:
    """Whether an address carries its signature: such a one is made to be given to somebody.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
    """
    return any(names <= query.keys() for names in _QUERY_SIGNATURES)


def _quoted(text: str) -> str:
    """What others wrote, so that it can be shown and logged."""
    return ascii(text[:100])
