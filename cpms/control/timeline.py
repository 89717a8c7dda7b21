"""Commands in the list of what happened at a charger."""

from django.utils.translation import gettext_lazy as _

from monitoring.charger_page import happenings
from monitoring.charger_page.happenings import Kind

#: A list goes on after a number: of a command, the first 48 bits of its id.
KEY = "('x' || lpad(left(replace(id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint"
COMMAND = Kind(
    ("command", "name", "end", "who"),
    "requested_at",
    f"""
    SELECT id, requested_at, NULL::bigint, requested_at, answered_at, NULL::float8,
           command, name, ends, who
      FROM (SELECT {KEY} AS id, requested_at, answered_at, id::text AS command,
                   coalesce(nullif(operation, ''), action) AS name, requested_by_name AS who,
                   CASE WHEN state = 'accepted' AND verified THEN 'done'
                        WHEN state = 'accepted' AND NOT verified THEN 'not_done'
                        ELSE state END AS ends
              FROM control_command
             WHERE charger_id = %(charger)s AND requested_at >= %(start)s
               AND requested_at <= %(end)s) AS asked
     WHERE {{beyond}}
     ORDER BY requested_at DESC, id DESC LIMIT %(most)s
    """,
)


def show() -> None:
    """Have them shown from now on."""
    happenings.add("command", COMMAND, "commands", _("Commands"))
