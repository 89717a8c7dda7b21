"""Who sees what, where the inventory changes under it."""

import pytest
from django.contrib.auth.models import User
from django.db.models import ProtectedError

from inventory import access
from inventory.models import Organisation, Role, Site
from tests.network import charger, person, site, tenant


@pytest.fixture
def nord(db: None) -> Organisation:
    return tenant("Nord")


def seen(user: User) -> list[str]:
    return sorted(access.sites(user).values_list("name", flat=True))


def test_who_sees_one_site_alone_sees_no_other_once_it_is_deleted(nord: Organisation) -> None:
    depot, yard = site(nord, "Depot"), site(nord, "Yard")
    one = person("tom", Role.CONTRACTOR, nord, sites=(depot,))
    two = person("tim", Role.CONTRACTOR, nord, sites=(depot, yard))
    whole = person("lena", Role.LEAD, nord)
    Site.objects.get(pk=depot.pk).delete()
    assert seen(one) == []
    assert seen(two) == seen(whole) == ["Yard"]


def test_a_site_that_cannot_be_deleted_takes_nobody_s_sight(nord: Organisation) -> None:
    depot = site(nord, "Depot")
    charger(depot, "CP-1")
    one = person("tom", Role.CONTRACTOR, nord, sites=(depot,))
    with pytest.raises(ProtectedError):
        depot.delete()
    assert seen(one) == ["Depot"]
