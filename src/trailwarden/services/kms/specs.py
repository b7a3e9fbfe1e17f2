"""Key specs: what a key of each is for, its algorithms, and how its material is made.

https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from trailwarden.clock import Chance

__all__ = ["AGREE", "ENCRYPT", "MAC", "SIGN", "SPECS", "Spec"]

ENCRYPT, SIGN, MAC, AGREE = "ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A key spec. `usages` maps each use to its algorithms; `make` gives new material: raw bytes, or PKCS #8 in DER."""

    usages: Mapping[str, tuple[str, ...]]
    make: Callable[[Chance], bytes] = field(repr=False)
    asymmetric: bool = False


_OAEP = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
_RSA_SIGNING = tuple(
    f"RSASSA_{padding}_SHA_{bits}" for padding in ("PKCS1_V1_5", "PSS") for bits in ("256", "384", "512")
)


def _raw(size: int) -> Callable[[Chance], bytes]:
    return lambda chance: chance.bytes(size)


def _der(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _rsa(bits: int) -> Spec:
    return Spec(
        usages={ENCRYPT: _OAEP, SIGN: _RSA_SIGNING},
        make=lambda _chance: _der(rsa.generate_private_key(public_exponent=65537, key_size=bits)),
        asymmetric=True,
    )


def _curve(curve: ec.EllipticCurve, algorithm: str, *, agrees: bool = False) -> Spec:
    usages = {SIGN: (algorithm,), AGREE: ("ECDH",)} if agrees else {SIGN: (algorithm,)}
    return Spec(usages=usages, make=lambda _chance: _der(ec.generate_private_key(curve)), asymmetric=True)


SPECS: Mapping[str, Spec] = {
    "SYMMETRIC_DEFAULT": Spec(usages={ENCRYPT: ("SYMMETRIC_DEFAULT",)}, make=_raw(32)),
    "HMAC_224": Spec(usages={MAC: ("HMAC_SHA_224",)}, make=_raw(28)),
    "HMAC_256": Spec(usages={MAC: ("HMAC_SHA_256",)}, make=_raw(32)),
    "HMAC_384": Spec(usages={MAC: ("HMAC_SHA_384",)}, make=_raw(48)),
    "HMAC_512": Spec(usages={MAC: ("HMAC_SHA_512",)}, make=_raw(64)),
    "RSA_2048": _rsa(2048),
    "RSA_3072": _rsa(3072),
    "RSA_4096": _rsa(4096),
    "ECC_NIST_P256": _curve(ec.SECP256R1(), "ECDSA_SHA_256", agrees=True),
    "ECC_NIST_P384": _curve(ec.SECP384R1(), "ECDSA_SHA_384", agrees=True),
    "ECC_NIST_P521": _curve(ec.SECP521R1(), "ECDSA_SHA_512", agrees=True),
    "ECC_SECG_P256K1": _curve(ec.SECP256K1(), "ECDSA_SHA_256"),
}
"""The specs that are served. Randomness of asymmetric keys is OpenSSL's own."""
