"""OCPP 1.6: what chargers say, turned into facts."""
