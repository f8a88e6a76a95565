"""Inside the user's process: records, context and the settings that steer them."""
