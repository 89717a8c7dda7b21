"""What is kept for drivers: reservations, messages on displays, what is known of customers."""
