"""The demo: people to sign in as, and a network of chargers for the simulator to play."""
