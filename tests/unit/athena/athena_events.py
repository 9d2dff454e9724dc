"""Events as CloudTrail writes them, and filter patterns about them, to draw from."""

from __future__ import annotations

from hypothesis import strategies as st
from local_trino import TIME, Numeral

TEXTS = st.sampled_from(
    [
        *(
            "",
            "x",
            "xy",
            "xyx",
            "yx",
            "xxy",
            "x y",
            "X",
            "12",
            "12.0",
            "-0",
            "1e3",
            "true",
            "null",
            "inf",
            "é",
            "😀x",
        ),
        *(
            "111.111.111.111",
            "a.111.111.111",
            "it's",
            "--",
            "a%b",
            "a_b",
            "a#b",
            "a#%b",
            "\\",
            '"',
            "x\n",
            "a\nx",
        ),
        *("' OR 1=1 --", "*", "$", "GetSecretValue", "AccessDeniedAccessDenied", "٣", "\x7f", "\t"),
    ]
)
NUMERALS = st.sampled_from(
    [
        "12",
        "12.0",
        "-0",
        "0",
        "1e3",
        "1E+3",
        "1000",
        "1000.0",
        "0.5",
        "-7",
        "1e400",
        "12345678901234567890",
        "1e-400",
    ]
).map(Numeral)
COMMON = st.sampled_from(["x", "xy", "12", "111.111.111.111"])
TEXTS = st.one_of(COMMON, COMMON, TEXTS)
SCALARS = st.one_of(TEXTS, TEXTS, NUMERALS, st.booleans(), st.none())
KEYS = st.sampled_from(["a", "a", "a", "b", "secretId", "x-y", "0", "a.b", "_"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4).flatmap(
    lambda has: st.one_of(SCALARS, VALUES).map(lambda value: {"a": value} | has)
)


def struct(**parts):
    return st.fixed_dictionaries({}, optional=parts)


EVENTS = st.fixed_dictionaries(
    {
        "eventTime": st.just(TIME),
        "eventName": TEXTS,
        "requestParameters": st.none() | DOCUMENTS,
        "responseElements": st.none() | DOCUMENTS,
    },
    optional={
        "errorCode": TEXTS,
        "sourceIPAddress": TEXTS,
        "readOnly": st.booleans(),
        "userIdentity": struct(
            arn=TEXTS,
            invokedBy=TEXTS,
            sessionContext=struct(
                sessionIssuer=struct(arn=TEXTS),
                webIdFederationData=struct(attributes=st.dictionaries(KEYS, TEXTS, max_size=2)),
            ),
        ),
        "additionalEventData": DOCUMENTS,
        "resources": st.lists(struct(ARN=TEXTS, type=TEXTS), max_size=2),
        "tlsDetails": struct(tlsVersion=TEXTS),
        "notInTheTable": VALUES,
    },
)

PLACES = st.sampled_from(
    [
        *(
            "$.eventName",
            "$.eventName",
            "$.eventName",
            "$.errorCode",
            "$.sourceIPAddress",
            "$.readOnly",
            "$.userIdentity",
            "$.eventName.x",
        ),
        *(
            "$.userIdentity.arn",
            "$.userIdentity.invokedBy",
            "$.userIdentity.sessionContext",
            "$.userIdentity[0]",
        ),
        *("$.userIdentity.sessionContext.sessionIssuer.arn", "$.userIdentity.sessionContext.sessionIssuer"),
        *("$.userIdentity.sessionContext.webIdFederationData.attributes.a", "$.tlsDetails.tlsVersion"),
        *("$.resources[0].ARN", "$.resources[*].type", "$.requestParameters", "$.requestParameters[0]"),
        *("$.requestParameters.a", "$.requestParameters.a", "$.requestParameters.secretId"),
        *("$.requestParameters.a.b", "$.eventName"),
        *(
            "$.requestParameters.a",
            "$.requestParameters.b",
            "$.requestParameters._",
            "$.requestParameters['x-y']",
        ),
        *(
            "$.requestParameters.a[0]",
            "$.requestParameters.a[1]",
            "$.requestParameters.a[*]",
            "$.requestParameters.*",
        ),
        *(
            "$.requestParameters.0",
            "$.requestParameters.['a.b']",
            "$.requestParameters.a[0].b",
            "$.requestParameters.x-y",
        ),
        *("$.responseElements.a", "$.additionalEventData.a", "$.additionalEventData.b[*].a"),
    ]
)
REGEXES = st.sampled_from(
    [
        *(
            "x",
            "^x$",
            "^x",
            "y$",
            "^$",
            r"^\d+$",
            r"^\D+$",
            r"\w",
            r"\W",
            r"\s$",
            ".x",
            "x|^y",
            "^x|y$",
            "x{2}",
            "x?y",
        ),
        *(
            "[^x]$",
            "[a-x.]+$",
            r"[\d.]{3,}",
            r"\x78",
            r"\xe9",
            r"^.$",
            r"a\nx",
            "^[-x]",
            "[x-]y",
            r"x\x0a$",
            "x$y",
        ),
        *(r"^\S*$", r"[\D]", "'", "%"[:0] or "#", r"\*", r"^[\x00-\x7f]*$", "[^^]", r"[\]\\]"),
    ]
)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


WILD = st.lists(
    st.one_of(st.just("*"), st.sampled_from(["x", "y", "111.111.111", "12", "a", "%", "_", "#", "😀", "1"])),
    min_size=1,
    max_size=6,
).map("".join)
CONDITIONS = st.one_of(
    st.tuples(st.sampled_from(["=", "!="]), st.one_of(TEXTS, WILD).map(quoted)),
    st.tuples(
        st.sampled_from(["=", "!=", "<", ">", "<=", ">="]),
        st.sampled_from(
            [
                "12",
                "12.0",
                "0",
                "-7",
                ".5",
                "1e3",
                "1000",
                "1e400",
                "1e308",
                "12345678901234567890",
                "9" * 400,
            ]
        ),
    ),
    st.tuples(st.sampled_from(["=", "!="]), REGEXES.map(lambda text: f"%{text}%")),
    st.sampled_from([("IS", "NULL"), ("IS", "TRUE"), ("IS", "FALSE"), ("NOT", "EXISTS")]),
).map(" ".join)
LEAVES = st.tuples(PLACES, CONDITIONS).map(" ".join)
PATTERNS = (
    st.recursive(
        LEAVES,
        lambda inner: st.tuples(inner, st.sampled_from([" && ", " || "]), inner).map(
            lambda parts: f"({''.join(parts)})"
        ),
        max_leaves=5,
    )
    .filter(lambda text: text.count("*]") + text.count(".*") < 3 and text.count("%") <= 4)
    .map(lambda text: "{ " + text + " }")
)
