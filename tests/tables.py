"""What a test has committed is taken away after it, in some milliseconds.

Django's own way truncates every table there is and then makes all content types and permissions
anew: a fifth of a second a test, and other numbers for them each time, which processes remember.
"""

import time

from django.db import OperationalError, connection

#: Made by migrations, changed by nobody.
KEPT = ("django_migrations", "django_content_type", "auth_permission")
#: Seconds to wait before it is tried again: a request of a page that was just closed may still
#: write, to tables in another order than we lock them.
PAUSES = (0.2, 0.5, 1.0, 2.0)
#: A table whose file is empty holds nothing, committed or not. The locks wait for who still
#: writes; `replica` leaves out triggers, which keep the order of rows and what never changes.
EMPTY = f"""
DO $$
DECLARE
  ours CONSTANT regclass[] := ARRAY(
    SELECT oid FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT IN {KEPT}
    ORDER BY oid
  );
  one regclass;
BEGIN
  EXECUTE 'LOCK ' || array_to_string(ours, ', ') || ' IN SHARE ROW EXCLUSIVE MODE';
  SET LOCAL session_replication_role = replica;
  FOREACH one IN ARRAY ours LOOP
    IF pg_relation_size(one) > 0 THEN
      EXECUTE 'DELETE FROM ' || one;
    END IF;
  END LOOP;
END $$
"""


def empty() -> None:
    """Delete the rows of all tables of this worker's database but those of `KEPT`."""
    for pause in PAUSES:
        try:
            return _empty()
        except OperationalError:
            time.sleep(pause)
    return _empty()


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(EMPTY)
