"""How the documentation is built: `make docs`."""

project = "attnlit"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "attnlit"
myst_heading_anchors = 3
exclude_patterns = ["_build"]
