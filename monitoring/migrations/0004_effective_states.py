"""The effective state of every charger as a row, kept by triggers in the same statement."""

import django.db.models.deletion
from django.db import migrations, models

#: A port's or charger's rank by status, as `monitoring.effective.RANK` says (tests compare).
#: Refreshing locks the charger's row first: the statement after it sees what a transaction
#: that held it has changed meanwhile, so that two writers can't lose each other's change.
FUNCTIONS = """
CREATE FUNCTION monitoring_rank_of_status(status text) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (CASE status
        WHEN 'Faulted' THEN 1 WHEN 'Unavailable' THEN 2 WHEN 'Charging' THEN 4
        WHEN 'Preparing' THEN 5 WHEN 'Occupied' THEN 5 WHEN 'SuspendedEV' THEN 5
        WHEN 'SuspendedEVSE' THEN 5 WHEN 'Finishing' THEN 5
        WHEN 'Reserved' THEN 6 WHEN 'Available' THEN 7 ELSE 3 END)::smallint
$$;

CREATE FUNCTION monitoring_refresh_effective(of_charger bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM monitoring_effectivestate WHERE charger_id = of_charger FOR NO KEY UPDATE;
    UPDATE monitoring_effectivestate e
       SET rank = n.rank, since = n.since,
           offline = n.counts[1], faulted = n.counts[2], unavailable = n.counts[3],
           unknown = n.counts[4], charging = n.counts[5], occupied = n.counts[6],
           reserved = n.counts[7], available = n.counts[8]
      FROM (
        SELECT ranked.rank,
               CASE WHEN s.since IS NULL THEN NULL
                    WHEN NOT s.online THEN s.since
                    ELSE COALESCE(
                        GREATEST(
                            CASE WHEN p.worst = ranked.rank THEN p.since END,
                            CASE WHEN own.rank = ranked.rank AND own.rank < 7
                                 THEN s.status_since END),
                        s.since)
               END AS since,
               CASE WHEN s.since IS NULL THEN ARRAY[0, 0, 0, p.all, 0, 0, 0, 0]
                    WHEN NOT s.online THEN ARRAY[p.all, 0, 0, 0, 0, 0, 0, 0]
                    ELSE p.counts
               END AS counts
          FROM (SELECT count(*) AS all, min(k) FILTER (WHERE reported) AS worst,
                       (array_agg(r.since ORDER BY k, r.since DESC NULLS LAST)
                        FILTER (WHERE reported))[1] AS since,
                       ARRAY[0, count(*) FILTER (WHERE k = 1), count(*) FILTER (WHERE k = 2),
                             count(*) FILTER (WHERE k = 3), count(*) FILTER (WHERE k = 4),
                             count(*) FILTER (WHERE k = 5), count(*) FILTER (WHERE k = 6),
                             count(*) FILTER (WHERE k = 7)] AS counts
                  FROM (SELECT t.evse_id IS NOT NULL AS reported, t.since,
                               monitoring_rank_of_status(t.status) AS k
                          FROM inventory_evse v
                          LEFT JOIN monitoring_portstate t ON t.evse_id = v.id
                         WHERE v.charger_id = of_charger) AS r) AS p
          LEFT JOIN monitoring_chargerstate s ON s.charger_id = of_charger,
               LATERAL (SELECT CASE s.status WHEN 'Faulted' THEN 1 WHEN 'Unavailable' THEN 2
                                             ELSE 7 END AS rank) AS own,
               LATERAL (SELECT CASE WHEN s.since IS NULL THEN 3 WHEN NOT s.online THEN 0
                                    ELSE LEAST(COALESCE(p.worst, 3), own.rank)
                               END AS rank) AS ranked
      ) AS n
     WHERE e.charger_id = of_charger
       AND (e.rank, e.since, e.offline, e.faulted, e.unavailable, e.unknown, e.charging,
            e.occupied, e.reserved, e.available)
           IS DISTINCT FROM (n.rank, n.since, n.counts[1], n.counts[2], n.counts[3], n.counts[4],
                             n.counts[5], n.counts[6], n.counts[7], n.counts[8]);
END $$;

CREATE FUNCTION monitoring_add_effective() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_effectivestate
           (charger_id, rank, offline, faulted, unavailable, unknown, charging, occupied,
            reserved, available)
    SELECT id, 3, 0, 0, 0, 0, 0, 0, 0, 0 FROM added;
    RETURN NULL;
END $$;

CREATE FUNCTION monitoring_effective_by_charger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM monitoring_refresh_effective(COALESCE(NEW.charger_id, OLD.charger_id));
    RETURN NULL;
END $$;

CREATE FUNCTION monitoring_effective_by_port() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM monitoring_refresh_effective(charger_id) FROM inventory_evse
      WHERE id = COALESCE(NEW.evse_id, OLD.evse_id);
    RETURN NULL;
END $$;
"""
#: Meter readings and proofs of life, which are most of what is written, pass by the conditions.
TRIGGERS = """
CREATE TRIGGER effective_state_of_new AFTER INSERT ON inventory_charger
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_add_effective();

CREATE TRIGGER effective_state_by_evse AFTER INSERT OR DELETE ON inventory_evse
    FOR EACH ROW EXECUTE FUNCTION monitoring_effective_by_charger();

CREATE TRIGGER effective_state_by_new_state AFTER INSERT OR DELETE ON monitoring_chargerstate
    FOR EACH ROW EXECUTE FUNCTION monitoring_effective_by_charger();
CREATE TRIGGER effective_state_by_state
    AFTER UPDATE OF online, since, status, status_since ON monitoring_chargerstate
    FOR EACH ROW
    WHEN ((OLD.online, OLD.since, OLD.status, OLD.status_since)
          IS DISTINCT FROM (NEW.online, NEW.since, NEW.status, NEW.status_since))
    EXECUTE FUNCTION monitoring_effective_by_charger();

CREATE TRIGGER effective_state_by_new_port AFTER INSERT OR DELETE ON monitoring_portstate
    FOR EACH ROW EXECUTE FUNCTION monitoring_effective_by_port();
CREATE TRIGGER effective_state_by_port AFTER UPDATE OF status, since ON monitoring_portstate
    FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.since IS DISTINCT FROM NEW.since)
    EXECUTE FUNCTION monitoring_effective_by_port();
"""
BEGIN_WITH = """
INSERT INTO monitoring_effectivestate
       (charger_id, rank, offline, faulted, unavailable, unknown, charging, occupied, reserved,
        available)
SELECT id, 3, 0, 0, 0, 0, 0, 0, 0, 0 FROM inventory_charger;
SELECT monitoring_refresh_effective(id) FROM inventory_charger;
"""
UNDO = """
DROP TRIGGER effective_state_of_new ON inventory_charger;
DROP TRIGGER effective_state_by_evse ON inventory_evse;
DROP TRIGGER effective_state_by_new_state ON monitoring_chargerstate;
DROP TRIGGER effective_state_by_state ON monitoring_chargerstate;
DROP TRIGGER effective_state_by_new_port ON monitoring_portstate;
DROP TRIGGER effective_state_by_port ON monitoring_portstate;
DROP FUNCTION monitoring_effective_by_port, monitoring_effective_by_charger,
              monitoring_add_effective, monitoring_refresh_effective, monitoring_rank_of_status;
"""


def _count() -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(default=0)


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0003_kpis"), ("inventory", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="EffectiveState",
            fields=[
                (
                    "charger",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="effective_state",
                        serialize=False,
                        to="inventory.charger",
                    ),
                ),
                ("rank", models.PositiveSmallIntegerField()),
                ("since", models.DateTimeField(null=True)),
                ("offline", _count()),
                ("faulted", _count()),
                ("unavailable", _count()),
                ("unknown", _count()),
                ("charging", _count()),
                ("occupied", _count()),
                ("reserved", _count()),
                ("available", _count()),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("rank"),
                        models.OrderBy(models.F("since"), descending=True, nulls_last=True),
                        name="worst_first",
                    )
                ]
            },
        ),
        migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDO),
        migrations.RunSQL(BEGIN_WITH, migrations.RunSQL.noop),
    ]
