"""Operating a charger: a form for each operation, what became of it, and many chargers at once."""
