"""Run by Alembic; the connection and its transaction come from `loyalty_engine.store.migrate`."""

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo


def note(
    ctx: MigrationContext,  # noqa: ARG001 - Alembic calls by these names
    step: MigrationInfo,
    heads: Collection[Any],  # noqa: ARG001
    run_args: Mapping[str, Any],  # noqa: ARG001
) -> None:
    """Keeps the revision that was just applied."""
    applied = context.config.attributes["applied"]
    if applied is not None:
        applied.append(step.up_revision_id)


# Without `target_metadata`, whose naming convention would change the names that a revision spells out.
context.configure(connection=context.config.attributes["connection"], on_version_apply=note)
context.run_migrations()
