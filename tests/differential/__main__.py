"""`python -m tests.differential [CASES] [SEED]`: the engine against the naive evaluator on random cases."""

import json
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.differential.comparing import compare

CHUNK = 2_500


def main() -> int:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    effects: Counter[str] = Counter()
    print(f"seeds {seed} to {seed - (-cases // CHUNK) - 1}", flush=True)
    with ProcessPoolExecutor(2) as pool:
        for found in pool.map(compare, range(seed, seed + -(-cases // CHUNK)), [CHUNK] * -(-cases // CHUNK)):
            effects += found.effects
            if found.difference is not None:
                print(json.dumps(found.difference, indent=1))
                return 1
    print(f"{effects.total():,} cases, no difference: " + ", ".join(f"{n:,} {effect}" for effect, n in effects.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
