"""Whenever the process ends: every event is delivered exactly once, and the digest chain is whole."""

import gzip
import json
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.delivery.bench import BUCKET, Bench, Buckets, bench

from trailwarden.delivery.destination import DeliveredFile, DeliveryFailed

STEPS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from(["well", "refused", "dies-before", "dies-after"]),
        st.sampled_from([1, 299, 301, 3601, 7300]),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)
"""How many events, how the next puts go, how much time passes, whether the process starts anew."""


class Ends(Exception):
    """The process ends here."""


@dataclass
class Unsteady(Buckets):
    mood: str = "well"
    repeated: list[str] = field(default_factory=list)

    def put(self, file: DeliveredFile) -> None:
        if self.mood == "refused":
            raise DeliveryFailed("AccessDenied")
        if self.mood == "dies-before":
            raise Ends
        standing = self.files.get((file.bucket, file.key))
        assert standing is None or standing.data == file.data, "a file was written over with another content"
        super().put(file)
        if self.mood == "dies-after":
            raise Ends


@given(STEPS)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_exactly_once(steps: list[tuple[int, str, int, bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as made:
        made.buckets = buckets = Unsteady()
        made.restart()
        made.trail()
        expected: list[str] = []
        for count, mood, passes, anew in steps:
            expected += made.record(count)
            buckets.mood = mood
            if anew:
                made.restart()
            made.run(passes)
        buckets.mood = "well"
        made.restart()
        made.run(3700, drain=True)
        made.run(3700)
        made.run(3700)
        assert Counter(made.buckets.event_ids()) == Counter(expected)
        _check_chain(made)


def _check_chain(made: Bench) -> None:
    """Each digest names the one before; together they list every log file once."""
    keys = made.buckets.keys("CloudTrail-Digest")
    digests = [made.buckets.content(key) for key in keys]
    listed = [file["s3Object"] for digest in digests for file in digest["logFiles"]]
    assert sorted(listed) == made.buckets.keys("CloudTrail")
    previous = None
    for key, digest in zip(keys, digests, strict=True):
        assert digest["previousDigestS3Object"] == previous
        if previous is not None:
            assert digest["previousDigestSignature"] == made.buckets.files[BUCKET, previous].metadata["signature"]
            assert digest["digestStartTime"] == json.loads(_content(made, previous))["digestEndTime"]
        previous = key


def _content(made: Bench, key: str) -> bytes:
    return gzip.decompress(made.buckets.files[BUCKET, key].data)
