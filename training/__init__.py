"""Trains the two bundled models from a folder of prose; the app never imports this package."""
