"""What the inventory does by the clock."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from inventory.tasks import forget_sessions


def test_sessions_that_expired_are_forgotten_and_no_others(db: None) -> None:
    left, here = Client(), Client()
    for client, name in ((left, "lea"), (here, "olga")):
        client.force_login(User.objects.create_user(name))
    gone = Session.objects.filter(pk=left.session.session_key)
    gone.update(expire_date=timezone.now() - timedelta(seconds=1))
    forget_sessions()
    assert Session.objects.get().pk == here.session.session_key
