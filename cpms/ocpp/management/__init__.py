"""Management commands of the OCPP room."""
