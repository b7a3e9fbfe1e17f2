"""CBOR bodies of the Smithy RPC v2 protocol.

https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

import io
from typing import Any

import cbor2

from trailwarden.wire.errors import SerializationException
from trailwarden.wire.json_body import DEEPEST, tree_writer
from trailwarden.wire.scalars import epoch

__all__ = ["decoded", "encoded", "tree_of_cbor"]

_UNREADABLE = "Could not parse request body into cbor."


def _refused_tag(*_: Any) -> Any:
    raise SerializationException(reason=_UNREADABLE)


_KNOWN_TAGS = dict.fromkeys(
    (0, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 52, 54, 55799), _refused_tag
)
"""Of all tags the protocol knows only 1, a time. The others could share, recurse or blow up."""


def decoded(body: bytes) -> Any:
    """The value; an empty body stands for an empty structure. SerializationException if it is not CBOR, or holds other tags than times."""
    if not body:
        return {}
    source = io.BytesIO(body)
    try:
        value = cbor2.CBORDecoder(
            source,
            max_depth=DEEPEST,
            strict_hashable_types=True,
            tag_hook=_refused_tag,
            semantic_decoders=_KNOWN_TAGS,
        ).decode()
    except SerializationException:
        raise
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, MemoryError, RecursionError, EOFError):
        raise SerializationException(reason=_UNREADABLE) from None
    return value


def encoded(value: Any) -> bytes:
    """The CBOR text of a tree."""
    return cbor2.dumps(value)


def tree_of_cbor() -> Any:
    """Functions from results to what is encoded as CBOR: times bear tag 1, numbers with a fraction are always floats."""
    return tree_writer(
        {
            "float": lambda *_: float,
            "double": lambda *_: float,
            "timestamp": lambda *_: lambda value: cbor2.CBORTag(1, epoch(value)),
        }
    )
