"""The cases of OCPP 2.0.1."""
