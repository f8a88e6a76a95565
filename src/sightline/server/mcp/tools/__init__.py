"""The tools, one a file, each named ``TOOL`` there; adding one is adding its file."""
