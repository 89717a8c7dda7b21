"""OCPP 2.0.1: what chargers say, turned into facts."""
