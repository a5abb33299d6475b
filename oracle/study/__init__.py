"""A study in its database: opened, extended, traced through its winners, and written to files."""
