"""The page that lets a model write, and shows what it read for each word."""
