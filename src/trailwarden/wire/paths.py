"""URI templates of the REST protocols, and the trie that finds the operation behind a path.

https://smithy.io/2.0/spec/http-bindings.html#httptrait-traits
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from trailwarden.wire.errors import MalformedQueryString
from trailwarden.wire.model import Operation, Shape

__all__ = ["PathTrie", "Template", "segments"]

_LITERAL, _LABEL, _GREEDY = 2, 1, 0


def segments(path: str) -> list[str]:
    """The raw segments of a path; one that ends in a slash has an empty last segment."""
    return path[1:].split("/")


@dataclass(frozen=True, slots=True)
class Template:
    """`/{Bucket}/{Key+}?acl` taken apart: what each segment is, and the query literals with the value they must have."""

    parts: tuple[tuple[int, str], ...]
    literals: tuple[tuple[str, str | None], ...]

    @classmethod
    def parse(cls, uri: str) -> "Template":
        """The template as the model writes it."""
        path, _, query = uri.partition("?")
        pairs = [part.partition("=") for part in query.split("&") if part]
        return cls(
            parts=tuple(_part(segment) for segment in path.strip("/").split("/") if segment),
            literals=tuple((unquote(name), unquote(value) if equals else None) for name, equals, value in pairs),
        )

    def labels(self, path: list[str]) -> dict[str, str]:
        """The labels' values in a path that fits."""
        found, place, spare = {}, 0, len(path) - len(self.parts)
        for kind, name in self.parts:
            end = place + 1 + (spare if kind == _GREEDY else 0)
            if kind != _LITERAL:
                found[name] = _decoded("/".join(path[place:end]))
            place = end
        return found


def _part(segment: str) -> tuple[int, str]:
    if not segment.startswith("{"):
        return _LITERAL, segment
    name = segment[1:-1]
    return (_GREEDY, name[:-1]) if name.endswith("+") else (_LABEL, name)


def _decoded(text: str) -> str:
    if "%" not in text:
        return text
    try:
        return unquote(text, errors="strict")
    except UnicodeError:
        raise MalformedQueryString from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """An operation at the end of its path, with what else must be in the request to mean it."""

    operation: Operation
    literals: tuple[tuple[str, str | None], ...]
    queries: tuple[str, ...]
    headers: tuple[str, ...]
    strict: bool

    def rank(self, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, bool, int, bool] | None:
        """How well the request fits, or None where a literal is missing.

        A required field or header that is missing is left to validation; S3 means another operation then.
        """
        for name, value in self.literals:
            if name not in query or (value is not None and query[name] != value):
                return None
        present = all(name in query for name in self.queries) and all(name in headers for name in self.headers)
        if not present and self.strict:
            return None
        required = (len(self.queries) + len(self.headers)) if present else 0
        return len(self.literals), present, required, not self.operation.raw.deprecated


@dataclass(slots=True)
class _Group:
    """The operations of one path, found by the first literal of their query."""

    plain: list[_End] = field(default_factory=list)
    keyed: dict[str, list[_End]] = field(default_factory=dict)

    def add(self, end: _End) -> None:
        (self.keyed.setdefault(end.literals[0][0], []) if end.literals else self.plain).append(end)

    def within(self, query: Mapping[str, str]) -> Iterator[_End]:
        """Those whose literals the query may have."""
        yield from self.plain
        for name in query if self.keyed else ():
            yield from self.keyed.get(name, ())


@dataclass(slots=True)
class _Node:
    literals: "dict[str, _Node]" = field(default_factory=dict)
    label: "_Node | None" = None
    greedy: dict[tuple[str, ...], _Group] = field(default_factory=dict)
    ends: _Group = field(default_factory=_Group)


@dataclass(slots=True)
class PathTrie:
    """All operations of one method of a service."""

    root: _Node = field(default_factory=_Node)

    def add(self, operation: Operation) -> None:
        """Plant an operation by its URI template."""
        template = Template.parse(operation.http.request_uri)
        queries, headers = _required(operation.input)
        strict = operation.model.service == "s3"
        end = _End(operation=operation, literals=template.literals, queries=queries, headers=headers, strict=strict)
        node = self.root
        for place, (kind, name) in enumerate(template.parts):
            if kind == _GREEDY:
                tail = tuple(text for _, text in template.parts[place + 1 :])
                node.greedy.setdefault(tail, _Group()).add(end)
                return
            if kind == _LITERAL:
                node = node.literals.setdefault(name, _Node())
            else:
                node.label = node = node.label or _Node()
        node.ends.add(end)

    def find(self, path: list[str], query: Mapping[str, str], headers: Mapping[str, str]) -> Operation | None:
        """The operation that fits best: literal segments before labels before greedy ones, then query literals, then required members."""
        best: tuple[object, ...] = ()
        found = None
        groups: list[Scored] = []
        _gather(self.root, path, (), groups)
        for score, group in groups:
            for end in group.within(query):
                rank = end.rank(query, headers)
                if rank is not None and (found is None or (score, rank) > best):
                    best, found = (score, rank), end.operation
        return found


Scored = tuple[tuple[int, ...], _Group]


def _gather(node: _Node, path: list[str], score: tuple[int, ...], found: list[Scored]) -> None:
    """Add what a path may mean, each with how it came there. A slash at the end says nothing, but in a greedy label."""
    place = len(score)
    rest = len(path) - place
    if rest == 0 or (rest == 1 and not path[place]):
        found.append((score, node.ends))
        return
    segment = path[place]
    following = node.literals and (node.literals.get(segment) or node.literals.get(unquote(segment)))
    if following:
        _gather(following, path, (*score, _LITERAL), found)
    if node.label is not None and segment:
        _gather(node.label, path, (*score, _LABEL), found)
    for tail, group in node.greedy.items():
        if rest > len(tail) and (not tail or tuple(path[-len(tail) :]) == tail):
            found.append(((*score, _GREEDY, *(_LITERAL for _ in tail)), group))


def _required(shape: Shape | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if shape is None:
        return (), ()
    wanted = [(shape.members[name], name) for name in shape.raw.required]
    queries = tuple(member.wire_name or name for member, name in wanted if member.ref.location == "querystring")
    headers = tuple((member.wire_name or name).lower() for member, name in wanted if member.ref.location == "header")
    return queries, headers
