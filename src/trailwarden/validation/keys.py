"""The public keys that digests are signed with.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

__all__ = ["Keys", "KeysUnreadable", "fingerprint_of", "listed_keys", "signed"]


class KeysUnreadable(Exception):
    """A file is no output of `aws cloudtrail list-public-keys`, or nobody could be asked; the text says why."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Public keys (DER, PKCS#1) by fingerprint; `more` is asked, once a Region and month, for those not known."""

    known: dict[str, bytes]
    more: Callable[[str, float], Mapping[str, bytes]] | None = None
    _asked: set[tuple[str, int]] = field(default_factory=set)

    def find(self, fingerprint: str, region: str, time: float) -> bytes | None:
        """The key with that fingerprint. Raises KeysUnreadable."""
        month = (region, int(time // _MONTH))
        if fingerprint not in self.known and self.more is not None and month not in self._asked:
            self._asked.add(month)
            self.known.update(self.more(region, time))
        return self.known.get(fingerprint)


_MONTH = 30 * 86_400


def listed_keys(answers: Iterable[str | bytes | Mapping[str, Any]]) -> dict[str, bytes]:
    """The keys of ListPublicKeys' answers by fingerprint, which must be that of their bytes. Raises KeysUnreadable."""
    found: dict[str, bytes] = {}
    for answer in answers:
        try:
            told = json.loads(answer) if isinstance(answer, (str, bytes)) else answer
            for each in told["PublicKeyList"]:
                value = each["Value"]
                der = value if isinstance(value, bytes) else base64.b64decode(value, validate=True)
                if fingerprint_of(der) != each["Fingerprint"]:
                    raise KeysUnreadable(f"the public key {each['Fingerprint']} has another fingerprint")
                found[each["Fingerprint"]] = der
        except (ValueError, KeyError, TypeError, binascii.Error):
            raise KeysUnreadable("this is no output of aws cloudtrail list-public-keys") from None
    return found


def fingerprint_of(der: bytes) -> str:
    """MD5 of the key's bytes, in hexadecimal, as digests name their key."""
    return hashlib.md5(der, usedforsecurity=False).hexdigest()


def signed(key: bytes, signature: str, text: bytes) -> bool | None:
    """Whether the signature (SHA256withRSA, hexadecimal) is of that text; None where the key is none."""
    try:
        public = load_der_public_key(key)
    except ValueError:
        return None
    if not isinstance(public, rsa.RSAPublicKey):
        return None
    try:
        public.verify(bytes.fromhex(signature), text, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True
