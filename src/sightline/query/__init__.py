"""Questions to the store: search, analyses, SQL."""
