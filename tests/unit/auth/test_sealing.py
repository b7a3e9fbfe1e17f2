import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.auth.sealing import Vault
from trailwarden.auth.stages import Session
from trailwarden.clock import Chance
from trailwarden.policy import Principal, PrincipalKind

VAULT = Vault(b"k" * 32)
PRINCIPAL = Principal(
    kind=PrincipalKind.ROLE_SESSION, account="123456789012", arn="arn:aws:sts::123456789012:assumed-role/R/S",
    issuer_arn="arn:aws:iam::123456789012:role/p/R", unique_id="AROA:S", issuer_id="AROA",
)  # fmt: skip
SESSION = Session(
    created=1.0, expires=3601.0, mfa=True, name="S", policies=('{"Statement":[]}',), tags={"team": "é"},
    transitive=("team",), source_identity="mj", federated_attributes={"accounts.google.com:aud": "x"},
)  # fmt: skip


@given(data=st.binary(max_size=200), place=st.integers(0, 10_000))
def test_only_the_whole_opens_and_only_for_its_purpose(data: bytes, place: int) -> None:
    sealed = VAULT.seal(data, "one")
    assert VAULT.open(sealed, "one") == data
    assert VAULT.open(sealed, "two") is None
    assert Vault(b"x" * 32).open(sealed, "one") is None
    broken = bytearray(sealed)
    broken[place % len(sealed)] ^= 1
    assert VAULT.open(bytes(broken), "one") is None
    assert VAULT.open(sealed[:5], "one") is None


def test_a_token_carries_the_whole_session() -> None:
    issued = VAULT.issue(PRINCIPAL, SESSION, expires=3601.0, chance=Chance(), user_name="mateojackson")
    assert issued.access_key_id.startswith("ASIA")
    assert len(issued.access_key_id) == 20
    assert len(issued.secret_access_key) == 40
    assert issued.secret_access_key not in repr(issued)
    opened = Vault(b"k" * 32).open_token(issued.session_token)
    assert opened is not None
    assert (opened.principal, opened.session, opened.expires) == (PRINCIPAL, SESSION, 3601.0)
    assert (opened.access_key_id, opened.secret_access_key) == (issued.access_key_id, issued.secret_access_key)
    assert opened.user_name == "mateojackson"
    assert Vault(b"x" * 32).open_token(issued.session_token) is None


@pytest.mark.parametrize("least", [1_000, 1_001, 1_002, 1_003, 4_096])
def test_a_token_can_be_made_larger(least: int) -> None:
    large = VAULT.issue(PRINCIPAL, SESSION, expires=1.0, chance=Chance(), least=least).session_token
    assert least <= len(large) < least + 4
    opened = VAULT.open_token(large)
    assert opened is not None
    assert opened.session == SESSION


def test_a_changed_token_does_not_open() -> None:
    for least in (0, 1_001, 1_002, 1_003):
        token = VAULT.issue(PRINCIPAL, SESSION, expires=1.0, chance=Chance(), least=least).session_token
        end = len(token.rstrip("="))
        for place in (*range(0, end, 7), end - 1):
            for letter in "ABCDQgw":
                other = token[:place] + letter + token[place + 1 :]
                assert other == token or VAULT.open_token(other) is None
    assert VAULT.open_token("not a token") is None
    assert VAULT.open_token("A" * 100_000) is None
    assert VAULT.open_token("é") is None


def test_a_sealed_message_is_no_token() -> None:
    message = VAULT.seal_message(b'{"allowed":false}')
    assert VAULT.open_message(message) == b'{"allowed":false}'
    assert VAULT.open_token(message) is None
    assert VAULT.open_message(message[:-2] + "xy") is None
    token = VAULT.issue(PRINCIPAL, SESSION, expires=1.0, chance=Chance()).session_token
    assert VAULT.open_message(token) is None


def test_a_key_has_a_size() -> None:
    with pytest.raises(ValueError, match="16, 24 or 32"):
        Vault(b"short")
    assert msgspec.json.encode(SESSION)
