"""What a charger is set to: found, understood, changed, compared."""
