"""The pages of reports: the shelf they stand on, asking for one, subscriptions."""
