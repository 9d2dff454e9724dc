"""Filter patterns for reads of secrets, where nobody says which was meant. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from secretwatch import secretid
from secretwatch.pipeline.doctor.reads import EVENT_NAMES

_LONGEST = 1024


def pattern_for(secrets: Sequence[str], event_names: Sequence[str] = EVENT_NAMES) -> str:
    """A pattern that counts calls on these secrets, by name, ARN and ARN without its suffix."""
    parts = "|".join(
        _expressions(each) for each in sorted({name for each in secrets for name in secretid.names(each)})
    )
    any_secret = not secrets or "*" in secrets
    one = f"($.requestParameters.secretId = %{parts}%) || "
    several = f"($.requestParameters.secretIdList[*] = %{parts}%) || "
    nameless = "($.requestParameters.secretId NOT EXISTS && $.requestParameters.secretIdList[0] NOT EXISTS)"
    about = "" if any_secret else f" && ({one}{several}{nameless})"
    names = " || ".join(f'($.eventName = "{name}")' for name in event_names)
    pattern = f'{{ ($.eventSource = "secretsmanager.amazonaws.com") && ({names}){about} }}'
    # Rather all secrets than none.
    return pattern if len(pattern) <= _LONGEST else pattern_for((), event_names)


def _expressions(name: str) -> str:
    text = "".join(_in_expression(char) for char in name.removesuffix("*"))
    if name.endswith("*"):
        return f"^{text}|:secret:{text}"
    return f"^{text}$|:secret:{text}$|:secret:{text}-[a-zA-Z0-9]{{6}}$"


def _in_expression(char: str) -> str:
    if char.isalnum() or char in "_/=@-":
        return char
    return f"\\{char}" if char in ".+" else f"\\x{ord(char):02x}"
