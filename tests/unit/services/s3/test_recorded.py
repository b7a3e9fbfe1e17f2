"""Texts and statuses of S3's errors, held against answers recorded from AWS."""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import trailwarden.services.s3
from trailwarden.errors import AwsError

RECORDED = Path(__file__).parents[5] / "shared" / "recorded" / "s3"

UNRECORDED = {
    "AccessControlListNotSupported",
    "BucketAlreadyExists",
    "IllegalVersioningConfigurationException",
    "InvalidBucketAclWithBlockPublicAccessError",
    "InvalidBucketAclWithObjectOwnership",
    "KeyTooLongError",
    "MetadataTooLarge",
}
"""Errors of which no answer was recorded."""


def _errors(value: Any) -> Iterator[tuple[str, str, int | None]]:
    if isinstance(value, dict):
        error = value.get("Error")
        if isinstance(error, dict) and "Code" in error:
            status = (value.get("ResponseMetadata") or {}).get("HTTPStatusCode")
            yield error["Code"], error.get("Message") or "", status
        for each in value.values():
            yield from _errors(each)
    elif isinstance(value, list):
        for each in value:
            yield from _errors(each)


def _classes() -> list[type[AwsError]]:
    modules = [
        importlib.import_module(f"trailwarden.services.s3.{module.name}")
        for module in pkgutil.iter_modules(trailwarden.services.s3.__path__)
    ]
    found = {
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, AwsError) and one.__module__ == module.__name__
    }
    return sorted(found, key=lambda one: one.__name__)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded answers are not here")
def test_errors_read_as_recorded() -> None:
    recorded = {found for file in RECORDED.glob("*.json") for found in _errors(json.loads(file.read_text()))}
    differing = []
    for one in _classes():
        if "{" in one.message or one.__name__ in UNRECORDED or one.status == 304:
            continue
        code = one.code or one.__name__
        if not any(found[:2] == (code, one.message) and found[2] in {None, one.status} for found in recorded):
            differing.append((code, one.message, one.status, sorted(str(each) for each in recorded if each[0] == code)))
    assert differing == []
