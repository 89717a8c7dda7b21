"""The cases of OCPP 1.6."""
