"""Addresses of a charger's certificates, and of our authorities."""

from django.urls import path

from cpms.web.operate.certificates import authorities, views

CERTIFICATES = "chargers/<str:identity>/operate/certificates/"

urlpatterns = [
    path(CERTIFICATES, views.show, name="charger-certificates"),
    path(f"{CERTIFICATES}upgrade/<slug:step>/", views.upgrade, name="charger-upgrade"),
    path(f"{CERTIFICATES}<int:key>/revoke/", views.revoke, name="charger-certificate-revoke"),
    path(f"{CERTIFICATES}<int:key>.pem", views.download, name="charger-certificate"),
    path("certificates/", authorities.show, name="certificates"),
    path("certificates/make/", authorities.make, name="certificates-make"),
    path("certificates/trust/", authorities.trust, name="certificates-trust"),
    path("certificates/names/", authorities.rename, name="certificates-rename"),
    path("certificates/<int:key>/retire/", authorities.retire, name="certificates-retire"),
    path("certificates/<int:key>.pem", authorities.download, name="certificates-download"),
    path("certificates/<int:key>.crl", authorities.revocations, name="certificates-revocations"),
]
