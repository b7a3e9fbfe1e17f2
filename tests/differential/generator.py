"""Random cases in the form of `tests/cases/policy`, from a small vocabulary, so that statements often apply."""

from functools import partial
from random import Random
from typing import Any

Json = dict[str, Any]

A, B = "123456789012", "111122223333"
ROLE, SESSION = f"arn:aws:iam::{A}:role/Dev", f"arn:aws:sts::{A}:assumed-role/Dev/session"
USER, MARY = f"arn:aws:iam::{A}:user/mateojackson", f"arn:aws:iam::{B}:user/marymajor"
FEDERATED = f"arn:aws:sts::{A}:federated-user/guest"
KEY = f"arn:aws:kms:us-east-1:{A}:key/1234abcd"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{A}:trail/main"

TARGETS = (
    ("s3:GetObject", "arn:aws:s3:::trail-logs/AWSLogs/x", A),
    ("s3:GetObject", "arn:aws:s3:::trail-logs/AWSLogs/x", B),
    ("s3:PutObject", "arn:aws:s3:::trail-logs/team/a*b", A),
    ("s3:ListAllMyBuckets", "*", ""),
    ("kms:Decrypt", KEY, A),
    ("kms:RetireGrant", KEY, B),
    ("sts:AssumeRole", ROLE, A),
    ("sts:TagSession", ROLE, A),
    ("sts:GetCallerIdentity", "*", ""),
    ("cloudtrail:GetTrailStatus", TRAIL, A),
    ("CloudTrail:lookupevents", "*", ""),
)
PRINCIPALS = (
    "user", "user", "role", "role", "outsider", "root", "outside_root", "federated", "service", "web", "saml", "anonymous",
    "manager", "linked",
)  # fmt: skip
NAMES: dict[str, tuple[str, ...]] = {
    "AWS": (
        "*", A, B, f"arn:aws:iam::{A}:root", f"arn:aws:iam::{B}:root", USER, MARY, ROLE, SESSION, FEDERATED, "AROADEV",
        "AIDAMATEOJACKSON",
    ),
    "Service": ("cloudtrail.amazonaws.com", "config.amazonaws.com", "*"),
    "Federated": ("accounts.google.com", "graph.facebook.com", f"arn:aws:iam::{A}:saml-provider/Corporate"),
}  # fmt: skip

STRINGS = ("us-east-1", "US-EAST-1", "eu-west-1", "", "a", "team", "a*b", "us-*", "?s-east-1", "*", "a?b", "${*}")
VARIABLES = (
    "${aws:PrincipalTag/team}", "${aws:principaltag/TEAM, 'team'}", "${aws:userid}", "${aws:TagKeys}", "x${?}y", "${$}",
    "${aws:PrincipalAccount}",
)  # fmt: skip
KEYS: dict[str, tuple[str, ...]] = {
    "aws:RequestedRegion": STRINGS,
    "aws:PrincipalTag/team": STRINGS,
    "aws:TagKeys": STRINGS,
    "aws:PrincipalArn": (USER, ROLE, SESSION, "arn:aws:iam::*:role/*", f"arn:aws:iam::{A}:*", "arn:*", "x"),
    "aws:SourceArn": (TRAIL, "arn:aws:cloudtrail:*:*:trail/*", "arn:aws:cloudtrail:*", "arn:aws:s3:::*", "*"),
    "aws:SourceIp": ("203.0.113.7", "203.0.113.0/24", "0.0.0.0/0", "2001:db8::1", "2001:DB8::/32", "10.0.0.1", "x"),
    "aws:CurrentTime": (
        "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "1767225600", "2026", "2025-12", "2026-01-01", "soon",
    ),
    "s3:max-keys": ("10", "10.0", "9", "-1", "10keys", ""),
    "aws:SecureTransport": ("true", "false", "TRUE", "yes"),
    "s3:blob": ("aGk=", "aGk", "aGx="),
}  # fmt: skip
FAMILIES: dict[str, tuple[str, ...]] = {
    "aws:SourceIp": ("IpAddress", "NotIpAddress"),
    "aws:CurrentTime": ("DateLessThan", "DateGreaterThanEquals", "DateEquals", "DateNotEquals"),
    "s3:max-keys": ("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals"),
    "aws:SecureTransport": ("Bool",),
    "s3:blob": ("BinaryEquals",),
    "aws:PrincipalArn": ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "StringLike", "StringNotLike"),
    "aws:SourceArn": ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "StringLike", "StringEquals"),
}
TEXTS = (
    "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike",
    "StringNotLike",
)  # fmt: skip


class Generator:
    """One stream of cases; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def case(self) -> Json:
        action, resource, owner = self.random.choice(TARGETS)
        self.action, self.resource = action, resource
        request = {
            "principal": self.random.choice(PRINCIPALS),
            "action": action,
            "resource": resource,
            "resource_account": owner,
            "context": self.context(),
            "resource_in_management_account": self.chance(0.05),
            "resource_aws_managed": self.chance(0.05),
        }
        return {"request": request, "policies": self.policies()}

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def context(self) -> Json:
        found: Json = {}
        for key, values in KEYS.items():
            if self.chance(0.5):
                written = key.upper() if self.chance(0.1) else key
                listed = [self.random.choice(values) for _ in range(self.random.randrange(4))]
                found[written] = (
                    listed if self.chance(0.6 if key == "aws:TagKeys" else 0.05) else listed[:1][-1:] or [""]
                )
                found[written] = found[written][0] if len(found[written]) == 1 and self.chance(0.9) else found[written]
        return found

    def policies(self) -> Json:
        found: Json = {"identity": self.documents("identity")}
        if self.chance(0.6):
            found["resource"] = self.documents("resource")
        if self.action.startswith("sts:"):
            found["trust"] = self.documents("trust")
        for kind, share in (("boundary", 0.25), ("session", 0.25), ("endpoint", 0.15)):
            if self.chance(share):
                found[kind] = self.documents(kind)
        for kind, share in (("scps", 0.3), ("rcps", 0.2), ("scoped", 0.1)):
            if self.chance(share):
                found[kind] = [self.documents(kind) for _ in range(self.random.randrange(1, 4))]
        return found

    def documents(self, kind: str) -> list[Json]:
        return [self.document(kind) for _ in range(self.random.choice((0, 1, 1, 1, 2)))]

    def document(self, kind: str) -> Json:
        statements = [self.statement(kind) for _ in range(self.random.choice((1, 1, 2, 3)))]
        version = "2008-10-17" if self.chance(0.1) else "2012-10-17"
        return {"Version": version, "Statement": statements[0] if len(statements) == 1 else statements}

    def statement(self, kind: str) -> Json:
        found: Json = {"Effect": "Deny" if self.chance(0.5 if kind == "rcps" else 0.2) else "Allow"}
        if kind == "rcps":
            found["Principal"] = "*"
        elif kind in {"resource", "trust", "endpoint"}:
            found["NotPrincipal" if self.chance(0.1) else "Principal"] = self.principal()
        found["NotAction" if self.chance(0.15) else "Action"] = self.some(self.action_pattern)
        if kind != "trust":
            found["NotResource" if self.chance(0.15) else "Resource"] = self.some(self.resource_pattern)
        if self.chance(0.5):
            found["Condition"] = self.condition()
        return found

    def some(self, make: Any) -> Any:
        found = [make() for _ in range(self.random.choice((1, 1, 1, 2, 3)))]
        return found[0] if len(found) == 1 else found

    def principal(self) -> Any:
        if self.chance(0.2):
            return "*"
        kinds = self.random.sample(list(NAMES), self.random.choice((1, 1, 1, 2)))
        if self.chance(0.7) and "AWS" not in kinds:
            kinds[0] = "AWS"
        return {kind: self.some(partial(self.random.choice, NAMES[kind])) for kind in kinds}

    def action_pattern(self) -> str:
        if self.chance(0.3):
            return "*"
        service, _, name = self.random.choice((self.action, self.action, self.random.choice(TARGETS)[0])).partition(":")
        return f"{service}:{self.wild(name)}" if self.chance(0.9) else f"{service}:*"

    def resource_pattern(self) -> str:
        if self.chance(0.35):
            return "*"
        if self.chance(0.1):
            return ":".join(self.resource.split(":")[: self.random.randrange(2, 6)])
        base = self.random.choice((self.resource, self.resource, self.random.choice(TARGETS)[1]))
        if self.chance(0.2):
            return base.rpartition("/")[0] + "/" + self.random.choice((*VARIABLES, "${*}"))
        return self.wild(base)

    def wild(self, name: str) -> str:
        """The name as it is, or with some of it replaced by wildcards, or in another case."""
        for _ in range(self.random.choice((0, 1, 1, 2))):
            start = self.random.randrange(len(name) + 1)
            end = min(len(name), start + self.random.randrange(6))
            name = name[:start] + self.random.choice(("*", "*", "?", "?" * (end - start))) + name[end:]
        return name.swapcase() if self.chance(0.1) else name

    def condition(self) -> Json:
        found: Json = {}
        for _ in range(self.random.choice((1, 1, 2))):
            key = self.random.choice(list(KEYS))
            names = FAMILIES.get(key, TEXTS)
            name = "Null" if self.chance(0.1) else self.random.choice(names)
            if name == "Null":
                values: Any = self.random.choice(("true", "false", True, False, "TRUE"))
            else:
                values = self.some(partial(self.condition_value, key))
                name += "IfExists" if self.chance(0.15) else ""
                share = 0.6 if key == "aws:TagKeys" else 0.1
                prefix = self.random.choice(("ForAllValues:", "ForAnyValue:")) if self.chance(share) else ""
                name = prefix + name
            found.setdefault(name, {})[key.lower() if self.chance(0.1) else key] = values
        return found

    def condition_value(self, key: str) -> str:
        return self.random.choice((*KEYS[key], *VARIABLES) if self.chance(0.3) else KEYS[key])
