"""What only this server can read: secrets at rest, session tokens, encoded authorization messages.

AES-256-GCM; the purpose is authenticated with the data, so that nothing sealed for one use opens in another.
"""

import base64
import hashlib
import hmac
import zlib
from dataclasses import dataclass, field

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trailwarden.auth.stages import Session
from trailwarden.clock import Chance
from trailwarden.policy.request import Principal

__all__ = ["Credentials", "Opened", "Vault", "secret_purpose"]

_NONCE = 12
_TAG = 16
_KEY_SIZES = frozenset({16, 24, 32})
_ID_LETTERS = 16
_SECRET_LENGTH = 40
_LONGEST_TOKEN = 16_384
_LONGEST_MESSAGE = 10_240
_REMEMBERED = 4_096

_TOKEN = "session-token"  # noqa: S105 — names a use, is none
_MESSAGE = "authorization-message"


def secret_purpose(key_id: str) -> str:
    """The purpose under which the secret of a long-term access key is sealed: bound to its id."""
    return f"access-key:{key_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Temporary credentials as STS hands them out. `expiration` is in seconds since the epoch."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: float


class _Carried(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a session token holds."""

    access_key_id: str
    principal: Principal
    session: Session
    expires: float
    user_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session token, opened. Whether it has expired is the reader's to tell; `secret_access_key` signs with it."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    principal: Principal
    session: Session
    expires: float
    user_name: str


class Vault:
    """Seals and opens with one key (16, 24 or 32 bytes; ValueError otherwise)."""

    def __init__(self, key: bytes) -> None:
        if len(key) not in _KEY_SIZES:
            raise ValueError("a vault's key has 16, 24 or 32 bytes")
        self._cipher = AESGCM(key)
        self._deriving = hmac.digest(key, b"trailwarden session secrets", "sha256")
        self._nonces = Chance()
        self._opened: dict[str, Opened] = {}

    def seal(self, data: bytes, purpose: str, *, chance: Chance | None = None) -> bytes:
        """`data` sealed for a purpose; `chance` gives the nonce."""
        nonce = (chance or self._nonces).bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, data, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes | None:
        """What was sealed for that purpose; None where it is something else, or was changed."""
        if len(sealed) <= _NONCE:
            return None
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
        except InvalidTag:
            return None

    def issue(
        self,
        principal: Principal,
        session: Session,
        *,
        expires: float,
        chance: Chance,
        user_name: str = "",
        least: int = 0,
    ) -> Credentials:
        """Temporary credentials; nothing is stored, the token carries everything and the secret follows from it.

        `least` is the smallest size of the token, in bytes.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html
        """
        key_id = "ASIA" + chance.letters(_ID_LETTERS)
        carried = _Carried(
            access_key_id=key_id,
            principal=principal,
            session=session,
            expires=expires,
            user_name=user_name,
        )
        packed = zlib.compress(msgspec.json.encode(carried), 6)
        padding = bytes(max(0, -(-least * 3 // 4) - _NONCE - _TAG - len(packed)))
        sealed = self.seal(packed + padding, _TOKEN, chance=chance)
        token = base64.b64encode(sealed).decode()
        return Credentials(
            access_key_id=key_id, secret_access_key=self._secret(token), session_token=token, expiration=expires
        )

    def open_token(self, token: str) -> Opened | None:
        """The session behind a token of this vault; None for any other text. Tokens are remembered, a bounded number."""
        known = self._opened.get(token)
        if known is not None:
            return known
        opened = self._open_token(token)
        if opened is not None:
            if len(self._opened) >= _REMEMBERED:
                self._opened.clear()
            self._opened[token] = opened
        return opened

    def _open_token(self, token: str) -> Opened | None:
        sealed = _unbased(token, _LONGEST_TOKEN)
        packed = self.open(sealed, _TOKEN) if sealed else None
        if packed is None:
            return None
        # Only this vault can have sealed it, and it bounds what it seals.
        carried = msgspec.json.decode(zlib.decompress(packed), type=_Carried)
        return Opened(
            access_key_id=carried.access_key_id,
            secret_access_key=self._secret(token),
            principal=carried.principal,
            session=carried.session,
            expires=carried.expires,
            user_name=carried.user_name,
        )

    def seal_message(self, message: bytes) -> str:
        """An encoded authorization message, as EC2 puts behind its denials.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
        """
        return base64.urlsafe_b64encode(self.seal(zlib.compress(message, 6), _MESSAGE)).decode().rstrip("=")

    def open_message(self, encoded: str) -> bytes | None:
        """The message, or None where this vault did not encode it."""
        sealed = _unbased(encoded.replace("-", "+").replace("_", "/"), _LONGEST_MESSAGE)
        packed = self.open(sealed, _MESSAGE) if sealed else None
        return None if packed is None else zlib.decompress(packed)

    def _secret(self, token: str) -> str:
        digest = hmac.digest(self._deriving, token.encode(), hashlib.sha256)
        return base64.b64encode(digest).decode()[:_SECRET_LENGTH]


def _unbased(text: str, longest: int) -> bytes:
    """Base 64 undone, padding completed; empty where it is none, not the one way to write it, or too long."""
    if len(text) > longest:
        return b""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""
    # The last letter may hold bits that decoding drops: two texts would be one token.
    return data if base64.b64encode(data).decode().rstrip("=") == text.rstrip("=") else b""
