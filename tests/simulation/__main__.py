"""Play seeded scenarios: `python -m tests.simulation --scenarios 1000 --seed 1 --processes 2`."""

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import sys

from tests.simulation.play import main

sys.exit(main(sys.argv[1:]))
