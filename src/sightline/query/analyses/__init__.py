"""Fixed questions behind the pages: overview, services."""
