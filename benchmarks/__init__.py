"""Side-by-side measurements: each prints ratios beside what it ran on, and asserts nothing."""

import os

# As in our workers: idle threads sleep. It must be decided before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
