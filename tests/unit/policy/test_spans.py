import json

import pytest

from trailwarden.policy.spans import statement_spans

PLAIN = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
NESTED = {**PLAIN, "Principal": {"AWS": ["*"]}, "Condition": {"StringEquals": {"a:b": ["}", "]", '"'], "c:d": "{"}}}


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize(
    "statement", [[PLAIN, NESTED, PLAIN], [NESTED, NESTED], [PLAIN], PLAIN, NESTED, [NESTED, PLAIN]], ids=range(6)
)
@pytest.mark.parametrize("after", [{}, {"Id": "}{"}])
def test_each_statement_is_found_where_it_stands(
    statement: list[dict[str, object]] | dict[str, object], after: dict[str, str], indent: int | None
) -> None:
    text = json.dumps({"Version": "2012-10-17", "Id2": {"x": [{}]}, "Statement": statement, **after}, indent=indent)
    lines = text.split("\n")
    found = []
    for span in statement_spans(text):
        start = sum(len(line) + 1 for line in lines[: span.start.line - 1]) + span.start.column - 1
        end = sum(len(line) + 1 for line in lines[: span.end.line - 1]) + span.end.column
        found.append(json.loads(text[start:end]))
    assert found == (statement if isinstance(statement, list) else [statement])
