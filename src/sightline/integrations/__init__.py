"""One file a library that is instrumented."""
