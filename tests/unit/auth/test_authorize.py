"""The whole way: authenticate, gather, judge, deny in AWS's words, keep and read again."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.auth.house import ACCOUNT_ID, OTHER_ACCOUNT, House, group, signed, user, with_header

from trailwarden.arn import Arn
from trailwarden.auth.authorize import Authorizer
from trailwarden.auth.errors import AccessDenied, NoKnownPermission
from trailwarden.auth.facts import ResourceFacts
from trailwarden.auth.identities import ACCOUNT, GROUP, POLICY, ROLE, USER, Account, ManagedPolicy, PolicyVersion, Role
from trailwarden.auth.organization import (
    FULL_ACCESS,
    MEMBER_ACCOUNT,
    ORGANIZATION,
    ORGANIZATION_POLICY,
    RCP,
    ROOT,
    SCP,
    UNIT,
    MemberAccount,
    Organization,
    OrganizationPolicy,
    Root,
    Unit,
    levels,
    membership,
    targets_of,
)
from trailwarden.auth.record import decided_body, encoded_message, read_decided
from trailwarden.auth.resolve import Resolver
from trailwarden.auth.stages import Authenticated, Authorized, Caller, Judged, Resolved, Session
from trailwarden.catalog import checks_of
from trailwarden.catalog.checks import Check
from trailwarden.clock import Chance
from trailwarden.policy import ContextValue, Layer, Principal, PrincipalKind

TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT_ID}:trail/T"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": "*", **more}


def deny(action: str = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, **more), "Effect": "Deny"}


def managed(name: str, text: str) -> ManagedPolicy:
    version = PolicyVersion(id="v1", document=text, created=1.0)
    arn = f"arn:aws:iam::{ACCOUNT_ID}:policy/{name}"
    return ManagedPolicy(name=name, id="ANPA" + name, arn=arn, created=1.0, updated=1.0, versions=(version,))


def authorizer(facts: Mapping[str, Any] | None = None, **how: Any) -> Authorizer:
    return Authorizer(facts or {}, chance=Chance(), **how)


def resolved(
    house: House, *checks: Check, service: str = "cloudtrail", operation: str = "GetTrail", **how: Any
) -> Resolved:
    call = house.authenticate(how.pop("request", None) or signed(service, **how), service, operation)
    return Resolved(authenticated=call, checks=checks)


def ask(house: House, check: Check, asker: Authorizer | None = None, **how: Any) -> Authorized:
    return (asker or authorizer()).authorize(resolved(house, check, **how), house.begin())


def refused(house: House, check: Check, asker: Authorizer | None = None, **how: Any) -> AccessDenied:
    with pytest.raises(AccessDenied) as caught:
        ask(house, check, asker, **how)
    return caught.value


GET = Check(action="cloudtrail:GetTrail", resource=TRAIL)
READ = Check(action="s3:GetObject", resource=f"{BUCKET}/k", named=f'"{BUCKET}/k"')


def test_an_implicit_denial_in_the_words_of_aws(house: House) -> None:
    error = refused(house, GET)
    assert error.text == (
        f"User: arn:aws:iam::{ACCOUNT_ID}:user/mateojackson is not authorized to perform: cloudtrail:GetTrail "
        f"on resource: {TRAIL} because no identity-based policy allows the cloudtrail:GetTrail action"
    )
    assert (error.code_in("json"), error.status_in("json")) == ("AccessDeniedException", 400)
    assert len(error.authorization_id) == 25


@pytest.mark.parametrize("endpoint", ["", "https://us-east-1.console.aws.amazon.com"])
def test_the_tail_tells_where_to_look(house: House, endpoint: str) -> None:
    error = refused(house, GET, authorizer(tail=True, endpoint=endpoint))
    assert error.text.endswith(
        f"call the GetRequestAuthorizationDetails API with the following authorization id: {error.authorization_id}"
    )
    assert (
        f"{endpoint}/iam/home?region=us-east-1#/authorization-details/{error.authorization_id}" in error.text
    ) is bool(endpoint)


def test_policies_come_from_user_groups_and_managed(fresh: House) -> None:
    for changes, extra in (
        ({"inline": {"I": document(allow("cloudtrail:Get*"))}}, ()),
        ({"attached": ("arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess",)}, ()),
        ({"attached": (f"arn:aws:iam::{ACCOUNT_ID}:policy/P",)}, ((POLICY, ACCOUNT_ID, f"arn:aws:iam::{ACCOUNT_ID}:policy/P", managed("P", document(allow()))),)),
        ({"groups": ("Admins",)}, ((GROUP, ACCOUNT_ID, "admins", group("Admins", inline={"G": document(allow())})),)),
    ):  # fmt: skip
        fresh.put((USER, ACCOUNT_ID, "mateojackson", user(**changes)), *extra)
        (judged,) = ask(fresh, GET).judged
        assert len(judged.policies.identity) == 1
        assert judged.policies.identity[0].source.layer is Layer.IDENTITY


def test_a_change_of_any_document_is_seen_at_once(fresh: House) -> None:
    asker = authorizer()
    arn = f"arn:aws:iam::{ACCOUNT_ID}:policy/P"
    fresh.put(
        (USER, ACCOUNT_ID, "mateojackson", user(groups=("Admins",))),
        (GROUP, ACCOUNT_ID, "admins", group("Admins", attached=(arn,))),
        (POLICY, ACCOUNT_ID, arn, managed("P", document(allow()))),
    )
    first = ask(fresh, GET, asker).judged[0].policies
    assert ask(fresh, GET, asker).judged[0].policies is first
    fresh.put((POLICY, ACCOUNT_ID, arn, managed("P", document(deny()))))
    assert refused(fresh, GET, asker).judged.decision.first is not None
    fresh.put((POLICY, ACCOUNT_ID, arn, managed("P", document(allow()))))
    ask(fresh, GET, asker)
    fresh.put((USER, ACCOUNT_ID, "mateojackson", user()))
    refused(fresh, GET, asker)


def test_a_boundary_whose_policy_is_gone_caps_everything(fresh: House) -> None:
    fresh.put(
        (
            USER,
            ACCOUNT_ID,
            "mateojackson",
            user(inline={"I": document(allow())}, boundary=f"arn:aws:iam::{ACCOUNT_ID}:policy/Gone"),
        )
    )
    assert "because no permissions boundary allows" in refused(fresh, GET).text


def organized(house: House, *, scp: str = "", rcp: str = "", management: str = OTHER_ACCOUNT) -> None:
    policies = []
    attached: tuple[str, ...] = ("p-FullAWSAccess", "p-RCPFullAWSAccess")
    for policy_id, kind, text in (("p-s", SCP, scp), ("p-r", RCP, rcp)):
        if text:
            arn = f"arn:aws:organizations::{management}:policy/o-1/{kind.lower()}/{policy_id}"
            policies.append(
                (
                    ORGANIZATION_POLICY,
                    "o-1",
                    policy_id,
                    OrganizationPolicy(id=policy_id, arn=arn, name=policy_id, type=kind, content=text),
                )
            )
            attached = (*attached, policy_id)
    house.put(
        *((ACCOUNT, each, each, Account(id=each, created=1.0, organization="o-1")) for each in (ACCOUNT_ID, OTHER_ACCOUNT)),
        (ORGANIZATION, "", "o-1", Organization(id="o-1", arn="arn:o-1", management_account=management, created=1.0, root="r-1")),
        (ROOT, "o-1", "r-1", Root(id="r-1", arn="arn:r-1", policy_types=(SCP, RCP))),
        (UNIT, "o-1", "ou-1", Unit(id="ou-1", arn="arn:ou-1", name="U", parent="r-1", attached=attached)),
        (MEMBER_ACCOUNT, "o-1", ACCOUNT_ID, MemberAccount(id=ACCOUNT_ID, arn="arn:a", parent="ou-1", joined=1.0)),
        (MEMBER_ACCOUNT, "o-1", OTHER_ACCOUNT, MemberAccount(id=OTHER_ACCOUNT, arn="arn:b", parent="r-1", joined=1.0)),
        (USER, ACCOUNT_ID, "mateojackson", user(inline={"I": document(allow())})),
        *policies,
    )  # fmt: skip


def test_levels_run_from_the_root_to_the_account(fresh: House) -> None:
    reader = fresh.begin()
    assert levels(ACCOUNT_ID, reader) == ()
    organized(fresh, scp=document(deny("cloudtrail:StopLogging")))
    reader = fresh.begin()
    found = levels(ACCOUNT_ID, reader)
    assert [[policy.source.name for policy in level] for level in found] == [
        ["FullAWSAccess"],
        ["FullAWSAccess", "p-s"],
        ["FullAWSAccess"],
    ]
    assert [level[0].source.attached_to for level in found] == ["arn:r-1", "arn:ou-1", "arn:a"]
    assert [[policy.source.name for policy in level] for level in levels(OTHER_ACCOUNT, reader, RCP)] == [
        ["RCPFullAWSAccess"]
    ] * 2
    place = membership(ACCOUNT_ID, reader)
    assert place is not None
    assert place.path == "o-1/r-1/ou-1/"
    assert [target.id for target in targets_of("p-s", "o-1", reader)] == ["ou-1"]
    assert set(FULL_ACCESS) == {"p-FullAWSAccess", "p-RCPFullAWSAccess"}


def test_a_service_control_policy_denies_with_its_arn(fresh: House) -> None:
    organized(fresh, scp=document(deny("cloudtrail:*")))
    assert refused(fresh, GET).text.endswith(
        f"with an explicit deny in a service control policy: arn:aws:organizations::{OTHER_ACCOUNT}:policy/o-1/service_control_policy/p-s"
    )
    organized(fresh, scp=document(deny("cloudtrail:*")), management=ACCOUNT_ID)
    ask(fresh, GET)


def test_a_changed_service_control_policy_is_seen(fresh: House) -> None:
    asker = authorizer()
    organized(fresh, scp=document(deny("ec2:*")))
    ask(fresh, GET, asker)
    organized(fresh, scp=document(deny("cloudtrail:*")))
    refused(fresh, GET, asker)


def bucket(**changes: Any) -> Mapping[str, Any]:
    def facts(arn: Arn, _reader: Any) -> ResourceFacts | None:
        whose = {"account": ACCOUNT_ID, "arn": str(arn), "anonymous": True, **changes}
        return ResourceFacts(**whose) if arn.resource.startswith("amzn-s3-demo-bucket") else None

    return {"s3": facts}


PUBLIC = ((BUCKET, document({**allow("s3:GetObject"), "Principal": "*"})),)


def test_a_resource_control_policy_reaches_strangers(fresh: House) -> None:
    organized(fresh, rcp=document({**deny("s3:*"), "Principal": "*"}))
    bare = with_header(signed("s3"), "authorization", None)
    assert refused(fresh, READ, authorizer(bucket(policies=PUBLIC)), service="s3", request=bare).text == "Access Denied"


def test_anonymous_callers_live_by_the_bucket(house: House) -> None:
    bare = with_header(signed("s3"), "authorization", None)
    ask(house, READ, authorizer(bucket(policies=PUBLIC)), service="s3", request=bare)
    ask(house, READ, authorizer(bucket(grants=(PUBLIC[0][1],))), service="s3", request=bare)
    for facts in (
        bucket(),
        bucket(policies=PUBLIC, anonymous=False),
        bucket(policies=PUBLIC, blocks=frozenset({"RestrictPublicBuckets"})),
        bucket(grants=(PUBLIC[0][1],), blocks=frozenset({"IgnorePublicAcls"})),
        {},
    ):
        error = refused(house, READ, authorizer(facts), service="s3", request=bare)
        assert (error.text, error.code_in("s3"), error.status_in("s3")) == ("Access Denied", "AccessDenied", 403)


def test_restricted_buckets_stay_open_to_their_account(fresh: House) -> None:
    facts = bucket(policies=PUBLIC, blocks=frozenset({"RestrictPublicBuckets"}))
    ask(fresh, READ, authorizer(facts), service="s3")
    elsewhere = bucket(policies=PUBLIC, blocks=frozenset({"RestrictPublicBuckets"}), account=OTHER_ACCOUNT)
    fresh.put((USER, ACCOUNT_ID, "mateojackson", user(inline={"I": document(allow())})))
    refused(fresh, READ, authorizer(elsewhere), service="s3")
    ask(fresh, READ, authorizer(bucket(policies=PUBLIC, account=OTHER_ACCOUNT)), service="s3")


def test_ec2_seals_the_decision_into_its_denial(house: House) -> None:
    check = Check(action="ec2:RunInstances", resource=f"arn:aws:ec2:us-east-1:{ACCOUNT_ID}:instance/*")
    error = refused(house, check, authorizer(vault=house.vault), service="ec2", operation="RunInstances")
    assert error.code_in("ec2") == "UnauthorizedOperation"
    assert error.text.startswith("You are not authorized to perform this operation. User: arn:aws:iam::")
    message = house.vault.open_message(error.text.rpartition(" ")[2])
    assert message is not None
    shown = json.loads(message)
    assert (shown["allowed"], shown["explicitDeny"], shown["matchedStatements"]["items"]) == (False, False, [])
    assert shown["context"]["action"] == "ec2:RunInstances"
    assert shown["context"]["principal"]["name"] == "mateojackson"
    reading = refused(house, check, authorizer(vault=house.vault), service="ec2", operation="DescribeInstances")
    assert "Encoded" not in reading.text


def test_sns_spells_code_and_action_its_own_way(house: House) -> None:
    error = refused(
        house,
        Check(action="sns:Publish", resource=f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:t"),
        service="sns",
        operation="Publish",
    )
    assert error.code_in("query") == "AuthorizationError"
    assert "perform: SNS:Publish on resource" in error.text


CONDITIONED = [
    ("StringEquals", "aws:username", "mateojackson", True),
    ("StringEquals", "aws:PrincipalTag/team", "red", True),
    ("ArnEquals", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT_ID}:user/mateojackson", True),
    ("StringEquals", "aws:PrincipalType", "User", True),
    ("StringEquals", "aws:PrincipalAccount", ACCOUNT_ID, True),
    ("IpAddress", "aws:SourceIp", "203.0.113.0/24", True),
    ("IpAddress", "aws:SourceIp", "198.51.100.0/24", False),
    ("Bool", "aws:SecureTransport", "true", True),
    ("Bool", "aws:ViaAWSService", "false", True),
    ("Bool", "aws:PrincipalIsAWSService", "false", True),
    ("Null", "aws:MultiFactorAuthPresent", "true", True),
    ("Null", "aws:TokenIssueTime", "true", True),
    ("StringEquals", "aws:RequestedRegion", "us-east-1", True),
    ("StringEquals", "aws:RequestedRegion", "eu-west-1", False),
    ("DateGreaterThan", "aws:CurrentTime", "2015-08-30T12:35:59Z", True),
    ("DateLessThan", "aws:CurrentTime", "2015-08-30T12:35:59Z", False),
    ("NumericEquals", "aws:EpochTime", "1440938160", True),
    ("StringEquals", "aws:UserAgent", "probe/1", True),
    ("StringEquals", "aws:referer", "https://a.example", True),
    ("StringEquals", "aws:ResourceAccount", ACCOUNT_ID, True),
    ("StringEquals", "aws:ResourceTag/env", "prod", True),
    ("StringEquals", "s3:authType", "REST-HEADER", True),
    ("StringEquals", "s3:signatureversion", "AWS4-HMAC-SHA256", True),
    ("NumericLessThan", "s3:signatureAge", "1000", True),
    ("StringEquals", "aws:PrincipalOrgID", "o-1", True),
    ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/r-1/ou-1/*", True),
    ("StringEquals", "aws:ResourceOrgID", "o-1", True),
    ("StringEquals", "s3:VersionId", "v", True),
]


@pytest.fixture(scope="module")
def conditioned(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from tests.unit.auth.house import open_house

    opened = open_house(tmp_path_factory.mktemp("conditioned"))
    organized(opened)
    yield opened
    opened.storage.close()


@pytest.mark.parametrize(("operator", "condition", "value", "met"), CONDITIONED)
def test_condition_keys_are_filled(conditioned: House, operator: str, condition: str, value: str, met: bool) -> None:
    policy = document(allow("s3:GetObject", Condition={operator: {condition: value}}))
    conditioned.put((USER, ACCOUNT_ID, "mateojackson", user(inline={"I": policy}, tags={"team": "red"})))
    request = signed("s3", headers={"User-Agent": "probe/1", "Referer": "https://a.example"})
    asker = authorizer(bucket(tags={"env": "prod"}))
    check = with_changes(READ, context={"s3:VersionId": "v"})
    if met:
        ask(conditioned, check, asker, service="s3", request=request)
    else:
        refused(conditioned, check, asker, service="s3", request=request)


def with_changes(check: Check, **changes: Any) -> Check:
    from dataclasses import replace

    return replace(check, **changes)


def session_of(house: House, **changes: Any) -> Caller:
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/R"
    house.put(
        (
            ROLE,
            ACCOUNT_ID,
            "r",
            Role(
                name="R",
                id="AROA" + "R" * 17,
                arn=role,
                created=1.0,
                trust=document({"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}),
                inline={"I": document(allow("cloudtrail:*", **changes))},
                tags={"team": "red"},
            ),
        )
    )
    principal = Principal(
        kind=PrincipalKind.ROLE_SESSION,
        account=ACCOUNT_ID,
        arn=f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/R/trailwarden",
        issuer_arn=role,
    )
    return Caller(principal=principal, session=Session(created=house.now, expires=house.now + 900))


def judge(
    house: House,
    caller: Caller,
    check: Check = GET,
    context: Mapping[str, ContextValue] | None = None,
    facts: Any = None,
) -> Judged:
    return authorizer(facts).judge(caller, check, house.begin(), now=house.now, region="us-east-1", context=context)


def test_a_role_that_a_service_speaks_for_is_completed(fresh: House) -> None:
    caller = session_of(fresh, Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    judged = judge(fresh, caller)
    assert judged.decision.allowed
    assert judged.request.principal.unique_id == "AROA" + "R" * 17 + ":trailwarden"
    gone = Caller(
        principal=Principal(
            kind=PrincipalKind.ROLE_SESSION,
            account=ACCOUNT_ID,
            arn="x",
            issuer_arn=f"arn:aws:iam::{ACCOUNT_ID}:role/Gone",
        )
    )
    assert not judge(fresh, gone).decision.allowed


def test_services_live_by_resource_policies(fresh: House) -> None:
    organized(fresh)
    grant = {
        **allow("s3:PutObject"),
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Condition": {
            "StringEquals": {"aws:SourceArn": TRAIL, "aws:SourceAccount": ACCOUNT_ID, "aws:SourceOrgID": "o-1"}
        },
    }
    facts = bucket(policies=((BUCKET, document(grant)),))
    check = Check(action="s3:PutObject", resource=f"{BUCKET}/AWSLogs/x")
    service = Caller(principal=Principal(kind=PrincipalKind.SERVICE, account="", arn="cloudtrail.amazonaws.com"))
    acts = {"aws:SourceArn": TRAIL, "aws:SourceAccount": ACCOUNT_ID}
    assert judge(fresh, service, check, acts, facts).decision.allowed
    assert not judge(
        fresh, service, check, {**acts, "aws:SourceAccount": OTHER_ACCOUNT, "aws:SourceArn": "x"}, facts
    ).decision.allowed
    other = Caller(principal=Principal(kind=PrincipalKind.SERVICE, account="", arn="config.amazonaws.com"))
    assert not judge(fresh, other, check, acts, facts).decision.allowed


def test_the_trust_policy_lets_into_a_role(fresh: House) -> None:
    session_of(fresh)
    check = Check(action="sts:AssumeRole", resource=f"arn:aws:iam::{ACCOUNT_ID}:role/R")
    assert "because no identity-based policy allows" in refused(fresh, check, service="sts").text
    fresh.put((USER, ACCOUNT_ID, "mateojackson", user(inline={"I": document(allow("sts:*"))})))
    assert ask(fresh, check, service="sts").judged[0].policies.trust
    for missing in ("role/Gone", "role/path/R"):
        refused(fresh, Check(action="sts:AssumeRole", resource=f"arn:aws:iam::{ACCOUNT_ID}:{missing}"), service="sts")


def test_session_policies_cap_the_role(fresh: House) -> None:
    caller = session_of(fresh)
    session = Session(created=1.0, expires=2.0, policies=(document(allow("s3:*")),))
    capped = Caller(principal=caller.principal, session=session)
    assert judge(fresh, caller).decision.allowed
    first = judge(fresh, capped).decision.first
    assert first is not None
    assert first.layer is Layer.SESSION


def test_a_decision_is_kept_and_made_again(fresh: House) -> None:
    organized(fresh, scp=document(deny("cloudtrail:*")), rcp=document({**deny("sqs:*"), "Principal": "*"}))
    judged = refused(fresh, GET).judged
    kept = read_decided(decided_body(judged, operation="cloudtrail:GetTrail", message="told"))
    assert kept.request == judged.request
    assert kept.check == judged.check
    assert (kept.operation, kept.message, kept.effect) == ("cloudtrail:GetTrail", "told", "Denied")
    assert [block.layer for block in kept.decision.blocks] == [block.layer for block in judged.decision.blocks]
    assert [len(level) for level in kept.policies.scps] == [1, 2, 1]
    assert kept.policies.identity[0].source == judged.policies.identity[0].source
    shown = json.loads(encoded_message(judged))
    assert shown["matchedStatements"]["items"][0]["effect"] == "DENY"
    for broken in (b"", b"{}", b"[1]", b'{"format":99}'):
        with pytest.raises(ValueError, match="kept decision"):
            read_decided(broken)


def test_unknown_permissions_deny(house: House) -> None:
    call = house.authenticate(signed("cloudtrail"), "cloudtrail", "NoSuchOperation")
    with pytest.raises(NoKnownPermission) as caught:
        Resolver(checks_of).resolve(call, house.begin())
    assert caught.value.code_in("json") == "AccessDeniedException"
    assert "cloudtrail:NoSuchOperation because no permission" in caught.value.text


def test_the_catalog_is_asked_with_what_is_stored(fresh: House) -> None:
    arn = f"arn:aws:iam::{ACCOUNT_ID}:user/path/Mary"
    fresh.put((USER, ACCOUNT_ID, "mary", user("Mary", arn=arn)))
    call: Authenticated = fresh.authenticate(signed("iam"), "iam", "GetUser", UserName="Mary")
    (check,) = Resolver(checks_of).resolve(call, fresh.begin()).checks
    assert (check.action, check.resource) == ("iam:GetUser", arn)
    token = with_header(signed("sts"), "authorization", None)
    proved_by_member = fresh.authenticate(token, "sts", "AssumeRoleWithWebIdentity")
    assert Resolver(checks_of).resolve(proved_by_member, fresh.begin()).checks == ()
