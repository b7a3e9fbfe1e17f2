"""Who may sign: keys, sessions, and what becomes of them when their owner goes."""

from typing import Any

import msgspec
import pytest
from botocore.credentials import Credentials as BotoCredentials
from tests.unit.auth.house import ACCOUNT_ID, KEY_ID, NOW, House, key, parsed, signed, user, with_header

from trailwarden.auth.callers import canonical_id
from trailwarden.auth.credentials import Authenticator
from trailwarden.auth.identities import ACCESS_KEY, ACCOUNT, ROLE, USER, Account, Role
from trailwarden.auth.organization import MEMBER_ACCOUNT, ORGANIZATION, MemberAccount, Organization
from trailwarden.auth.sealing import Credentials, Vault
from trailwarden.auth.stages import Session
from trailwarden.clock import Chance
from trailwarden.errors import AwsError
from trailwarden.policy import Principal, PrincipalKind

ROLE_ARN = f"arn:aws:iam::{ACCOUNT_ID}:role/team/Reader"
ROLE_BODY = Role(
    name="Reader",
    id="AROA" + "R" * 17,
    arn=ROLE_ARN,
    path="/team/",
    created=1.0,
    trust="{}",
    tags={"team": "red", "kept": "1"},
)


def code(house: House, request: Any, service: str = "iam", family: str = "query") -> str:
    with pytest.raises(AwsError) as caught:
        house.authenticate(request, service)
    return caught.value.code_in(family)


def role_session(house: House, *, expires: float = NOW + 900, issuer_id: str = ROLE_BODY.id) -> Credentials:
    principal = Principal(
        kind=PrincipalKind.ROLE_SESSION, account=ACCOUNT_ID, arn=f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/Reader/mj",
        issuer_arn=ROLE_ARN, unique_id=f"{issuer_id}:mj", issuer_id=issuer_id,
    )  # fmt: skip
    session = Session(created=NOW, expires=expires, name="mj", tags={"team": "blue"})
    return house.vault.issue(principal, session, expires=expires, chance=Chance())


def by(issued: Credentials, service: str = "iam", **how: Any) -> Any:
    boto = BotoCredentials(issued.access_key_id, issued.secret_access_key, issued.session_token)
    return signed(service, credentials=boto, **how)


def test_a_user_is_known_by_its_key(fresh: House) -> None:
    fresh.put((USER, ACCOUNT_ID, "mateojackson", user(tags={"team": "red"})))
    caller = fresh.authenticate(signed("iam"), "iam").caller
    assert caller.principal.kind is PrincipalKind.USER
    assert (caller.user_name, caller.tags, caller.session) == ("mateojackson", {"team": "red"}, None)
    assert caller.principal.unique_id == user().id
    assert caller.principal.canonical_id == canonical_id(ACCOUNT_ID)
    assert not caller.principal.management_account


def test_keys_that_are_gone_inactive_or_orphaned(fresh: House) -> None:
    assert code(fresh, signed("iam", credentials=BotoCredentials("AKIANOBODY", "x"))) == "InvalidClientTokenId"
    fresh.put((ACCESS_KEY, "", KEY_ID, key(fresh.vault, status="Inactive")))
    assert code(fresh, signed("iam")) == "InvalidClientTokenId"
    assert code(fresh, signed("s3"), "s3", "s3") == "InvalidAccessKeyId"
    assert code(fresh, signed("cloudtrail"), "cloudtrail", "json") == "UnrecognizedClientException"
    assert code(fresh, signed("ec2"), "ec2", "ec2") == "AuthFailure"
    fresh.put((ACCESS_KEY, "", KEY_ID, key(fresh.vault)), (USER, ACCOUNT_ID, "mateojackson", user(access_keys=())))
    assert code(fresh, signed("iam")) == "InvalidClientTokenId"
    fresh.put((ACCESS_KEY, "", KEY_ID, key(fresh.vault, user_name="marymajor")))
    assert code(fresh, signed("iam")) == "InvalidClientTokenId"


def test_a_secret_of_another_vault_opens_nothing(fresh: House) -> None:
    fresh.put((ACCESS_KEY, "", KEY_ID, key(Vault(b"x" * 32))))
    assert code(fresh, signed("iam")) == "InvalidClientTokenId"


def test_a_new_secret_replaces_a_remembered_one(fresh: House) -> None:
    authenticator = Authenticator(fresh.vault, fresh.clock)
    authenticator.authenticate(parsed(signed("iam"), "iam"), fresh.begin())
    fresh.put(
        (
            ACCESS_KEY,
            "",
            KEY_ID,
            msgspec.structs.replace(key(fresh.vault), secret=fresh.vault.seal(b"other", f"access-key:{KEY_ID}")),
        )
    )
    with pytest.raises(AwsError) as caught:
        authenticator.authenticate(parsed(signed("iam"), "iam"), fresh.begin())
    assert caught.value.code_in("query") == "SignatureDoesNotMatch"


def test_root_and_its_switch(fresh: House) -> None:
    fresh.put((ACCESS_KEY, "", KEY_ID, key(fresh.vault, user_name="")))
    principal = fresh.authenticate(signed("iam"), "iam").caller.principal
    assert (principal.kind, principal.arn) == (PrincipalKind.ROOT, f"arn:aws:iam::{ACCOUNT_ID}:root")
    fresh.put(
        (ACCOUNT, ACCOUNT_ID, ACCOUNT_ID, Account(id=ACCOUNT_ID, created=1.0, settings={"RootCredentials": "Disabled"}))
    )
    assert code(fresh, signed("iam")) == "InvalidClientTokenId"


def test_management_and_suspended_accounts(fresh: House) -> None:
    member = MemberAccount(id=ACCOUNT_ID, arn="a", parent="r-1", joined=1.0)
    fresh.put(
        (ACCOUNT, ACCOUNT_ID, ACCOUNT_ID, Account(id=ACCOUNT_ID, created=1.0, organization="o-1")),
        (
            ORGANIZATION,
            "",
            "o-1",
            Organization(id="o-1", arn="o", management_account=ACCOUNT_ID, created=1.0, root="r-1"),
        ),
        (MEMBER_ACCOUNT, "o-1", ACCOUNT_ID, member),
    )
    assert fresh.authenticate(signed("iam"), "iam").caller.principal.management_account
    fresh.put((MEMBER_ACCOUNT, "o-1", ACCOUNT_ID, msgspec.structs.replace(member, status="SUSPENDED")))
    assert code(fresh, signed("iam")) == "InvalidClientTokenId"


@pytest.mark.parametrize("presigned", [0, 60])
@pytest.mark.parametrize("service", ["iam", "s3"])
def test_a_role_session_signs(fresh: House, service: str, presigned: int) -> None:
    fresh.put((ROLE, ACCOUNT_ID, "reader", ROLE_BODY))
    issued = role_session(fresh)
    caller = fresh.authenticate(by(issued, service, method="GET", presigned=presigned), service).caller
    assert caller.principal.arn.endswith(":assumed-role/Reader/mj")
    assert caller.tags == {"team": "blue", "kept": "1"}
    assert caller.access_key == issued.access_key_id
    assert caller.session is not None


def test_sessions_end(fresh: House) -> None:
    fresh.put((ROLE, ACCOUNT_ID, "reader", ROLE_BODY))
    request = by(role_session(fresh, expires=NOW + 10))
    fresh.now = NOW + 11
    assert code(fresh, request) == "ExpiredToken"
    fresh.now = NOW
    assert (
        code(fresh, by(role_session(fresh, expires=NOW), "cloudtrail"), "cloudtrail", "json") == "ExpiredTokenException"
    )
    assert code(fresh, by(role_session(fresh, issuer_id="AROAOLD"))) == "InvalidClientTokenId"
    issued = role_session(fresh)
    removing = fresh.begin()
    removing.delete(ROLE, ACCOUNT_ID, "", "reader")
    fresh.storage.commit(removing).result(10)
    assert code(fresh, by(issued)) == "InvalidClientTokenId"


def test_a_token_belongs_to_its_key(fresh: House) -> None:
    fresh.put((ROLE, ACCOUNT_ID, "reader", ROLE_BODY))
    one, other = role_session(fresh), role_session(fresh)
    mixed = signed("s3", credentials=BotoCredentials(one.access_key_id, one.secret_access_key, other.session_token))
    assert code(fresh, mixed, "s3", "s3") == "InvalidToken"
    bare = signed("iam", credentials=BotoCredentials(one.access_key_id, one.secret_access_key))
    assert code(fresh, bare) == "InvalidClientTokenId"
    with_token = signed("iam", credentials=BotoCredentials(KEY_ID, "x", one.session_token))
    assert code(fresh, with_token) == "InvalidClientTokenId"
    wrong = signed("iam", credentials=BotoCredentials(one.access_key_id, "guessed", one.session_token))
    assert code(fresh, wrong) == "SignatureDoesNotMatch"


def test_anonymous_calls(house: House) -> None:
    bare = with_header(signed("s3"), "authorization", None)
    call = house.authenticate(bare, "s3")
    assert (call.caller.principal.kind, call.account) == (PrincipalKind.ANONYMOUS, "")
    token = with_header(signed("sts"), "authorization", None)
    assert house.authenticate(token, "sts", "AssumeRoleWithWebIdentity").caller.access_key == ""
    with pytest.raises(AwsError):
        house.authenticate(token, "sts", "AssumeRole")


def own_session(house: House, kind: PrincipalKind, arn: str, unique_id: str, **session: Any) -> Any:
    """A signed call of a session that no role stands behind."""
    principal = Principal(
        kind=kind, account=ACCOUNT_ID, arn=arn, issuer_arn=session.get("issuer_arn", ""), unique_id=unique_id
    )
    made = Session(created=NOW, expires=NOW + 900, **session)
    return by(house.vault.issue(principal, made, expires=NOW + 900, chance=Chance()), "cloudtrail")


def test_a_guest_goes_with_its_user(fresh: House) -> None:
    """A user made anew under the same name is another one."""
    request = own_session(
        fresh,
        PrincipalKind.FEDERATED_USER,
        f"arn:aws:sts::{ACCOUNT_ID}:federated-user/marymajor",
        f"{ACCOUNT_ID}:marymajor",
        issuer_arn=user().arn,
        issuer_id=user().id,
    )
    assert fresh.authenticate(request, "cloudtrail").caller.principal.kind is PrincipalKind.FEDERATED_USER
    fresh.put((USER, ACCOUNT_ID, "mateojackson", msgspec.structs.replace(user(), id="AIDA" + "N" * 17)))
    assert code(fresh, request, "cloudtrail", "json") == "UnrecognizedClientException"


def test_root_sessions_go_with_roots_credentials(fresh: House) -> None:
    root = f"arn:aws:iam::{ACCOUNT_ID}:root"
    own = own_session(fresh, PrincipalKind.ROOT, root, ACCOUNT_ID)
    assumed = own_session(fresh, PrincipalKind.ROOT, root, ACCOUNT_ID, assumed_root=True)
    assert fresh.authenticate(own, "cloudtrail").caller.principal.kind is PrincipalKind.ROOT
    fresh.put(
        (ACCOUNT, ACCOUNT_ID, ACCOUNT_ID, Account(id=ACCOUNT_ID, created=1.0, settings={"RootCredentials": "Disabled"}))
    )
    assert code(fresh, own, "cloudtrail", "json") == "UnrecognizedClientException"
    assert fresh.authenticate(assumed, "cloudtrail").caller.session is not None
