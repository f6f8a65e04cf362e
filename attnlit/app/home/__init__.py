"""The home page: a living picture, and examples to open."""
