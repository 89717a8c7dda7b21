"""What the tabs of a charger's page show, a module a tab."""
