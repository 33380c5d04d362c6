"""How the decisions of several rules become one: trees over tier rules, and award lines."""
