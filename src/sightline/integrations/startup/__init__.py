"""What ``sightline run`` puts on the path of the interpreters that it starts."""
