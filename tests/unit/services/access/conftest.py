import dataclasses

import pytest
from tests.unit.services.access.counter import Counter
from tests.unit.services.desk import Desk

from trailwarden.app.server import FACTS


@pytest.fixture
def counter(desk: Desk) -> Counter:
    """A desk with diagnosis at hand, where a user without any permission is refused iam:ListUsers."""
    made = Counter(**{field.name: getattr(desk, field.name) for field in dataclasses.fields(desk)} | {"facts": FACTS})
    made.call("iam:CreateUser", {"UserName": "mateojackson"})
    return made
