"""Run the benchmark as a module: `python -m benchmarks.coverage`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from run import main

main()
