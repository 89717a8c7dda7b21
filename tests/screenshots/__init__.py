"""The guide's screenshots, made from the demo network: `make screenshots`."""
