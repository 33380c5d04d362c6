"""Limits on a document that need no schema: tokens, depth, aliases, directives, fields, root mutations.

They come before validation, whose cost grows with the square of what they bound.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
)

from loyalty_schema.errors import ErrorCode, RequestError


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be."""

    characters: int = 100_000
    tokens: int = 2500
    comments: int = 500
    depth: int = 16
    fields: int = 400
    aliases: int = 50
    directives: int = 50
    repeats: int = 10
    spreads: int = 30
    root_mutations: int = 10
    cost: int = 50_000


USUAL = Limits()


def parsed(text: str, limits: Limits = USUAL) -> DocumentNode:
    """The document; raises GraphQLSyntaxError, or QUERY_TOO_COMPLEX for one that is too large."""
    if len(text) > limits.characters:
        raise _too_complex(f"The document has more than {limits.characters} characters; send variables.")
    try:
        document = parse(text, max_tokens=limits.tokens, max_comments=limits.comments)
    except GraphQLSyntaxError as error:
        if error.message.endswith("Parsing aborted."):
            raise _too_complex(
                f"The document has more than {limits.tokens} tokens or {limits.comments} comments, "
                f"or is nested more than {limits.depth} levels deep."
            ) from None
        raise
    _Checker(document, limits).check()
    return document


class _Checker:
    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        self._limits = limits
        self._operations = [
            node for node in document.definitions if isinstance(node, OperationDefinitionNode)
        ]
        self._fragments: Mapping[str, FragmentDefinitionNode] = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._depths: dict[str, int] = {}
        self._counts: Counter[str] = Counter()

    def check(self) -> None:
        """Raises QUERY_TOO_COMPLEX for the first limit that is passed."""
        for definition in (*self._operations, *self._fragments.values()):
            self._counts["directives"] += len(definition.directives or ())
            self._count(definition.selection_set, 1)
        for name in ("fields", "aliases", "directives", "spreads"):
            most = getattr(self._limits, name)
            if self._counts[name] > most:
                raise _too_complex(f"The document has more than {most} {name}.")
        for operation in self._operations:
            if self._depth(operation.selection_set, frozenset()) > self._limits.depth:
                raise _too_complex(f"The document is nested more than {self._limits.depth} levels deep.")
            self._check_roots(operation)

    def _count(self, selections: SelectionSetNode, level: int) -> None:
        if level > 4 * self._limits.depth:
            raise _too_complex(f"The document is nested more than {self._limits.depth} levels deep.")
        names: Counter[str] = Counter()
        for node in selections.selections:
            self._counts["directives"] += len(node.directives or ())
            if isinstance(node, FieldNode):
                self._counts["fields"] += 1
                self._counts["aliases"] += node.alias is not None
                names[(node.alias or node.name).value] += 1
            elif isinstance(node, FragmentSpreadNode):
                self._counts["spreads"] += 1
            if isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set is not None:
                self._count(node.selection_set, level + 1)
        if any(number > self._limits.repeats for number in names.values()):
            raise _too_complex(f"A field stands more than {self._limits.repeats} times in one place.")

    def _depth(self, selections: SelectionSetNode, within: frozenset[str]) -> int:
        return max((self._depth_of(node, within) for node in selections.selections), default=0)

    def _depth_of(self, node: object, within: frozenset[str]) -> int:
        if isinstance(node, FieldNode):
            return 1 + (0 if node.selection_set is None else self._depth(node.selection_set, within))
        if isinstance(node, InlineFragmentNode):
            return self._depth(node.selection_set, within)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment_depth(node.name.value, within)
        return 0

    def _fragment_depth(self, name: str, within: frozenset[str]) -> int:
        """A fragment that leads to itself is validation's business; here it ends."""
        if name in within or name not in self._fragments:
            return 0
        if name not in self._depths:
            self._depths[name] = self._depth(self._fragments[name].selection_set, within | {name})
        return self._depths[name]

    def _check_roots(self, operation: OperationDefinitionNode) -> None:
        if operation.operation is not OperationType.MUTATION:
            return
        roots = sum(1 for _ in self._roots(operation.selection_set, frozenset()))
        if roots > self._limits.root_mutations:
            raise _too_complex(f"One document does at most {self._limits.root_mutations} mutations.")

    def _roots(self, selections: SelectionSetNode, within: frozenset[str]) -> Iterator[FieldNode]:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from self._roots(node.selection_set, within)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in self._fragments and name not in within:
                    yield from self._roots(self._fragments[name].selection_set, within | {name})


def _too_complex(message: str) -> RequestError:
    return RequestError(ErrorCode.QUERY_TOO_COMPLEX, message)
