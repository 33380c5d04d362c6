"""The GraphQL schema: types, inputs, results, paging, and how each field is read."""
