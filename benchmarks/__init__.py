"""Side-by-side measurements: each prints ratios beside what it ran on, and asserts nothing."""
