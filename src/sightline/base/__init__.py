"""What everything else stands on: errors, settings, clock, counters, limits. Standard library only."""
