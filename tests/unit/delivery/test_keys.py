"""The keys that digests are signed with."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from trailwarden.auth.sealing import Vault
from trailwarden.delivery.keys import DIGEST_KEY, Keyring, KeyUnreadable, Signer, public_keys
from trailwarden.delivery.progress import settled
from trailwarden.storage import Storage, open_storage

NOON = 1_772_625_600.0
DAY = 86_400.0


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    storage = open_storage(str(tmp_path / "store.db"), blobs=str(tmp_path / "blobs"))
    yield storage
    storage.close()


def signer(storage: Storage, keyring: Keyring, *, now: float = NOON, region: str = "us-east-1") -> Signer:
    return settled(storage, lambda transaction: keyring.signer(transaction, region=region, now=now))


def test_a_signature_is_good_for_the_listed_key(storage: Storage) -> None:
    made = signer(storage, Keyring(Vault(b"k" * 32)))
    (listed,) = public_keys(storage.begin(), region="us-east-1", start=NOON, end=NOON)
    assert listed.fingerprint == made.fingerprint == hashlib.md5(listed.value).hexdigest()
    public = load_der_public_key(listed.value)
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 2048
    public.verify(bytes.fromhex(made.sign(b"text")), b"text", padding.PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(bytes.fromhex(made.sign(b"text")), b"other", padding.PKCS1v15(), SHA256())


def test_a_key_stays_through_a_restart_and_is_rotated_later(storage: Storage) -> None:
    first = signer(storage, Keyring(Vault(b"k" * 32)))
    again = signer(storage, Keyring(Vault(b"k" * 32)), now=NOON + DAY)
    later = signer(storage, Keyring(Vault(b"k" * 32)), now=NOON + 31 * DAY)
    assert first.fingerprint == again.fingerprint != later.fingerprint
    reader = storage.begin()
    old = public_keys(reader, region="us-east-1", start=NOON, end=NOON + DAY)
    both = public_keys(reader, region="us-east-1", start=NOON, end=NOON + 31 * DAY)
    assert [key.fingerprint for key in old] == [first.fingerprint]
    assert [key.fingerprint for key in both] == [first.fingerprint, later.fingerprint]


def test_each_region_has_its_own(storage: Storage) -> None:
    keyring = Keyring(Vault(b"k" * 32))
    assert signer(storage, keyring).fingerprint != signer(storage, keyring, region="eu-west-1").fingerprint
    assert public_keys(storage.begin(), region="ap-south-1", start=NOON, end=NOON) == []


def test_the_private_key_is_sealed(storage: Storage) -> None:
    signer(storage, Keyring(Vault(b"k" * 32)))
    (document,) = storage.begin().list(DIGEST_KEY)
    assert b"\x02\x01\x00\x30\x0d\x06\x09" not in document.body.private
    with pytest.raises(KeyUnreadable):
        signer(storage, Keyring(Vault(b"x" * 32)))
