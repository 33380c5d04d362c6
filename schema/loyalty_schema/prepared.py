"""A document that was parsed, limited and validated before it is executed."""

from collections.abc import Iterator
from contextvars import ContextVar

from graphql import DocumentNode
from strawberry.extensions import SchemaExtension

PREPARED: ContextVar[DocumentNode] = ContextVar("prepared_document")
"""The document of the operation at hand."""


class UsePrepared(SchemaExtension):
    """Executes the document that was prepared, without parsing or validating it again."""

    def on_parse(self) -> Iterator[None]:
        """Hands over the prepared document."""
        self.execution_context.graphql_document = PREPARED.get()
        yield

    def on_validate(self) -> Iterator[None]:
        """Leaves out what was validated already."""
        self.execution_context.validation_rules = ()
        yield
