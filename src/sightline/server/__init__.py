"""The one process: takes in, stores, answers, shows."""
