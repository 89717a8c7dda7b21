"""The plumbing that every room's API stands on. REST's settings name what is here."""

from inventory.rest.authentication import TokenAuthentication
from inventory.rest.export import CsvRenderer
from inventory.rest.paging import Cursor
from inventory.rest.parsing import StrictJson
from inventory.rest.permissions import RolePermission
from inventory.rest.problems import problem

__all__ = [
    "CsvRenderer",
    "Cursor",
    "RolePermission",
    "StrictJson",
    "TokenAuthentication",
    "problem",
]
