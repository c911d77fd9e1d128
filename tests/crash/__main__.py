"""Run the kill test as often as you like: python -m tests.crash --kills 100 --seed 1."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.crash.company import Company


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.randrange(1_000_000)
    sys.stdout.write(f"seed {seed}\n")
    with tempfile.TemporaryDirectory() as folder:
        company = Company(Path(folder) / "company", seed=seed)
        for number in range(arguments.kills):
            after_s = company.kill_a_sync()
            sys.stdout.write(f"kill {number + 1} after {after_s:.2f} s\n")
        faults = company.faults_at_rest()
    sys.stdout.write("\n".join(faults) or f"{arguments.kills} kills, nothing lost, nothing doubled")
    sys.stdout.write("\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
