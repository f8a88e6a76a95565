"""What telemetry is: records, severities, ids, resources, names of attributes."""
