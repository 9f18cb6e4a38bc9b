"""`python -m playhead` is the `playhead` command."""

import sys

from playhead.cli import main

sys.exit(main())
