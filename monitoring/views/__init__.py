"""Pages of what happened, and of what is now; each reads through the scoped querysets."""
