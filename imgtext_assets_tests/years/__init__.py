"""Two years of a dataset's life on a small web with a clock of its own: refresh, decay, removals, releases.

`python -m imgtext_assets_tests.years` prints a line a month and draws the survival of the links; the test holds every
release to what must be true of it.
"""
