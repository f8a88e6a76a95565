"""What the doctor looks at, one file a subject; each has ``check``, which gives its findings."""
