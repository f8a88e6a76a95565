"""What coding assistants ask: the Model Context Protocol, over standard input and HTTP. docs/howto/assistants.md."""
