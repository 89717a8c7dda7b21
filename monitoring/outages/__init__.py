"""The outage ledger: when a port couldn't serve, why, and what is taken out of its uptime."""
