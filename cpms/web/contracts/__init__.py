"""Pages of contractors and contracts, and of how a site's uptime is reckoned."""
