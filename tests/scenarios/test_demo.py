"""The demonstration ends well only if every step really happened."""

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_all_five_stories() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "trailwarden.cli", "demo"], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert [f"Story {number}:" in done.stdout for number in range(1, 6)] == [True] * 5
    assert "INVALID" not in done.stdout
