"""One chain of digests, judged from the newest to the oldest: form, place, signature, and what the next one says of it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-custom-validation.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from trailwarden.validation.digest import Digest, Read, read_digest, to_sign
from trailwarden.validation.finding import ALTERED, GONE, MALFORMED, MOVED, UNSIGNED, Finding, Verdict
from trailwarden.validation.keys import Keys, signed
from trailwarden.validation.naming import digest_name
from trailwarden.validation.place import Place, Spot, Stored

__all__ = ["KIND", "Judged", "Opened", "follow", "open_digest"]

KIND = "Digest file"
_ALGORITHM = "SHA256withRSA"
_GENERATED = "backfill-generation-timestamp"


@dataclass(frozen=True, slots=True)
class Opened:
    """A digest as it was found; `read` is None where it has no digest's form, `modified` is in seconds."""

    read: Read | None
    metadata: Mapping[str, str] | None
    modified: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What is found of a digest, and the digest where it can be believed."""

    finding: Finding
    digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class _Claim:
    """What the next digest says of one."""

    hash: str
    signature: str


def open_digest(place: Place, spot: Spot) -> Opened | None:
    """The digest at a spot, None where there is none. Raises OSError."""
    stored = place.read(spot)
    return None if stored is None else _opened(stored)


def _opened(stored: Stored) -> Opened:
    return Opened(read_digest(stored.data), stored.metadata, stored.modified)


def follow(
    spots: Sequence[Spot], opened: Callable[[Spot], Opened | None], place: Place, keys: Keys, *, since: float
) -> Iterator[Judged]:
    """Judge the digests of a chain, given oldest first, and those before them that they name, as far back as `since`.

    Raises OSError, KeysUnreadable.
    """
    waiting, known = list(spots), set(spots)
    claims: dict[Spot, _Claim] = {}
    while waiting:
        spot = waiting.pop()
        judged = _judge(spot, opened(spot), claims.get(spot), place, keys)
        yield judged
        before = None if judged.digest is None else _before(judged.digest, place)
        if before is not None:
            claims[before[0]] = before[1]
            if before[0] not in known and _end(before[0]) >= since:
                known.add(before[0])
                waiting.append(before[0])


def _before(digest: Digest, place: Place) -> tuple[Spot, _Claim] | None:
    """The digest before one, and what is said of it."""
    if digest.previous_key is None or digest.previous_bucket is None:
        return None
    spot = place.spot(digest.previous_bucket, digest.previous_key)
    return spot, _Claim(digest.previous_hash or "", digest.previous_signature or "")


def _end(spot: Spot) -> float:
    named = digest_name(spot.key)
    return 0.0 if named is None else named.end


def _judge(spot: Spot, opened: Opened | None, claim: _Claim | None, place: Place, keys: Keys) -> Judged:
    named = digest_name(spot.key)
    late = named is not None and named.late
    fault = GONE if opened is None else _fault(spot, opened, claim, place, keys)
    if opened is None or opened.read is None or fault:
        return Judged(Finding(kind=KIND, spot=spot, verdict=Verdict.INVALID, reason=fault or MALFORMED, late=late))
    if opened.metadata is None and claim is None:
        reason = "its signature is kept in the bucket alone"
        return Judged(
            Finding(kind=KIND, spot=spot, verdict=Verdict.UNPROVED, reason=reason, late=late), opened.read.digest
        )
    return Judged(Finding(kind=KIND, spot=spot, verdict=Verdict.VALID, late=late), opened.read.digest)


def _fault(spot: Spot, opened: Opened, claim: _Claim | None, place: Place, keys: Keys) -> str:
    """The first thing that is wrong with a digest, "" where nothing is."""
    if opened.read is None:
        return MALFORMED
    digest = opened.read.digest
    if place.spot(digest.bucket, digest.key) != spot:
        return MOVED
    if claim is not None and claim.hash != opened.read.hash:
        return ALTERED
    return _unsigned(spot, opened.read, opened.metadata, claim, keys)


def _unsigned(spot: Spot, read: Read, metadata: Mapping[str, str] | None, claim: _Claim | None, keys: Keys) -> str:
    """What is wrong with the signature; in a copy without metadata it stands in the next digest, or nowhere."""
    if metadata is None:
        return "" if claim is None else _unproved(spot, read, claim.signature, read.digest.end, keys)
    signature = metadata.get("signature", "")
    if metadata.get("signature-algorithm") != _ALGORITHM or (claim is not None and claim.signature != signature):
        return UNSIGNED
    made = _made(spot, read.digest, metadata)
    return MALFORMED if made is None else _unproved(spot, read, signature, made, keys)


def _made(spot: Spot, digest: Digest, metadata: Mapping[str, str]) -> datetime | None:
    """When a digest was signed; a backfill digest must tell."""
    named = digest_name(spot.key)
    if named is None or not named.late:
        return digest.end
    try:
        return datetime.fromisoformat(metadata.get(_GENERATED, ""))
    except ValueError:
        return None


def _unproved(spot: Spot, read: Read, signature: str, made: datetime, keys: Keys) -> str:
    fingerprint = read.digest.fingerprint
    named = digest_name(spot.key)
    region = "" if named is None else named.chain.region
    key = keys.find(fingerprint, region, made.timestamp())
    if key is None:
        return f"public key not found in region {region} for fingerprint {fingerprint}"
    proved = signed(key, signature, to_sign(read))
    if proved is None:
        return f"Unable to load PKCS #1 key with fingerprint {fingerprint}"
    return "" if proved and read.digest.algorithm == _ALGORITHM else UNSIGNED
