"""ClickHouse, embedded or a cluster: connection, schema, writer."""
