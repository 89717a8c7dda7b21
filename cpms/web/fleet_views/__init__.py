"""Saved views of the fleet: who sees them, who may change them, and their pages."""
