"""The search language for logs and traces."""
