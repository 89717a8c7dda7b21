from django.db import migrations

FORBID = """
CREATE FUNCTION alerts_policy_versions_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A version of a policy never changes; write a new one.'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER policy_versions_never_change
    BEFORE UPDATE OF steps, number, policy_id, created_at ON alerts_policyversion
    FOR EACH ROW EXECUTE FUNCTION alerts_policy_versions_never_change();
"""
ALLOW = """
DROP TRIGGER policy_versions_never_change ON alerts_policyversion;
DROP FUNCTION alerts_policy_versions_never_change();
"""


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_initial")]

    operations = [migrations.RunSQL(FORBID, ALLOW)]
