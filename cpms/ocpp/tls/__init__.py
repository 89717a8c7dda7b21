"""Our own TLS listener, and the certificates that chargers show. (OCPP 2.0.1 part 2, A00)"""
