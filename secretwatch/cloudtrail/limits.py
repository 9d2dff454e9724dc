"""How large an event and its fields may be, and what becomes of those that are larger.

A long text is cut, a large structure left out: an object in its place says so, and how large it was.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
has the fields and their sizes (since event version 1.05). The object was seen in public reports:
``{"reason": "requestParameters too large", "omitted": true, "originalSize": 102500}``.
The 1 MB that an event data store may be set to are not for trails.
"""

from __future__ import annotations

import json
from typing import Any

EVENT_BYTES = 256 * 1024
"""An event that is larger reaches neither CloudWatch Logs nor EventBridge."""

CUT = dict.fromkeys(("userAgent", "errorCode", "errorMessage", "requestID"), 1024)
"""Bytes of the texts that are cut."""

OMITTED = {
    "requestParameters": 100 * 1024,
    "responseElements": 100 * 1024,
    "serviceEventDetails": 100 * 1024,
    "additionalEventData": 28 * 1024,
}
"""Bytes of the structures that are left out when they are larger, written as JSON."""

_LIMITED = [(name, most, name in CUT) for name, most in (CUT | OMITTED).items()]
_CUT_HERE = "..."
# Made once: this runs for every call.
_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def limited(event: dict[str, Any]) -> dict[str, Any]:
    """The event with its fields within their limits; one within them comes back as it is.

    AWS does not say how a text that was cut ends; in public reports a message ends in "...".
    AWS does not say whether an event that is too large although its fields are not is cut further: it is not.
    """
    changed: dict[str, Any] = {}
    # Most events are within: that is seen with one look at each field that they have.
    for name, most, is_cut in _LIMITED:
        value = event.get(name)
        if not value:
            continue
        if is_cut:
            if isinstance(value, str) and len(value) * 4 > most and _bytes(value) > most:
                changed[name] = cut(value, most)
        elif not _is_small(value, most) and (size := size_of(value)) > most:
            changed[name] = omitted(name, size)
    return {**event, **changed} if changed else event


def omitted(name: str, size: int) -> dict[str, Any]:
    """What stands in the place of a field of so many bytes.

    AWS does not say it of other fields than requestParameters: they are taken to be worded alike.
    """
    return {"reason": f"{name} too large", "omitted": True, "originalSize": size}


def cut(text: str, most: int) -> str:
    """The beginning of the text, of at most so many bytes as UTF-8, with dots at its end."""
    kept = text.encode("utf-8", "surrogatepass")[: most - len(_CUT_HERE)]
    return kept.decode("utf-8", "ignore") + _CUT_HERE


def size_of(value: Any) -> int:
    """Bytes of a value as JSON without spaces, as it stands in a log file."""
    return _bytes(_JSON.encode(value))


_MOST_BYTES = 6
"""What a character takes at most as JSON: `\\u0000`."""


def _is_small(value: Any, most: int) -> bool:
    """Whether a flat structure is surely within a limit: most are, and writing each out would be dear."""
    if type(value) is not dict:
        return False
    size = 2
    for name, each in value.items():
        if type(each) is str:
            size += len(name) + len(each) + 3
        elif each is None or type(each) is bool:
            size += len(name) + 3
        else:
            return False
    return size * _MOST_BYTES <= most


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
