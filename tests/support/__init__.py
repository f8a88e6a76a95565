"""Helpers of the tests: real servers on free ports, and writers of segments."""
