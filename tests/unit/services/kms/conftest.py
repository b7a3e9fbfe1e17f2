from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.services.desk import Desk

from trailwarden.services.iam.facts import iam_facts
from trailwarden.services.kms import kms_facts


@pytest.fixture
def kms(desk: Desk) -> Desk:
    """A desk whose keys are known to authorization."""
    desk.facts = {"iam": iam_facts, "kms": kms_facts}
    return desk


@pytest.fixture
def key(kms: Desk) -> str:
    """The id of a symmetric key."""
    return str(kms.call("kms:CreateKey", {"Description": "log files"})["KeyMetadata"]["KeyId"])


@pytest.fixture
def made(kms: Desk) -> Callable[..., Any]:
    """Makes a key of a spec and use, and gives its id."""

    def make(spec: str, usage: str) -> str:
        return str(kms.call("kms:CreateKey", {"KeySpec": spec, "KeyUsage": usage})["KeyMetadata"]["KeyId"])

    return make
