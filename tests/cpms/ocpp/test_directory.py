"""The gateway knows within seconds what staff change."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from asgiref.sync import sync_to_async

from cpms.control.models import Token
from cpms.ocpp import directory, notebook
from cpms.ocpp.database import dsn
from inventory.models import Charger, ChargerModel, Organisation
from monitoring.models import BlockedAddress, Sighting
from tests.cpms.ocpp.conftest import make_charger


async def asked(gateway, charger):
    await gateway.hub.directory._refresh_stations(directory.OVERLAP)
    return gateway.hub.directory.connected[charger.id]


async def test_an_organisation_that_takes_unknown_tokens_no_more_is_obeyed(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        assert (await asked(gateway, charger)).accept_unknown_tokens
        await Organisation.objects.aupdate(accept_unknown_tokens=False)
        assert not (await asked(gateway, charger)).accept_unknown_tokens


async def test_what_changed_while_the_database_was_away_from_us_is_taken_over(
    gateway, charger, monkeypatch
):
    """However long that was: what is looked at reaches back to the last look."""
    monkeypatch.setattr(directory, "OVERLAP", 0.5)
    monkeypatch.setattr(directory, "REFRESH_EVERY", 0.05)
    whole = gateway.hub.directory._query

    async def away(*_):
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        monkeypatch.setattr(gateway.hub.directory, "_query", away)
        charger.lifecycle = "suspended"
        await charger.asave()
        gateway.hub.directory.nudge()
        await asyncio.sleep(1.0)
        monkeypatch.setattr(gateway.hub.directory, "_query", whole)
        await asyncio.sleep(0.5)
        assert gateway.hub.directory.connected[charger.id].lifecycle == "suspended"


async def test_a_database_that_hangs_does_not_hold_a_look_up_for_ever(
    gateway, charger, monkeypatch
):
    monkeypatch.setattr(directory, "PATIENCE", 0.2)
    rows = gateway.hub.directory._rows

    async def hang(*_):
        await asyncio.sleep(60)

    async with gateway.charger("CP-1"):
        monkeypatch.setattr(gateway.hub.directory, "_rows", hang)
        known = await asyncio.wait_for(gateway.hub.directory.find("cp-1"), 5)
        assert known is not None
        monkeypatch.setattr(gateway.hub.directory, "_rows", rows)
        assert (await gateway.hub.directory.find("cp-1")).identity == "CP-1"


async def test_a_charger_that_was_deleted_does_not_enter_while_the_database_is_away(
    gateway, charger, monkeypatch
):
    find = gateway.hub.directory.find
    assert (await find("CP-1")).id == charger.id
    await charger.adelete()
    assert await find("CP-1") is None

    async def away(*_):
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(gateway.hub.directory, "_query", away)
    with pytest.raises(directory.DirectoryAway):
        await find("CP-1")


async def test_a_row_that_makes_no_sense_keeps_out_that_charger_and_nobody_else(gateway, charger):
    broken = await sync_to_async(make_charger)("CP-2")
    model = await ChargerModel.objects.acreate(vendor="Acme", name="Odd", quirks={"flies": True})
    await Charger.objects.filter(pk=broken.pk).aupdate(model=model)
    found = gateway.hub.directory.find
    odd, good = await asyncio.gather(found("CP-2"), found("CP-1"), return_exceptions=True)
    assert isinstance(odd, directory.DirectoryAway)
    assert good.identity == "CP-1"
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        await Charger.objects.filter(pk=charger.pk).aupdate(
            model=model, updated_at=datetime.now(UTC)
        )
        assert (await asked(gateway, charger)).identity == "CP-1"


async def test_whatever_changes_a_token_is_known_at_once_without_a_nudge(gateway, charger):
    organisation = await Organisation.objects.aget()

    def known(name="04A1"):
        return gateway.hub.directory.tokens.find(organisation.id, name)

    assert known() is None
    card = await Token.objects.acreate(organisation=organisation, id_token="04A1")
    assert (await other_than(None, known)).status == "accepted"
    await Token.objects.filter(pk=card.pk).aupdate(status="blocked")
    assert (await other_than(known(), known)).status == "blocked"
    await card.sites.aadd(charger.site_id)
    await Token.objects.filter(pk=card.pk).aupdate(limited=True)
    async with asyncio.timeout(30):
        while known().sites != {charger.site_id}:
            await asyncio.sleep(0.02)
    await Token.objects.filter(pk=card.pk).aupdate(id_token="04B2")
    assert await other_than(None, lambda: known("04B2"))
    assert known() is None
    await Token.objects.filter(pk=card.pk).adelete()
    assert await other_than(known("04B2"), lambda: known("04B2")) is None


async def test_a_change_that_is_committed_late_is_not_missed(gateway, charger):
    """However long it took, looks in between don't pass over it."""
    organisation = await Organisation.objects.aget()
    tokens = gateway.hub.directory.tokens
    async with await psycopg.AsyncConnection.connect(await sync_to_async(dsn)()) as other:
        await other.execute(
            'INSERT INTO control_token (organisation_id, id_token, type, status, "group",'
            " master_pass, one_at_a_time, limited, on_local_lists, language, holder, note)"
            " VALUES (%s, 'LATE', 'ISO14443', 'accepted', '', false, false, false, true, '', '',"
            " '')",
            [organisation.id],
        )
        gateway.hub.directory._watch.nudge()
        await gateway.hub.directory._watch._look()
        gateway.hub.directory._watch._looked += timedelta(minutes=5)
        await other.commit()
        await other_than(None, lambda: tokens.find(organisation.id, "late"))


async def test_who_is_blocked_by_address_makes_no_noise(gateway, charger):
    now = datetime.now(UTC)
    await BlockedAddress.objects.acreate(address="192.0.2.7", created_at=now)
    await gateway.hub.sightings.look()
    gateway.hub.sightings.note("made-up", "unknown", "192.0.2.7", now, {})
    gateway.hub.sightings.note("elsewhere", "unknown", "192.0.2.8", now, {})
    gateway.hub.sightings.note("CP-1", "credentials", "192.0.2.7", now, {}, charger.id)
    await gateway.hub.sightings.flush()
    seen = {sighting.identity async for sighting in Sighting.objects.all()}
    assert seen == {"elsewhere", "CP-1"}


async def test_what_is_being_written_of_strangers_when_we_stop_is_not_lost(gateway, charger):
    sightings = gateway.hub.sightings
    async with await psycopg.AsyncConnection.connect(await sync_to_async(dsn)()) as other:
        await other.execute("LOCK TABLE monitoring_sighting IN SHARE MODE")
        sightings.note("made-up", "unknown", "192.0.2.7", datetime.now(UTC), {})
        async with asyncio.timeout(30):
            while sightings._pending:
                await asyncio.sleep(0.02)
            ending = asyncio.create_task(sightings.stop())
            while not sightings._task.done():
                await asyncio.sleep(0.02)
        await other.rollback()
    await ending
    assert await Sighting.objects.filter(identity="made-up").aexists()


async def test_a_database_that_hangs_does_not_hold_up_our_stop(gateway, charger, monkeypatch):
    monkeypatch.setattr(notebook, "LAST_WRITE", 0.2)
    async with await psycopg.AsyncConnection.connect(await sync_to_async(dsn)()) as other:
        await other.execute("LOCK TABLE monitoring_sighting")
        gateway.hub.sightings.note("made-up", "unknown", "192.0.2.7", datetime.now(UTC), {})
        await asyncio.wait_for(gateway.hub.sightings.stop(), 20)
        await other.rollback()
    assert gateway.hub.sightings._connection.closed


async def other_than(before, ask):
    """Wait until `ask()` returns something else than before; return that."""
    async with asyncio.timeout(30):
        while (answer := ask()) == before:
            await asyncio.sleep(0.02)
    return answer
