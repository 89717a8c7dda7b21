"""The routes of each version."""

from cpms.ocpp.v16.routes import ROUTES as V16
from cpms.ocpp.v21.routes import ROUTES as V21
from cpms.ocpp.v201.routes import ROUTES as V201

ROUTES = {routes.version: routes for routes in (V21, V201, V16)}
