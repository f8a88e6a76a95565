"""What the demo is made of: its programs, and how it is known that nothing was lost."""
