"""Functions made once, also by several threads at once and for shapes that contain themselves."""

from concurrent.futures import ThreadPoolExecutor

from tests.unit.wire.asking import ID, targeted

from trailwarden import wire
from trailwarden.wire import library
from trailwarden.wire.json_body import tree_reader


def test_a_shape_that_contains_itself_is_read_to_its_end() -> None:
    body = b'{"TableName":"t","Item":{"a":{"L":[{"M":{"b":{"S":"x","Zork":1}}}]}}}'
    asked = targeted("DynamoDB_20120810.PutItem", body, "dynamodb")
    params = wire.read(asked, wire.route(asked), ID).params
    assert params["Item"] == {"a": {"L": [{"M": {"b": {"S": "x"}}}]}}


def test_threads_that_compile_the_same_shape_find_it_whole() -> None:
    shape = library.model("dynamodb").operations["PutItem"].input
    assert shape is not None
    value = {"Item": {"a": {"L": [{"M": {"b": {"L": [{"S": "x"}]}}}]}}}
    with ThreadPoolExecutor(8) as pool:
        for _ in range(30):
            reader = tree_reader()
            assert list(pool.map(lambda _, reader=reader: reader.of(shape)(value), range(8))) == [value] * 8
