"""What a table of CloudTrail's log files holds: fields of an event, and the columns that they become.

The columns are those of AWS's page, and a few that its page leaves out: the SerDe fills whatever column has a
key's name, in small letters. A column of text keeps a text as it is, and writes true and false as text; of
the four fields whose form depends on the service it keeps the JSON. It cannot tell null from a field that is
not there.
https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlglot import exp
from sqlglot.errors import SqlglotError


class Form(StrEnum):
    """How a column holds a field."""

    TEXT = "text"
    FLAG = "true or false, written as text"
    JSON = "JSON, written as text"
    STRUCT = "struct"
    LIST = "array of structs"
    MAP = "map of texts"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event. name: as events have it; parts: those of a struct, or of an array's structs.

    is_null: whether CloudTrail writes null where there is nothing, so that NULL in the table is that.
    may_be_null: whether it does either, so that nobody can tell.
    """

    name: str
    form: Form = Form.TEXT
    parts: tuple[Field, ...] = ()
    is_null: bool = False
    may_be_null: bool = False

    @property
    def column(self) -> str:
        """The column's name, or that of a struct's field."""
        return self.name.lower()

    @property
    def hive_type(self) -> exp.DataType:
        """The type that the table's definition gives it."""
        text = exp.DataType.build("string", dialect="hive")
        if self.form is Form.MAP:
            return exp.DataType(this=exp.DataType.Type.MAP, expressions=[text, text.copy()], nested=True)
        if self.form not in (Form.STRUCT, Form.LIST):
            return text
        struct = exp.DataType(
            this=exp.DataType.Type.STRUCT,
            expressions=[
                exp.ColumnDef(this=exp.to_identifier(part.column), kind=part.hive_type) for part in self.parts
            ],
            nested=True,
        )
        if self.form is Form.STRUCT:
            return struct
        return exp.DataType(this=exp.DataType.Type.ARRAY, expressions=[struct], nested=True)


def _struct(name: str, *parts: Field | str, form: Form = Form.STRUCT) -> Field:
    return Field(name, form, tuple(Field(part) if isinstance(part, str) else part for part in parts))


FIELDS: tuple[Field, ...] = (
    Field("eventVersion"),
    _struct(
        "userIdentity",
        *("type", "principalId", "arn", "accountId", "invokedBy", "accessKeyId", "userName"),
        *("identityProvider", "credentialId"),
        _struct("onBehalfOf", "userId", "identityStoreArn"),
        _struct(
            "sessionContext",
            _struct("attributes", "mfaAuthenticated", "creationDate"),
            _struct("sessionIssuer", "type", "principalId", "arn", "accountId", "userName"),
            "ec2RoleDelivery",
            "sourceIdentity",
            _struct("webIdFederationData", "federatedProvider", Field("attributes", Form.MAP)),
        ),
    ),
    Field("eventTime"),
    Field("eventSource"),
    Field("eventName"),
    Field("awsRegion"),
    Field("sourceIPAddress"),
    Field("userAgent"),
    Field("errorCode"),
    Field("errorMessage"),
    Field("requestParameters", Form.JSON, is_null=True),
    Field("responseElements", Form.JSON, is_null=True),
    Field("additionalEventData", Form.JSON, may_be_null=True),
    Field("requestID"),
    Field("eventID"),
    Field("readOnly", Form.FLAG),
    replace(_struct("resources", "ARN", "accountId", "type", "ARNPrefix", form=Form.LIST), may_be_null=True),
    Field("eventType"),
    Field("apiVersion", may_be_null=True),
    Field("managementEvent", Form.FLAG),
    Field("recipientAccountId"),
    Field("serviceEventDetails", Form.JSON, may_be_null=True),
    Field("sharedEventID"),
    Field("vpcEndpointId"),
    Field("vpcEndpointAccountId"),
    Field("eventCategory"),
    _struct("addendum", "reason", "updatedFields", "originalRequestID", "originalEventID"),
    Field("sessionCredentialFromConsole"),
    Field("edgeDeviceDetails", Form.JSON, may_be_null=True),
    _struct("tlsDetails", "tlsVersion", "cipherSuite", "clientProvidedHostHeader"),
)
"""The fields of a table that this package defines, in its order."""


def declared(columns: Mapping[str, str], known: Iterable[Field] = FIELDS) -> tuple[Field, ...]:
    """The fields that a table holds in a form that can be read.

    columns: type by name, as the data catalogue says them (`struct<type:string,arn:string>`).
    """
    types: dict[str, exp.DataType] = {}
    for name, text in columns.items():
        try:
            types[name.lower()] = exp.DataType.build(text, dialect="hive")
        except (SqlglotError, ValueError):  # a type that is new: no field that is known here has it
            continue
    return _held(types, known)


def _held(types: Mapping[str, exp.DataType], known: Iterable[Field]) -> tuple[Field, ...]:
    found = ((field, types.get(field.column)) for field in known)
    return tuple(held for field, kind in found if kind is not None and (held := _as_declared(field, kind)))


def _as_declared(field: Field, kind: exp.DataType) -> Field | None:
    """The field with those parts that its type has; None where it holds something else."""
    if field.form is Form.LIST:
        inner = kind.expressions[:1] if kind.is_type(exp.DataType.Type.ARRAY) else []
        return _with_parts(field, inner[0]) if inner else None
    if field.form is Form.STRUCT:
        return _with_parts(field, kind)
    wanted = exp.DataType.Type.MAP if field.form is Form.MAP else exp.DataType.Type.TEXT
    return field if kind.is_type(wanted, exp.DataType.Type.VARCHAR) else None


def _with_parts(field: Field, kind: exp.DataType) -> Field | None:
    if not kind.is_type(exp.DataType.Type.STRUCT):
        return None
    types = {part.name.lower(): part.kind for part in kind.expressions if isinstance(part, exp.ColumnDef)}
    parts = _held({name: each for name, each in types.items() if each is not None}, field.parts)
    return replace(field, parts=parts)
