"""Twelve hours of one trail as CloudTrail delivers them, in a bucket and as a copy in a folder."""

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import obstore
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from obstore.store import MemoryStore, ObjectStore

from trailwarden.clock import Chance
from trailwarden.delivery.digest import Span, signed_digest
from trailwarden.delivery.keys import Signer
from trailwarden.delivery.logfile import file_name, log_file, prefixed
from trailwarden.delivery.progress import Delivered
from trailwarden.delivery.trail import Trail, TrailStatus
from trailwarden.storage.ports import Entry
from trailwarden.validation import Bucket, Folder, Keys, Place
from trailwarden.validation.keys import fingerprint_of

__all__ = ["ACCOUNT", "BUCKET", "NOON", "REGION", "TRAIL", "Delivery", "File", "chance", "delivered", "key_pair"]

ACCOUNT, REGION, BUCKET = "123456789012", "us-east-1", "amzn-s3-demo-logs"
NOON = 1_767_268_800
"""2026-01-01T12:00:00Z."""
_HOUR = 3_600
TRAIL = Trail(account=ACCOUNT, home_region=REGION, name="My-Trail", created=0.0, bucket=BUCKET, prefix="audit")


def chance(seed: int = 0) -> Chance:
    """The same bytes each time, others for each seed."""
    state = [seed * 1_000_003]

    def more(count: int) -> bytes:
        state[0] += 1
        return (state[0] * 2_654_435_761 % 2**128).to_bytes(16, "big") * (count // 16 + 1)

    return Chance(lambda count: more(count)[:count])


@cache
def _own() -> tuple[Signer, bytes]:
    return key_pair()


def key_pair() -> tuple[Signer, bytes]:
    """Something that signs, and its public key."""
    private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return Signer(fingerprint_of(public), private), public


@dataclass(frozen=True)
class File:
    data: bytes
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class Delivery:
    """What lies in the bucket by key, oldest first, and what it was made with."""

    signer: Signer
    public: bytes
    files: dict[str, File] = field(default_factory=dict)
    status: TrailStatus = field(default_factory=TrailStatus)

    @property
    def digests(self) -> list[str]:
        return [key for key in self.files if "CloudTrail-Digest" in key]

    @property
    def logs(self) -> list[str]:
        return [key for key in self.files if "CloudTrail-Digest" not in key]

    @property
    def keys(self) -> Keys:
        return Keys({self.signer.fingerprint: self.public})

    def change(self, key: str, data: bytes) -> None:
        self.files[key] = replace(self.files[key], data=data)

    def hour(self, start: int, logs: int = 2, *, late: bool = False, signer: Signer | None = None) -> str:
        """An hour's log files, and the digest that lists them; gives the digest's key."""
        listed = [self._log(start, number) for number in range(logs)]
        span = Span(account=ACCOUNT, region=REGION, start=start, end=start + _HOUR)
        previous = TrailStatus() if late else self.status
        digest = signed_digest(
            TRAIL,
            span,
            listed,
            previous=previous,
            signer=signer or self.signer,
            generated=start + 2.0 * _HOUR if late else None,
        )
        self.files[digest.key] = File(digest.file.data, dict(digest.metadata))
        if not late:
            self.status = TrailStatus(
                previous_bucket=BUCKET,
                previous_key=digest.key,
                previous_hash=digest.file.hash,
                previous_signature=digest.signature,
            )
        return digest.key

    def _log(self, start: int, number: int) -> Delivered:
        time = start + 300.0 * (number + 1)
        name = file_name(
            TRAIL, kind="CloudTrail", account=ACCOUNT, region=REGION, now=time, chance=chance(start + number)
        )
        key, file = prefixed(TRAIL, name), log_file([_entry(start + number)])
        self.files[key] = File(file.data)
        return Delivered(bucket=BUCKET, key=key, hash=file.hash, newest=time, oldest=time, time=time)

    def bucket(self) -> Bucket:
        store: ObjectStore = MemoryStore()
        for key, file in self.files.items():
            obstore.put(store, key, file.data, attributes=file.metadata)
        return Bucket(BUCKET, "audit", lambda _: store)

    def folder(self, root: Path) -> Folder:
        for key, file in self.files.items():
            path = root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)
        return Folder(root)

    def places(self, root: Path) -> tuple[Place, Place]:
        return self.bucket(), self.folder(root)


def _entry(number: int) -> Entry:
    record = f'{{"eventID":"{number}","eventName":"GetUser"}}'.encode()
    return Entry(
        event_id=str(number),
        time=float(number),
        account=ACCOUNT,
        region=REGION,
        category="Management",
        source="iam.amazonaws.com",
        name="GetUser",
        read_only=True,
        record=record,
    )


def delivered(hours: int = 12) -> Delivery:
    """One chain of so many hours, the last ending at noon."""
    delivery = Delivery(*_own())
    for number in range(hours):
        delivery.hour(NOON - (hours - number) * _HOUR)
    return delivery
