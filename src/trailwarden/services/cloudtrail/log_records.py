"""The events in a log file, each as the bytes that it was written with."""

from collections.abc import Sequence

import msgspec

from trailwarden.gzipped import Followed, Spoilt, pieces

__all__ = ["moment_of", "records_in", "unpacked"]

_MOST = 256 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_MARK = b"\xef\xbb\xbf"


class _File(msgspec.Struct):
    Records: list[msgspec.Raw]


class _Event(msgspec.Struct, rename="camel"):
    event_time: str = ""
    event_name: str = ""


def unpacked(data: bytes) -> bytes:
    """The content of gzip, all members; anything else as it is. ValueError for what is cut off or too large."""
    if not data.startswith(_GZIP):
        return data
    parts: list[bytes] = []
    try:
        parts.extend(pieces(data, _MOST))
    except Followed as error:
        raise Spoilt(str(error)) from None
    return b"".join(parts)


def records_in(content: bytes) -> Sequence[bytes]:
    """The records of a log file, of a list, of JSON lines, or one alone. ValueError for what holds none of them.

    Bytes that are no UTF-8 are replaced: the rest of such a file is as good as any other.
    """
    content = content.removeprefix(_MARK)
    try:
        content.decode()
    except UnicodeDecodeError:
        content = content.decode(errors="replace").encode()
    try:
        return _whole(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except msgspec.DecodeError as error:
        return _lines(content, str(error))


def moment_of(record: bytes) -> str:
    """The event's eventTime, "" where there is none."""
    try:
        return msgspec.json.decode(record, type=_Event).event_time
    except (msgspec.DecodeError, RecursionError):
        return ""


def _lines(content: bytes, fault: str) -> Sequence[bytes]:
    """`fault` is what it is where it is no JSON lines either."""
    lines = [line for line in content.splitlines() if line.strip()]
    if len(lines) <= 1 or not all(line.lstrip().startswith(b"{") for line in lines):
        raise ValueError(fault)
    try:
        return [record for line in lines for record in _whole(line)]
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _whole(content: bytes) -> Sequence[bytes]:
    if content.lstrip().startswith(b"["):
        return [bytes(each) for each in msgspec.json.decode(content, type=list[msgspec.Raw])]
    try:
        return [bytes(each) for each in msgspec.json.decode(content, type=_File).Records]
    except msgspec.ValidationError:
        if not msgspec.json.decode(content, type=_Event).event_name:
            raise ValueError("it holds no events") from None
        return [content]
