"""Event data stores as Apache Iceberg tables: one a store, by day of eventTime, in a catalog that every engine opens.

The catalog is an SQL catalog named `trailwarden`; the table of a store is `cloudtrail."<id of the store>"`, as AWS names
it where a store is federated. A table changes only by commits of Iceberg's own, each of one snapshot. What of the journal
is in the table is told by `trailwarden.position`, in the snapshot's summary and the table's properties of the same commit:
so that a crash between two steps neither loses nor doubles an event; files that no commit mentions are swept.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-federation.html
https://iceberg.apache.org/spec/
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, TableAlreadyExistsError
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyiceberg.table import Table
from pyiceberg.transforms import DayTransform
from pyiceberg.types import (
    BooleanType,
    DoubleType,
    IcebergType,
    IntegerType,
    ListType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
)

from trailwarden.lake.files import SyncedFileIO, path_of
from trailwarden.lake.records import Written
from trailwarden.lake.schema import Family, name_of

__all__ = ["NAMESPACE", "POSITION", "Changed", "Held", "Pinned", "Warehouse"]

_log = logging.getLogger(__name__)

NAMESPACE = "cloudtrail"
POSITION = "trailwarden.position"
_FAMILY = "trailwarden.family"
_FILES = f"{SyncedFileIO.__module__}.{SyncedFileIO.__name__}"
_ATTEMPTS = 20
T = TypeVar("T")
_EPOCH = date(1970, 1, 1)
_PROPERTIES = {
    "format-version": "2",
    "commit.retry.num-retries": "0",  # a commit that lost must look again at what the table holds of the journal
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "20",
    "write.metadata.previous-versions-max": "10",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.metrics.default": "none",
    "write.metadata.metrics.column.eventtime": "full",
    "write.metadata.metrics.column.eventid": "counts",
    "write.metadata.metrics.column.eventsource": "truncate(40)",
    "write.metadata.metrics.column.eventname": "truncate(40)",
    "write.metadata.metrics.column.recipientaccountid": "full",
    "write.metadata.metrics.column.awsregion": "full",
    "write.parquet.compression-codec": "zstd",
}


class Changed(Exception):
    """The table was changed by somebody else meanwhile; the work is to be done again on what it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A data file: its path, day, rows, bytes, and the range of eventTime in it (naive, UTC)."""

    path: str
    day: date
    rows: int
    size: int
    oldest: datetime
    newest: datetime
    file: DataFile = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Pinned:
    """A table at one moment: how far it holds the journal, and the files of that moment."""

    table: Table = field(repr=False)
    location: str
    position: int
    files: tuple[Held, ...]


@dataclass(slots=True)
class Warehouse:
    """The tables below a folder. `catalog` is a URL of SQLAlchemy's; several servers may share both."""

    catalog: str
    folder: Path
    _locks: dict[str, threading.RLock] = field(default_factory=dict, repr=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _pinned: dict[str, Pinned] = field(default_factory=dict, repr=False)
    _opened: SqlCatalog | None = field(default=None, repr=False)

    def lock(self, store: str) -> threading.RLock:
        """Held while this process writes the store's table."""
        with self._guard:
            return self._locks.setdefault(store, threading.RLock())

    def table(self, store: str, family: Family | None = None) -> Table | None:
        """The store's table; made where there is none and a family is given."""
        catalog = self._catalog()
        try:
            return catalog.load_table((NAMESPACE, store))
        except NoSuchTableError:
            if family is None:
                return None
        try:
            return self._create(catalog, store, family)
        except TableAlreadyExistsError:
            return catalog.load_table((NAMESPACE, store))

    def pin(self, store: str) -> Pinned | None:
        """What the store's table holds now; None where it has none yet."""
        table = self.table(store)
        if table is None:
            return None
        known = self._pinned.get(store)
        if known is not None and known.location == table.metadata_location == known.table.metadata_location:
            return known
        position = int(table.properties.get(POSITION, "0"))
        pinned = Pinned(table, table.metadata_location, position, tuple(map(_held, _data_files(table))))
        self._pinned[store] = pinned
        return pinned

    def commit(
        self, pinned: Pinned, *, add: Sequence[Written] = (), remove: Iterable[Held] = (), position: int | None = None
    ) -> None:
        """One snapshot more: files added and removed, and how far the journal is held now.

        Changed where the table is no longer what was pinned; nothing of it was kept then.
        """
        table, removed = pinned.table, list(remove)
        if table.metadata_location != pinned.location:
            raise Changed
        kept = str(pinned.position if position is None else position)
        try:
            with table.transaction() as transaction:
                if position is not None:
                    transaction.set_properties({POSITION: kept})
                metadata = transaction.table_metadata  # made anew each time that it is asked for
                files = [parquet_file_to_data_file(table.io, metadata, written.url) for written in add]
                snapshot = transaction.update_snapshot(snapshot_properties={POSITION: kept})
                with snapshot.overwrite() if removed else snapshot.merge_append() as change:
                    for held in removed:
                        change.delete_data_file(held.file)
                    for file in files:
                        change.append_data_file(file)
        except CommitFailedException as error:
            raise Changed from error

    def again(self, work: Callable[[], T]) -> T:
        """Do work that commits, anew where the table was changed meanwhile. Raises Changed in the end."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return work()
            except Changed:
                continue
        return work()

    def data_folder(self, store: str) -> Path:
        """Where the store's data files are."""
        folder = self.folder / store / "data"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def expire(self, store: str, before: datetime) -> int:
        """Forget snapshots older than a time, but for the present one; gives their count."""
        table = self.table(store)
        if table is None:
            return 0
        count = len(table.metadata.snapshots)
        oldest = min((snapshot.timestamp_ms for snapshot in table.metadata.snapshots), default=None)
        if count < 2 or oldest is None or oldest / 1000 >= before.timestamp():  # noqa: PLR2004 — the present one stays
            return 0
        table.maintenance.expire_snapshots().older_than(before).commit()
        left = self.table(store)
        return count - (len(left.metadata.snapshots) if left is not None else 0)

    def unreferenced(self, store: str) -> set[Path]:
        """Files below the store's folder that no snapshot and no metadata of its table mentions."""
        found = {path for path in (self.folder / store).rglob("*") if path.is_file()}
        table = self.table(store)  # after the listing, so that what is committed meanwhile is known
        return found - (_referenced(table) if table is not None else set())

    def drop(self, store: str) -> None:
        """Remove the table from the catalog; its files are the caller's to remove."""
        try:
            self._catalog().drop_table((NAMESPACE, store))
        except NoSuchTableError:
            _log.debug("there is no table %s", store)
        self._pinned.pop(store, None)

    def stores(self) -> set[str]:
        """The ids of the stores that have a table."""
        return {name[-1] for name in self._catalog().list_tables(NAMESPACE)}

    def close(self) -> None:
        """Release the catalog's connections."""
        with self._guard:
            if self._opened is not None:
                self._opened.close()
            self._opened = None

    def _catalog(self) -> SqlCatalog:
        with self._guard:
            if self._opened is None:
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                place = {"uri": self.catalog, "warehouse": self.folder.as_uri(), "py-io-impl": _FILES}
                self._opened = SqlCatalog("trailwarden", **place)
                self._opened.create_namespace_if_not_exists(NAMESPACE)
            return self._opened

    def _create(self, catalog: SqlCatalog, store: str, family: Family) -> Table:
        schema = _schema(family)
        time = schema.find_field("eventtime")
        day = PartitionField(source_id=time.field_id, field_id=1000, transform=DayTransform(), name="eventday")
        return catalog.create_table(
            (NAMESPACE, store),
            schema=schema,
            location=(self.folder / store).as_uri(),
            partition_spec=PartitionSpec(day),
            properties={
                **_PROPERTIES,
                _FAMILY: family.name,
                POSITION: "0",
                "schema.name-mapping.default": schema.name_mapping.model_dump_json(),
            },
        )


def _data_files(table: Table) -> Iterable[DataFile]:
    return [task.file for task in table.scan().plan_files()]


def _held(file: DataFile) -> Held:
    day = _EPOCH + timedelta(days=int(file.partition[0]))
    start = datetime(day.year, day.month, day.day, tzinfo=UTC).replace(tzinfo=None)
    return Held(
        path=str(path_of(file.file_path)),
        day=day,
        rows=file.record_count,
        size=file.file_size_in_bytes,
        oldest=start,
        newest=start + timedelta(days=1),
        file=file,
    )


def _referenced(table: Table) -> set[Path]:
    urls = {table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)}
    for snapshot in table.metadata.snapshots:
        urls.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            urls.add(manifest.manifest_path)
            urls.update(entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io))
    return {path_of(url) for url in urls}


def _schema(family: Family) -> Schema:
    """https://iceberg.apache.org/spec/#schemas."""
    columns = [*((column.name, column.type) for column in family.columns), ("eventjson", "string")]
    fields = [_field(number, name, kind) for number, (name, kind) in enumerate(columns, 1)]
    return assign_fresh_schema_ids(Schema(*fields))


def _field(number: int, name: str, kind: Any) -> NestedField:
    return NestedField(field_id=number, name=name, field_type=_type(kind), required=False)


def _type(kind: Any) -> IcebergType:
    """Ids are given afresh behind this, so that they need only differ among brothers."""
    if isinstance(kind, list):
        return ListType(element_id=1, element_type=_type(kind[0]), element_required=False)
    if isinstance(kind, Mapping):
        return StructType(*(_field(number, name_of(member), of) for number, (member, of) in enumerate(kind.items(), 1)))
    return _PLAIN[kind]()


_PLAIN: Mapping[str, Callable[[], IcebergType]] = {
    "string": StringType,
    "timestamp": TimestampType,
    "boolean": BooleanType,
    "double": DoubleType,
    "integer": IntegerType,
    "map": lambda: MapType(key_id=1, key_type=StringType(), value_id=2, value_type=StringType(), value_required=False),
}
