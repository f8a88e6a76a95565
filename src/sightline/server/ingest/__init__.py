"""One file a protocol, the same steps in each."""
