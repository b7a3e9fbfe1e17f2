"""The keys of OpenID Connect issuers, as whoever runs the server has put them below its data folder.

No network is needed or used: `DIR/oidc/<issuer without https://>/jwks.json` is the issuer's JSON Web Key Set.
"""

from pathlib import Path
from urllib.parse import unquote

from trailwarden.services.sts.json_web_tokens import Key, keys_of

__all__ = ["issuer_keys"]

_FILE = "jwks.json"
_LARGEST = 262_144
_ODD = frozenset({"", ".", ".."})


def issuer_keys(folder: str, issuer: str) -> tuple[Key, ...] | None:
    """The keys of an issuer, named without its scheme; None where there is no file, or none of that size."""
    parts = issuer.split("/")
    if not folder or any(unquote(part) in _ODD or set(unquote(part)) & {"/", "\\", "\0"} for part in parts):
        return None
    path = Path(folder).joinpath(*parts, _FILE)
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError:
        return None
    return keys_of(data) if len(data) <= _LARGEST else None
