"""Mends of generated denials over random organizations: applied to the account data, each does what it says and no more.

150 organizations by default; MENDS_EXAMPLES=1000 tries as many as issue 6 asks for. A failure prints the seed.
"""

import json
import os
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from trailwarden.diagnose import Attach, FileData, Mend, Refusal, SetDocument
from trailwarden.diagnose.account import IdentityKind, read_account
from trailwarden.diagnose.case import Case, ask, rebuild
from trailwarden.diagnose.data import Levels
from trailwarden.diagnose.diagnosis import diagnose
from trailwarden.diagnose.edits import Edit
from trailwarden.diagnose.mends import mends_of
from trailwarden.policy import Effect, Layer
from trailwarden.policy.pattern import compile_patterns, pieces_of

Json = dict[str, Any]
EXAMPLES = int(os.environ.get("MENDS_EXAMPLES", "150"))
A, B = "123456789012", "111122223333"
IAM, BUCKET, KEY = f"arn:aws:iam::{A}", "arn:aws:s3:::trail-logs", f"arn:aws:kms:us-east-1:{A}:key/1234abcd"
TRAIL, TABLE = f"arn:aws:cloudtrail:us-east-1:{A}:trail/main", f"arn:aws:dynamodb:us-east-1:{A}:table/orders"
OTHER = "arn:aws:s3:::reports"
USERS, ROLES, GROUPS = ("mateojackson", "marymajor"), ("Audit", "Deploy"), ("Staff", "Operators")
MANAGED, CAP = f"{IAM}:policy/Shared", f"{IAM}:policy/Cap"
SCP, RCP = (
    "arn:aws:organizations::123456789012:policy/o-1/service_control_policy/p-{}",
    "arn:aws:organizations::123456789012:policy/o-1/resource_control_policy/p-r{}",
)
ACTIONS = {
    "s3:GetObject": (f"{BUCKET}/x", f"{BUCKET}/y", f"{OTHER}/x"),
    "s3:PutObject": (f"{BUCKET}/x", f"{BUCKET}/y", f"{OTHER}/x"),
    "s3:ListBucket": (BUCKET, OTHER),
    "kms:Decrypt": (KEY,),
    "kms:DescribeKey": (KEY,),
    "sts:AssumeRole": tuple(f"{IAM}:role/{name}" for name in ROLES),
    "cloudtrail:GetTrailStatus": (TRAIL,),
    "cloudtrail:StopLogging": (TRAIL,),
    "dynamodb:GetItem": (TABLE,),
    "cloudtrail:DescribeTrails": ("*",),
}
UNIVERSE = tuple((action, resource) for action, found in ACTIONS.items() for resource in found)
PATTERNS = ("s3:Get*", "s3:*Object", "kms:Decrypt", "kms:De*", "cloudtrail:*", "sts:AssumeRole", *ACTIONS)
RESOURCES = (
    "*", f"{BUCKET}/*", f"{BUCKET}/x", f"{OTHER}/*", BUCKET, f"{BUCKET}*", KEY, TRAIL, TABLE, f"{IAM}:role/*", f"{IAM}:role/Audit",
)  # fmt: skip
CONDITIONS = (
    {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
    {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}},
    {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"ArnNotEquals": {"aws:PrincipalArn": f"{IAM}:role/Deploy"}},
    {"ArnLike": {"aws:PrincipalArn": f"{IAM}:user/*"}},
    {"StringEquals": {"aws:PrincipalTag/team": "red"}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "red"}},
)
PRINCIPALS = (*(f"{IAM}:user/{name}" for name in USERS), *(f"{IAM}:role/{name}" for name in ROLES))
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


class Organization:
    """Account data from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.caller = self.random.choice(
            [*(f"{IAM}:user/{name}" for name in USERS), *(f"arn:aws:sts::{A}:assumed-role/{name}/s" for name in ROLES)]
        )
        self.action, self.resource = self.random.choice(UNIVERSE)
        self.data = self._data()
        self._before: dict[str, dict[tuple[str, str], int]] = {}

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def some(self, choices: tuple[str, ...], most: int = 2) -> list[str]:
        return self.random.sample(choices, self.random.randint(1, most))

    def statement(self, denies: float, *, principal: bool = False, resource: bool = True) -> Json:
        found: Json = {"Effect": "Deny" if self.chance(denies) else "Allow"}
        if principal:
            names = (
                "*",
                f"{IAM}:root",
                *(f"{IAM}:user/{name}" for name in USERS),
                *(f"{IAM}:role/{name}" for name in ROLES),
            )
            found["Principal"] = "*" if self.chance(0.1) else {"AWS": self.some(names)}
        found["NotAction" if found["Effect"] == "Deny" and self.chance(0.05) else "Action"] = self.some(PATTERNS)
        if resource:
            found["Resource"] = self.some(RESOURCES)
        if self.chance(0.4):
            found["Condition"] = self.random.choice(CONDITIONS)
        return found

    def document(self, denies: float, **kinds: bool) -> str:
        statements = [self.statement(denies, **kinds) for _ in range(self.random.choice((1, 1, 2)))]
        return json.dumps({"Version": "2012-10-17", "Statement": statements})

    def cap(self) -> str:
        whole = [EVERYTHING] if self.chance(0.75) else []
        more = [self.statement(0.6) for _ in range(self.random.choice((0, 1, 1)) if whole else 1)]
        return json.dumps({"Version": "2012-10-17", "Statement": [*whole, *more]})

    def _data(self) -> FileData:
        levels = self.random.choice((0, 0, 2, 3))
        scps: Levels = tuple(
            tuple((SCP.format(self.random.randrange(3)), "") for _ in range(self.random.choice((1, 1, 2))))
            for _ in range(levels)
        )
        texts = {arn: self.cap() for level in scps for arn, _ in level}
        scps = tuple(tuple((arn, texts[arn]) for arn in dict.fromkeys(arn for arn, _ in level)) for level in scps)
        rcps: Levels = tuple(
            ((RCP.format(level), self.document(1.0, principal=False)),) if self.chance(0.15) else ()
            for level in range(levels)
        )
        rcps = tuple(
            tuple((arn, text.replace('"Effect": "Deny"', '"Effect": "Deny", "Principal": "*"')) for arn, text in level)
            for level in rcps
        )
        policies = {KEY: self._key()}
        for bucket in (BUCKET, OTHER):
            if self.chance(0.4):
                policies[bucket] = self.document(0.3, principal=True)
        return FileData(
            details=read_account(self._details(), A),
            policies=policies,
            organization={"SERVICE_CONTROL_POLICY": scps, "RESOURCE_CONTROL_POLICY": rcps},
            existing=(BUCKET, OTHER, KEY, TRAIL, TABLE) if self.chance(0.5) else None,
        )

    def _key(self) -> str:
        whole = {"Effect": "Allow", "Principal": {"AWS": f"{IAM}:root"}, "Action": "kms:*", "Resource": "*"}
        own = json.loads(self.document(0.2, principal=True))["Statement"]
        return json.dumps({"Version": "2012-10-17", "Statement": [*([whole] if self.chance(0.6) else []), *own]})

    def _details(self) -> Json:
        def hanging(kind: str) -> Json:
            inline = [{"PolicyName": "Own", "PolicyDocument": self.document(0.2)}] if self.chance(0.5) else []
            attached = [{"PolicyArn": MANAGED}] if self.chance(0.3) else []
            capped = {"PermissionsBoundary": {"PermissionsBoundaryArn": self.random.choice((CAP, CAP, MANAGED))}}
            return {
                f"{kind}PolicyList": inline,
                "AttachedManagedPolicies": attached,
                **(capped if kind != "Group" and self.chance(0.25) else {}),
                **(
                    {"Tags": [{"Key": "team", "Value": self.random.choice(("red", "blue"))}]}
                    if self.chance(0.5)
                    else {}
                ),
            }

        version = {"VersionId": "v1", "IsDefaultVersion": True}
        return {
            "UserDetailList": [
                {"UserName": name, "Arn": f"{IAM}:user/{name}", "UserId": f"AIDA{name.upper()}",
                 "GroupList": [group for group in GROUPS if self.chance(0.5)], **hanging("User")}
                for name in USERS
            ],
            "GroupDetailList": [{"GroupName": name, "Arn": f"{IAM}:group/{name}", **hanging("Group")} for name in GROUPS],
            "RoleDetailList": [
                {"RoleName": name, "Arn": f"{IAM}:role/{name}", "RoleId": f"AROA{name.upper()}",
                 "AssumeRolePolicyDocument": self._trust(), **hanging("Role")}
                for name in ROLES
            ],
            "Policies": [
                {"Arn": MANAGED, "PolicyVersionList": [{**version, "Document": self.document(0.2)}]},
                {"Arn": CAP, "PolicyVersionList": [{**version, "Document": self.cap()}]},
            ],
        }  # fmt: skip

    def _trust(self) -> str:
        found = json.loads(self.document(0.1, principal=True, resource=False))
        for each in found["Statement"]:
            each.pop("NotAction", None)
            each["Action"] = "sts:AssumeRole"
        return json.dumps(found)

    def gains(self, after: FileData, principal: str) -> set[tuple[str, str]]:
        """What the principal may do after, and may not before."""
        if principal not in self._before:
            self._before[principal] = ranks(self.data, principal)
        now = ranks(after, principal)
        return {pair for pair, stood in self._before[principal].items() if now[pair] > stood}

    def denial(self) -> Refusal:
        return Refusal(
            text="not authorized",
            principal=self.caller,
            action=self.action,
            performed=self.action,
            resource=self.resource,
        )


KINDS: tuple[IdentityKind, ...] = ("user", "group", "role")


def applied(data: FileData, edits: tuple[Edit, ...]) -> FileData:
    """The account data after the edits' calls, made by the calls' own members."""
    for edit in edits:
        data = _applied(data, edit)
    return data


def _applied(data: FileData, edit: Edit) -> FileData:
    account, call = data.details, edit.call
    members = dict(call.params)
    if call.operation == "PutBucketPolicy":
        return replace(data, policies={**data.policies, f"arn:aws:s3:::{members['Bucket']}": members["Policy"]})
    if call.operation == "PutKeyPolicy":
        return replace(data, policies={**data.policies, members["KeyId"]: members["Policy"]})
    if call.operation == "UpdatePolicy":
        assert data.organization is not None
        changed = {
            kind: tuple(
                tuple(
                    (
                        arn,
                        members["Content"] if arn.endswith(f"/{members['PolicyId']}") else text,
                    )
                    for arn, text in level
                )
                for level in levels
            )
            for kind, levels in data.organization.items()
        }
        return replace(data, organization=changed)
    if call.operation == "CreatePolicyVersion":
        return replace(
            data,
            details=replace(account, policies={**account.policies, members["PolicyArn"]: members["PolicyDocument"]}),
        )
    kind, name = next(
        (kind, members[f"{kind.capitalize()}Name"]) for kind in KINDS if f"{kind.capitalize()}Name" in members
    )
    holder = account.identities[kind, name.lower()]
    if call.operation == "UpdateAssumeRolePolicy":
        holder = replace(holder, trust=members["PolicyDocument"])
    elif call.operation.startswith("Attach"):
        holder = replace(holder, attached=(*holder.attached, members["PolicyArn"]))
    else:
        holder = replace(holder, inline={**holder.inline, members["PolicyName"]: members["PolicyDocument"]})
    return replace(
        data, details=replace(account, identities={**account.identities, (holder.kind, name.lower()): holder})
    )


RANK = {Effect.DENIED: 0, Effect.DEPENDS: 1, Effect.ALLOWED: 2}


def rank(data: FileData, principal: str, action: str, resource: str) -> int:
    """What becomes of one request, by the account data alone."""
    context = {"aws:RequestedRegion": "us-east-1", "aws:SecureTransport": "true"}
    case = ask(Refusal(text=""), data, principal=principal, action=action, resource=resource, context=context, owner=A)
    return RANK[case.decision.effect]


SPACE = (*UNIVERSE, *((action, "*") for action in ACTIONS if action != "cloudtrail:DescribeTrails"))


def ranks(data: FileData, principal: str) -> dict[tuple[str, str], int]:
    """Brute force over the request space."""
    return {pair: rank(data, principal, *pair) for pair in SPACE}


def covered(pair: tuple[str, str], reported: tuple[str, ...], asked: tuple[str, str]) -> bool:
    """Whether what is reported tells of the pair: by its name, or by a pattern that takes it in."""
    action, where = pair
    told = (entry.partition(" on ") for entry in reported)
    patterns = [resource or asked[1] for name, _, resource in told if name == action]
    return any(where == pattern or compile_patterns([pieces_of(pattern)]).match(where) for pattern in patterns)


def in_universe(entry: str, resource: str) -> bool:
    action, _, where = entry.partition(" on ")
    return (action, where or resource) in SPACE


def denied(seed: int) -> tuple[Organization, Case] | None:
    organization = Organization(seed)
    case = rebuild(organization.denial(), organization.data)
    return None if case.decision.allowed else (organization, case)


def check_mend(organization: Organization, mend: Mend) -> None:
    data, caller, asked = organization.data, organization.caller, (organization.action, organization.resource)
    after = applied(data, mend.edits)
    assert rank(after, caller, *asked) == 2, "the mend does not let it through"
    for index in range(len(mend.edits)):
        fewer = applied(data, mend.edits[:index] + mend.edits[index + 1 :])
        assert rank(fewer, caller, *asked) < 2, "a part of the mend is not needed"
    own = organization.gains(after, caller)
    assert asked in own
    unreported = {pair for pair in own - {asked} if not covered(pair, mend.remainder, asked)}
    assert not unreported, f"allowed, and not reported: {unreported}"
    reported = {entry.partition(" on ") for entry in mend.remainder if in_universe(entry, asked[1])}
    feigned = {(action, where or asked[1]) for action, _, where in reported} - own
    assert not feigned, f"reported, and not allowed: {feigned}"
    mine = caller.replace("arn:aws:sts", "arn:aws:iam").replace("assumed-role", "role").removesuffix("/s")
    gaining = {each for each in PRINCIPALS if each != mine and organization.gains(after, each)}
    missed = gaining - set(mend.others)
    assert not missed, f"they gain too: {missed}"


def new_statements(edit: Edit) -> list[Json]:
    if not isinstance(edit, SetDocument):
        return []
    before = json.loads(edit.before)["Statement"] if edit.before else []
    before = before if isinstance(before, list) else [before]
    return [each for each in json.loads(edit.after)["Statement"] if each not in before]


def check_place(organization: Organization, mend: Mend) -> None:
    """No `*` where the ARN is known; a key's own policy names it so."""
    for edit in mend.edits:
        if isinstance(edit, Attach) or edit.call.operation == "PutKeyPolicy":
            continue
        for each in new_statements(edit):
            if each["Effect"] == "Allow" and "Resource" in each and organization.resource != "*":
                before = json.loads(edit.before)["Statement"] if isinstance(edit, SetDocument) and edit.before else []
                stood = json.dumps(before)
                assert (
                    "*" not in ([each["Resource"]] if isinstance(each["Resource"], str) else each["Resource"])
                    or '"*"' in stood
                )
            assert "*" not in each.get("Action", "")[:1]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.integers(0, 2**32))
def test_a_mend_does_what_it_says(seed: int) -> None:
    found = denied(seed)
    if found is None:
        return
    note(f"seed {seed}")
    organization, case = found
    for mend in mends_of(case):
        if mend.edits:
            check_mend(organization, mend)
            check_place(organization, mend)


@settings(max_examples=EXAMPLES // 10, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.integers(0, 2**32))
def test_a_guardrail_is_never_touched_first(seed: int) -> None:
    found = denied(seed)
    if found is None:
        return
    note(f"seed {seed}")
    organization, _ = found
    mends = diagnose(organization.denial(), organization.data).mends
    if mends and mends[0].edits:
        assert not mends[0].guardrail
    guarded = {Layer.SCP, Layer.RCP, Layer.BOUNDARY}
    for mend in mends:
        touched = {edit.source.layer for edit in mend.edits if isinstance(edit, (SetDocument, Attach))}
        assert mend.guardrail or not touched & guarded


@settings(max_examples=EXAMPLES // 10, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from(
        [
            ("s3:GetObject", "arn:aws:s3:::gone/x"),
            ("s3:ListBucket", "arn:aws:s3:::gone"),
            ("sts:AssumeRole", f"{IAM}:role/Gone"),
        ]
    ),
)
def test_nothing_is_widened_for_what_is_not_there(seed: int, asked: tuple[str, str]) -> None:
    note(f"seed {seed}")
    organization = Organization(seed)
    organization.action, organization.resource = asked
    data = replace(organization.data, existing=(BUCKET, OTHER, KEY, TRAIL, TABLE))
    mends = diagnose(organization.denial(), data).mends
    assert not any(mend.edits for mend in mends)
    assert not any(mend.edits for mend in mends_of(rebuild(organization.denial(), data)))
