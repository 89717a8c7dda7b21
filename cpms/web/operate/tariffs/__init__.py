"""What charging costs at a site, and how vendors' own messages are answered."""
