"""The results of a query in a bucket: CSV files, gzipped, and the sign file that vouches for them.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-results-file-validation-sign-file-structure.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-lake-query-results.html
"""

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
from isal import igzip

from trailwarden.clock import iso
from trailwarden.delivery.destination import DeliveredFile, DeliveryFailed, Destination
from trailwarden.delivery.keys import Keyring
from trailwarden.delivery.progress import settled
from trailwarden.lake.query import BLOCK, Query, result_rows
from trailwarden.storage.ports import Storage

__all__ = ["deliver", "place"]

_LARGEST = 64 * 1024 * 1024
_STATUSES = {"NoSuchBucket": "RESOURCE_NOT_FOUND", "AccessDenied": "ACCESS_DENIED"}
_SIGNING = {"RESOURCE_NOT_FOUND": "RESOURCE_NOT_FOUND", "ACCESS_DENIED": "ACCESS_DENIED_SIGNING_FILE"}


def place(query: Query) -> tuple[str, str]:
    """Bucket, and the folder below which the files of the query go."""
    bucket, _, prefix = query.delivery.removeprefix("s3://").partition("/")
    day = datetime.fromtimestamp(query.ended or query.created, UTC)
    inner = f"AWSLogs/{query.account}/CloudTrail-Lake/Query/{day:%Y/%m/%d}/{query.id}"
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/{inner}" if prefix else inner


def deliver(storage: Storage, destination: Destination, keyring: Keyring, query: Query) -> str:
    """Put the results and their sign file; gives the delivery's status. Done again, it leaves the same files."""
    files = []
    for number, data in enumerate(_files(storage, query), 1):
        name = f"result_{number}.csv.gz"
        status = _put(destination, query, name, data, "gzip")
        if status:
            return status
        files.append({"fileHashValue": hashlib.sha256(data).hexdigest(), "fileName": name})
    status = _put(destination, query, "result_sign.json", _signed(storage, keyring, query, files), "")
    return _SIGNING.get(status, "FAILED_SIGNING_FILE") if status else "SUCCESS"


def _put(destination: Destination, query: Query, name: str, data: bytes, encoding: str) -> str:
    """Why the file could not be put, "" where it was."""
    bucket, folder = place(query)
    file = DeliveredFile(
        bucket=bucket,
        key=f"{folder}/{name}",
        data=data,
        content_type="text/csv" if encoding else "application/json",
        content_encoding=encoding,
        account=query.account,
        region=query.region,
        source_arn=next(iter(query.stores.values())),
    )
    try:
        destination.put(file)
    except DeliveryFailed as error:
        return _STATUSES.get(error.code, "FAILED")
    return ""


def _signed(storage: Storage, keyring: Keyring, query: Query, files: list[dict[str, str]]) -> bytes:
    completed = query.ended or query.created
    signer = settled(storage, lambda transaction: keyring.signer(transaction, region=query.region, now=completed))
    signature = signer.sign(" ".join(file["fileHashValue"] for file in files).encode())
    return msgspec.json.encode(
        {
            "version": "1.0",
            "region": query.region,
            "files": files,
            "hashAlgorithm": "SHA-256",
            "signatureAlgorithm": "SHA256withRSA",
            "queryCompleteTime": iso(completed),
            "hashSignature": signature,
            "publicKeyFingerprint": signer.fingerprint,
        }
    )


def _files(storage: Storage, query: Query) -> Iterator[bytes]:
    """Each with the header; the same bytes every time."""
    text = _begun(query)
    for start in range(0, query.rows, BLOCK):
        if text.tell() > _LARGEST:
            yield _packed(text)
            text = _begun(query)
        csv.writer(text, lineterminator="\n").writerows(result_rows(storage, query, start, BLOCK))
    yield _packed(text)


def _begun(query: Query) -> io.StringIO:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(query.columns)
    return text


def _packed(text: io.StringIO) -> bytes:
    packed: bytes = igzip.compress(text.getvalue().encode(), mtime=0)
    return packed
