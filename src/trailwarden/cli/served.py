"""Delivered files where a server or AWS keeps them: the bucket, the public keys, what the trail tells of its digests."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.store import S3Store

from trailwarden.arn import Arn
from trailwarden.cli.connection import Connection, aws_connection, server_connection
from trailwarden.validation import Asked, Bucket, Keys, KeysUnreadable, Mistaken, Place, Report, listed_keys, validate

__all__ = ["connected", "keys_served", "validate_served"]

_DAY = 86_400.0

Progress = Callable[[int, int], None]


def connected(data: Path, profile: str | None, region: str | None, *, aws: bool) -> Connection:
    """Whom to ask. Raises Mistaken."""
    if aws:
        return aws_connection(profile, region)
    try:
        found = server_connection(data, profile or "default")
    except (FileNotFoundError, KeyError) as missing:
        raise Mistaken(
            f"{data} holds no server to ask ({missing}): name one with --data, AWS with --aws, or a folder and --keys"
        ) from None
    return replace(found, region=region) if region else found


def keys_served(connection: Connection) -> Keys:
    """The keys that ListPublicKeys tells, asked for when they are needed."""

    def more(region: str, time: float) -> Mapping[str, bytes]:
        start, end = (datetime.fromtimestamp(time + days * _DAY, UTC) for days in (-31, 31))
        try:
            client = replace(connection, region=region).client("cloudtrail")
            return listed_keys([client.list_public_keys(StartTime=start, EndTime=end)])
        except (ClientError, BotoCoreError) as error:
            raise KeysUnreadable(f"the public keys of {region} cannot be asked for: {error}") from None

    return Keys({}, more)


def validate_served(
    connection: Connection, where: str, trail_arn: str, asked: Asked, keys: Keys | None, progress: Progress
) -> Report:
    """Validate what lies in a bucket (`s3://BUCKET/PREFIX`), or in that of a trail. Raises Mistaken, KeysUnreadable, OSError."""
    try:
        trail = _trail(connection, trail_arn)
        place = _named(connection, where) if where else trail.place()
        wanted = replace(asked, account=asked.account or trail.account, newest=trail.newest())
        return validate(place, keys or keys_served(connection), wanted, progress)
    except (ClientError, BotoCoreError) as error:
        raise Mistaken(str(error)) from None


@dataclass(frozen=True, slots=True)
class _Trail:
    """A trail as DescribeTrails tells it; without a trail `told` is empty."""

    connection: Connection
    arn: str
    told: Mapping[str, Any]

    @property
    def account(self) -> str:
        """The trail's own account, "" where it is one of several."""
        arn = Arn.parse(self.arn)
        return arn.account if arn is not None and self.told and not self.told.get("IsOrganizationTrail") else ""

    def place(self) -> Place:
        """The trail's bucket. Raises Mistaken."""
        if not self.told:
            raise Mistaken(f"there is no trail {self.arn}" if self.arn else "name a folder, a bucket or --trail-arn")
        return Bucket(self.told["S3BucketName"], self.told.get("S3KeyPrefix", ""), _opening(self.connection))

    def newest(self) -> Mapping[tuple[str, str], float]:
        """When the trail delivered its newest digest, by account and Region, in seconds."""
        arn = Arn.parse(self.arn)
        if arn is None or not self.told:
            return {}
        return {
            (arn.account, region): status["LatestDigestDeliveryTime"].timestamp()
            for region, status in self._statuses(arn.region)
            if "LatestDigestDeliveryTime" in status
        }

    def _statuses(self, home: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """GetTrailStatus of every Region that the account may use."""
        everywhere = self.connection.session.get_available_regions("cloudtrail")
        for region in everywhere if self.told["IsMultiRegionTrail"] else [home]:
            with _closed_regions_skipped():
                client = replace(self.connection, region=region).client("cloudtrail")
                yield region, client.get_trail_status(Name=self.arn)


@contextmanager
def _closed_regions_skipped() -> Iterator[None]:
    """A Region that the account has not opted into knows none of its keys."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"UnrecognizedClientException", "InvalidClientTokenId"}:
            raise


def _trail(connection: Connection, arn: str) -> _Trail:
    parsed = Arn.parse(arn)
    if parsed is None:
        return _Trail(connection, arn, {})
    client = replace(connection, region=parsed.region).client("cloudtrail")
    found = client.describe_trails(trailNameList=[arn])["trailList"]
    return _Trail(connection, arn, found[0] if found else {})


def _named(connection: Connection, where: str) -> Place:
    name, _, prefix = where.removeprefix("s3://").partition("/")
    return Bucket(name, prefix.rpartition("AWSLogs")[0] or prefix, _opening(connection))


def _opening(connection: Connection) -> Callable[[str], S3Store]:
    """Opens buckets where they are; the function raises ClientError, BotoCoreError."""

    def opened(bucket: str) -> S3Store:
        located = connection.client("s3").get_bucket_location(Bucket=bucket)["LocationConstraint"] or "us-east-1"
        return S3Store(
            bucket,
            region={"EU": "eu-west-1"}.get(located, located),
            endpoint=connection.endpoint,
            virtual_hosted_style_request=connection.endpoint is None,
            credential_provider=Boto3CredentialProvider(connection.session),
            client_options={"allow_http": connection.endpoint is not None},
        )

    return opened
