"""What a charger watches of itself, and what it told."""
