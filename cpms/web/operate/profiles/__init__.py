"""The section of the Operate tab that shows what limits a charger."""
