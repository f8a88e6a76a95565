"""Log files of all formats: recognise, cut at records, decode whole blocks of lines into rows of ``otel_logs``."""
