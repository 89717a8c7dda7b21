"""The routes of each version."""

from cpms.ocpp.v16.routes import ROUTES as V16

ROUTES = {routes.version: routes for routes in (V16,)}
