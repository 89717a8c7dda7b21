"""Files over HTTP on the chargers' listener: logs that they send, firmware that they fetch."""
