"""The append-only tables, partitioned by UTC day, and the sequence of session ids."""

from django.db import migrations

TABLES = """
CREATE SEQUENCE monitoring_session_id AS bigint INCREMENT BY 1000 START 1000;

CREATE TABLE monitoring_metersample (
    charger_id bigint NOT NULL,
    evse_id bigint,
    session_id bigint,
    at timestamptz NOT NULL,
    received timestamptz NOT NULL,
    offset_ms integer NOT NULL,
    context smallint NOT NULL,
    energy double precision,
    energy_export double precision,
    power real,
    power_offered real,
    current real,
    current_l1 real,
    current_l2 real,
    current_l3 real,
    current_offered real,
    voltage real,
    voltage_l1 real,
    voltage_l2 real,
    voltage_l3 real,
    soc real,
    temperature real,
    frequency real,
    extra jsonb
) PARTITION BY RANGE (at);
CREATE INDEX meter_samples_by_charger ON monitoring_metersample (charger_id, at);

CREATE TABLE monitoring_framesegment (
    charger_id bigint NOT NULL,
    started timestamptz NOT NULL,
    ended timestamptz NOT NULL,
    frames integer NOT NULL,
    size integer NOT NULL,
    dictionary smallint NOT NULL,
    data bytea NOT NULL
) PARTITION BY RANGE (started);
CREATE INDEX frame_segments_by_charger ON monitoring_framesegment (charger_id, started);

ALTER TABLE monitoring_portstate SET (fillfactor = 70);
ALTER TABLE monitoring_chargerstate SET (fillfactor = 70);
ALTER TABLE monitoring_session SET (fillfactor = 80);
"""

UNDO = """
DROP TABLE monitoring_framesegment;
DROP TABLE monitoring_metersample;
DROP SEQUENCE monitoring_session_id;
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial")]

    operations = [migrations.RunSQL(TABLES, UNDO)]
