"""``python -m tellapart.recipes {plastic_pieces,quarter_positive} PICTURES``."""

import sys

from .command import main

sys.exit(main())
