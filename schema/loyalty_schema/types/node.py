"""What every object with a global id has."""

import strawberry

from loyalty_schema.fields import EVERYONE, computed
from loyalty_schema.request import Info


@strawberry.interface(description="An object with a global id.")
class Node:
    """An object with a global id."""

    @computed(scope=EVERYONE, description="The global id; opaque, unique, never reused.")
    def id(self, info: Info) -> strawberry.ID:
        """The global id."""
        raise NotImplementedError
