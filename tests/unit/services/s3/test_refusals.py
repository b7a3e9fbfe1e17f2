"""Refusals as data: one call each, against a bucket that holds one object."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.services.s3.desk import refusal

CASES = json.loads((Path(__file__).parents[3] / "cases" / "s3" / "refusals.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['operation']}-{case['code']}")
def test_refusals(s3: Any, bucket: str, case: dict[str, Any]) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    error = refusal(getattr(s3, case["operation"]), Bucket=bucket, **case["arguments"])
    assert (error["Code"], error["Message"]) == (case["code"], case.get("message", error["Message"]))
