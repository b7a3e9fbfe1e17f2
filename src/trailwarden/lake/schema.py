"""The columns of an event data store: AWS's SQL schemas, as data, for DuckDB and Iceberg alike.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-supported-event-schemas.html

A schema is written with the record's own names. In the lake all names are lower-case, but for one that AWS's schema
itself misspells. Maps hold JSON text where their values are no text. `eventjson` is the record as it was stored.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

__all__ = ["FAMILIES", "Column", "Family", "family_of", "json_structure", "name_of", "projection", "sql_type"]

MAP = "map"
_TEXTS = "eventVersion eventCategory eventType eventID"
_SPELLED = {"credentialsIssuedTo": "credentiaisissuedto"}


def _texts(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), "string")


_SESSION: Mapping[str, Any] = {
    "attributes": {"creationDate": "timestamp", "mfaAuthenticated": "string"},
    "sessionIssuer": _texts("type principalId arn accountId userName"),
    "webIdFederationData": {"federatedProvider": "string", "attributes": MAP},
    **_texts("sourceIdentity ec2RoleDelivery ec2IssuedInVpc"),
}
_EVENTS: Mapping[str, Any] = {
    "eventVersion": "string",
    "userIdentity": {
        **_texts("type principalId arn accountId accessKeyId userName"),
        "sessionContext": _SESSION,
        "onBehalfOf": _texts("userId identityStoreArn"),
        "inScopeOf": _texts("sourceArn sourceAccount issuerType credentialsIssuedTo"),
        **_texts("invokedBy identityProvider"),
    },
    "eventTime": "timestamp",
    **_texts("eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage"),
    **dict.fromkeys(("requestParameters", "responseElements", "additionalEventData"), MAP),
    **_texts("requestID eventID"),
    "readOnly": "boolean",
    "resources": [_texts("accountId type ARN ARNPrefix")],
    **_texts("eventType apiVersion"),
    "managementEvent": "boolean",
    **_texts("recipientAccountId sharedEventID annotation vpcEndpointId vpcEndpointAccountId"),
    **dict.fromkeys(("serviceEventDetails", "addendum", "edgeDeviceDetails", "insightDetails"), MAP),
    "eventCategory": "string",
    "tlsDetails": _texts("tlsVersion cipherSuite clientProvidedHostHeader"),
    "sessionCredentialFromConsole": "string",
}
_HEAD: Mapping[str, Any] = {**_texts(_TEXTS), "eventTime": "timestamp", **_texts("awsRegion recipientAccountId")}
_AVERAGE = {"value": "string", "average": "double"}
_INSIGHTS: Mapping[str, Any] = {
    **_HEAD,
    "sharedEventID": "string",
    "addendum": MAP,
    **_texts("insightSource insightState insightEventSource insightEventName insightErrorCode insightType"),
    "insightContext": {
        "baselineAverage": "double",
        "insightAverage": "double",
        "baselineDuration": "integer",
        "insightDuration": "integer",
        "attributions": {
            "attribute": "string",
            "insightValue": "string",
            "insightAverage": "double",
            "baselineValue": "string",
            "baselineAverage": "double",
            "insight": _AVERAGE,
            "baseline": _AVERAGE,
        },
    },
}
_ITEMS: Mapping[str, Any] = {
    **_HEAD,
    "addendum": MAP,
    "eventData": {
        **_texts("configurationItemVersion configurationItemCaptureTime configurationItemStatus"),
        **_texts("configurationItemStateId accountId resourceType resourceId resourceName arn awsRegion"),
        **_texts("availabilityZone resourceCreationTime"),
        "configuration": MAP,
        "supplementaryConfiguration": MAP,
        "relatedEvents": "string",
        "relationships": _texts("name resourceType resourceId resourceName"),
        "tags": MAP,
    },
}
_ACTIVITIES: Mapping[str, Any] = {
    **_HEAD,
    "addendum": _texts("reason updatedFields originalUID originalEventID"),
    "metadata": _texts("ingestionTime channelARN"),
    "eventData": {
        "version": "string",
        "userIdentity": {**_texts("type principalId"), "details": MAP},
        **_texts("userAgent eventSource eventName eventTime UID"),
        "requestParameters": MAP,
        "responseElements": MAP,
        **_texts("errorCode errorMessage sourceIPAddress recipientAccountId"),
        "additionalEventData": MAP,
    },
}
_EVIDENCE: Mapping[str, Any] = {
    **_HEAD,
    "addendum": MAP,
    "eventData": {
        "attributes": MAP,
        **_texts("awsAccountId awsOrganization complianceCheck dataSource eventName eventSource evidenceAwsAccountId"),
        **_texts("evidenceByType iamId evidenceId"),
        "time": "timestamp",
        **_texts("assessmentId controlSetId controlId controlName controlDomainName frameworkName frameworkId service"),
        **_texts("serviceCategory resourceArn resourceType evidenceFolderId description"),
        **_texts("manualEvidenceS3ResourcePath evidenceFolderName resourceComplianceCheck"),
    },
}


def name_of(member: str) -> str:
    """The name in the lake of a record's member."""
    return _SPELLED.get(member, member.lower())


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the record's member, its name in the lake, its type."""

    member: str
    type: Any

    @property
    def name(self) -> str:
        """The lower-case name."""
        return name_of(self.member)


@dataclass(frozen=True, slots=True)
class Family:
    """The columns that stores of some categories of events have in common."""

    name: str
    categories: frozenset[str]
    members: Mapping[str, Any] = field(hash=False, compare=False)

    @property
    def columns(self) -> tuple[Column, ...]:
        """In AWS's order, without `eventjson`."""
        return tuple(Column(member, kind) for member, kind in self.members.items())


FAMILIES = (
    Family("events", frozenset({"Management", "Data", "NetworkActivity"}), _EVENTS),
    Family("insights", frozenset({"Insight"}), _INSIGHTS),
    Family("items", frozenset({"ConfigurationItem"}), _ITEMS),
    Family("activities", frozenset({"ActivityAuditLog"}), _ACTIVITIES),
    Family("evidence", frozenset({"Evidence"}), _EVIDENCE),
)


def family_of(categories: frozenset[str]) -> Family:
    """The family of a store of these categories; that of CloudTrail's own events for anything unknown."""
    return next((family for family in FAMILIES if categories & family.categories), FAMILIES[0])


_PLAIN = {"string": "VARCHAR", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN", "double": "DOUBLE", "integer": "INTEGER"}


def sql_type(kind: Any) -> str:
    """The type in DuckDB's SQL, with the lake's names."""
    if isinstance(kind, list):
        return f"{sql_type(kind[0])}[]"
    if isinstance(kind, Mapping):
        members = ", ".join(f'"{Column(member, of).name}" {sql_type(of)}' for member, of in kind.items())
        return f"STRUCT({members})"
    return "MAP(VARCHAR, VARCHAR)" if kind == MAP else _PLAIN[kind]


def json_structure(kind: Any) -> Any:
    """The type as DuckDB's `json_transform` wants it, with the record's names."""
    if isinstance(kind, list):
        return [json_structure(kind[0])]
    if isinstance(kind, Mapping):
        return {member: json_structure(of) for member, of in kind.items()}
    return "MAP(VARCHAR, VARCHAR)" if kind == MAP else _PLAIN[kind]


@cache
def projection(family: Family, source: str, keep: str = "") -> str:
    """A SELECT that makes the family's columns and `eventjson` from the column `raw` of `source`; `keep` names one to keep.

    A member of another type than the schema's becomes NULL; so does a record that is no JSON, whose text stays.
    """
    structure = json.dumps(json_structure(family.members), separators=(",", ":")).replace("'", "''")
    kept = f"{keep}, " if keep else ""
    columns = kept + ", ".join(_selected(column) for column in family.columns)
    opened = f"SELECT {kept}raw, json_transform(try_cast(raw AS JSON), '{structure}') AS record FROM {source}"  # noqa: S608 — our own names
    return f"SELECT {columns}, raw AS eventjson FROM ({opened})"  # noqa: S608 — likewise


def _selected(column: Column) -> str:
    found = f'record."{column.member}"'
    return f'{_renamed(found, column.type, 0)} AS "{column.name}"'


def _renamed(found: str, kind: Any, depth: int) -> str:
    """The value with the lake's names; an absent struct stays absent rather than becoming one of absent members."""
    if isinstance(kind, list):
        item = f"item{depth}"
        return f"list_transform({found}, lambda {item}: {_renamed(item, kind[0], depth + 1)})"
    if not isinstance(kind, Mapping):
        return found
    members = [Column(member, of) for member, of in kind.items()]
    inner = ((each.name, _renamed(f'{found}."{each.member}"', each.type, depth)) for each in members)
    packed = ", ".join(f'"{name}" := {value}' for name, value in inner)
    return f"CASE WHEN {found} IS NULL THEN NULL ELSE struct_pack({packed}) END"
