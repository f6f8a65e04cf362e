"""The page of recurring patterns: every head scored for each known role, and the chosen one in words."""
