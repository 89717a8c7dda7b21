"""Pages of incidents, of what people were told, and of who is told when."""
