"""Pages joined are the whole, whatever the names and the page size."""

import dataclasses
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from trailwarden.services.call import Call
from trailwarden.services.iam.paging import page


@dataclasses.dataclass(frozen=True)
class Asked:
    """As much of a call as paging looks at."""

    params: dict[str, Any]


@given(st.sets(st.text(min_size=1, max_size=20), max_size=30), st.integers(1, 12))
def test_pages_join_to_the_whole(names: set[str], size: int) -> None:
    items = tuple(names)
    seen: list[str] = []
    params: dict[str, Any] = {"MaxItems": size}
    for _ in range(len(items) + 1):
        found = page(cast("Call", Asked(params)), items, str)
        assert len(found.items) <= size
        seen.extend(found.items)
        if not found.rest["IsTruncated"]:
            break
        params["Marker"] = found.rest["Marker"]
    assert seen == sorted(names)
