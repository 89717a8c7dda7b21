"""The guide that connects a charger, and says of any charger why it doesn't connect."""
