"""SigV4A: ECDSA over P-256 with a key pair that both sides derive from the secret; one signature for many Regions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html#how-sigv4a-works
"""

import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

__all__ = ["public_key", "signature_fits"]

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_TRIES = 254
_BITS = (256).to_bytes(4)
_LONGEST_SIGNATURE = 72


@lru_cache(maxsize=1_024)
def public_key(access_key: str, secret: str) -> ec.EllipticCurvePublicKey:
    """The public half of the pair that belongs to an access key.

    The private one is a counter-mode derivation of the secret (NIST SP 800-108), counted up until it falls below the
    curve's order.
    """
    for counter in range(1, _TRIES + 1):
        context = b"AWS4-ECDSA-P256-SHA256\x00" + access_key.encode() + bytes([counter]) + _BITS
        candidate = int.from_bytes(hmac.digest(b"AWS4A" + secret.encode(), (1).to_bytes(4) + context, "sha256"))
        if candidate <= _ORDER - 2:
            return ec.derive_private_key(candidate + 1, ec.SECP256R1()).public_key()
    raise ArithmeticError("no key pair follows from this secret")


def signature_fits(key: ec.EllipticCurvePublicKey, signature: str, string_to_sign: str) -> bool:
    """Whether a signature in hexadecimal (DER inside, `*` as padding in chunks) is of this text."""
    try:
        der = bytes.fromhex(signature.rstrip("*"))
    except ValueError:
        return False
    if not der or len(der) > _LONGEST_SIGNATURE:
        return False
    try:
        key.verify(der, string_to_sign.encode(), ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
