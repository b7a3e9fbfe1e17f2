"""The screens in the documents are what the commands print now. Plays one story over a server, which takes about ten seconds."""

import re

import pytest
from tools.screens import DOCUMENTS, filled, screens


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    return screens()


def test_the_documents_show_what_the_commands_print(found: dict[str, str]) -> None:
    for document in DOCUMENTS:
        text = document.read_text()
        assert filled(text, found) == text, f"{document.name} is out of date: run python -m tools.screens"


def test_every_screen_is_shown_and_fits(found: dict[str, str]) -> None:
    shown = {name for each in DOCUMENTS for name in re.findall(r"<!-- screen: ([a-z-]+) -->", each.read_text())}
    assert shown == set(found)
    plain = "".join(text for name, text in found.items() if name not in {"api", "diagnose-markdown"})
    commands = ("$ ", "aws ")  # never broken, so that they can be copied
    wide = [line for line in plain.splitlines() if len(line) > 100 and not line.strip().startswith(commands)]
    assert wide == []
