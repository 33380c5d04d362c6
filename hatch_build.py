"""Puts into the wheel the printed schema, which `sources` cannot place because it lies beside its package."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PrintedSchema(BuildHookInterface[Any]):
    """Ships `schema/schema.graphql`; an editable installation reads it where it is."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds the wheel."""
        if version == "standard":
            build_data["force_include"]["schema/schema.graphql"] = (
                "loyalty_engine/_shipped/schema/schema.graphql"
            )
