"""The GraphQL schema: types, inputs, results, paging, and how each field is read."""

from loyalty_schema.schema import LoyaltySchema, Schemas, printed_schema

__all__ = ["LoyaltySchema", "Schemas", "printed_schema"]
