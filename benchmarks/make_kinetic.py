"""Make the map from words to attribute codes that the package carries.

    python benchmarks/make_kinetic.py            # writes semtool/encoders/kinetic.safetensors
    python benchmarks/make_kinetic.py --check    # fits again and says how far the shipped map is from it

Needs the sentence encoder `minilm`; takes a minute or two. Nothing is drawn: the same bank, machine and libraries
give the same bytes. Make it again whenever the bank's names, `global` or `motion` texts or facts change, or `everyday.yaml` does.
"""

from __future__ import annotations

import hashlib

import numpy as np
from common import arguments

from semtool.encoders import FactMap, fit_map
from semtool.encoders.fact_map import SHIPPED


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--check", action="store_true")
    fitted = fit_map("minilm")
    if parser.parse_args().check:
        shipped = FactMap.load(SHIPPED)
        away = np.abs(shipped(fitted.support)[0] - fitted(fitted.support)[0]).max()
        print(f"codes of the bank's texts differ by at most {away:.3f}")
    else:
        fitted.save(SHIPPED)
    data = SHIPPED.read_bytes()
    print(f"{SHIPPED.name}: {len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
