"""`python -m attnlit`: the same as the command `attnlit`."""

import sys

from attnlit.commands import main

sys.exit(main())
