"""Run each contender in a process of its own, and say how long it took and how much memory it held.

The process that starts the others imports no library, because Linux counts the memory of a parent at
the moment of forking as memory of its child.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["measure", "serving"]

ROOT = Path(__file__).resolve().parents[1]


def measure(task: str, **arguments: Any) -> dict[str, Any]:
    """Run `module:function` of this package in a fresh process; return what it returned, and its peak memory.

    Raises:
        SystemExit: It failed; what it said is on standard error.
    """
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", "bench.process", task, json.dumps(arguments), str(answer)]
        done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
        if done.returncode:
            raise SystemExit(f"{task} failed")
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return found


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Keep the embedded server running for the block; give its address."""
    command = [sys.executable, "-m", "bench.process", "serve", str(folder)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        assert server.stdin is not None
        server.stdin.close()


def _serve(folder: str) -> None:
    from customer_sync.infra.pg import embedded

    server = embedded(Path(folder))
    print(server.dsn, flush=True)
    sys.stdin.read()
    server.close()


def _run(task: str, arguments: Mapping[str, Any], answer: Path) -> None:
    import importlib
    import resource

    module, _, name = task.partition(":")
    found = getattr(importlib.import_module(f"bench.{module}"), name)(**arguments)
    used = resource.getrusage(resource.RUSAGE_SELF)
    scale = 1 if sys.platform == "darwin" else 1024  # Linux counts in KiB
    found |= {"peak_bytes": used.ru_maxrss * scale, "cpu_s": used.ru_utime + used.ru_stime}
    answer.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        _serve(sys.argv[2])
    else:
        _run(sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3]))
