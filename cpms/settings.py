"""Settings, read from the environment and checked at once.

A missing or bad value stops the start with a sentence that says which and why.
Without `DATABASE_URL` the embedded servers of `cpms.embedded` are used and `DEBUG`
is on; with it, `DEBUG` is off unless said, and nothing has a default secret.
"""

from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from cpms import embedded, environment
from cpms.logs import configure_logs

BASE_DIR = Path(__file__).resolve().parent.parent
DATA = Path(environment.text("DATA", str(BASE_DIR / ".data"))).absolute()
EMBEDDED = not environment.text("DATABASE_URL")
if bool(environment.text("DATABASE_URL")) != bool(environment.text("REDIS_URL")):
    raise ImproperlyConfigured(
        "Only one of DATABASE_URL and REDIS_URL is set; set both, or none for the embedded servers."
    )
DEBUG = environment.switch("DEBUG", default=EMBEDDED)

#: Which process this is: gateway (charger-facing), web (staff-facing), worker, beat or manage.
ROLE = environment.choice(
    "KILOWATCH_ROLE", "manage", ("gateway", "web", "worker", "beat", "manage")
)
#: The addresses that the listeners are bound to: staff are here unless said, chargers outside.
WEB_HOST = environment.text("WEB_HOST", "127.0.0.1")
OCPP_HOST = environment.text("OCPP_HOST", "0.0.0.0")  # noqa: S104
WEB_PORT = environment.integer("WEB_PORT", 8000, 1, 65535)
OCPP_PORT = environment.integer("OCPP_PORT", 9000, 1, 65535)
#: Chargers' listener with TLS, beside the plain one; port 0: there is none.
OCPP_TLS_HOST = environment.text("OCPP_TLS_HOST", "0.0.0.0")  # noqa: S104
OCPP_TLS_PORT = environment.integer("OCPP_TLS_PORT", 0, 0, 65535)
#: What it shows: (certificate with those above it, key), one pair of RSA and one of ECDSA; none:
#: made by our own authority.
OCPP_TLS_FILES = environment.pairs_of_files("OCPP_TLS_CERTIFICATES", "OCPP_TLS_KEYS")
#: The two suites without forward secrecy that OCPP asks for, for chargers that know no others.
OCPP_TLS_STATIC_RSA = environment.switch("OCPP_TLS_STATIC_RSA", default=False)

PUBLIC_URL = environment.public_url(
    "PUBLIC_URL", f"http://localhost:{WEB_PORT}" if DEBUG else "", ("http", "https")
)
_ocpp = f"ws{'s' if OCPP_TLS_PORT else ''}://localhost:{OCPP_TLS_PORT or OCPP_PORT}/ocpp"
OCPP_PUBLIC_URL = environment.public_url("OCPP_PUBLIC_URL", _ocpp if DEBUG else "", ("ws", "wss"))
if urlsplit(PUBLIC_URL).path:
    raise ImproperlyConfigured(f"PUBLIC_URL is {PUBLIC_URL!r}; it must not have a path.")

try:
    SECRET_KEY = environment.text("SECRET_KEY") or (embedded.secret_key(DATA) if DEBUG else "")
except embedded.EmbeddedError as problem:
    raise ImproperlyConfigured(str(problem)) from problem
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured(
        "SECRET_KEY is missing or shorter than 32 characters; set it to a long random string, "
        'e.g. the output of: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
    )
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS") or (["*"] if DEBUG else [])
if ROLE == "gateway":
    ALLOWED_HOSTS = ["*"]  # Chargers say whatever name they were given; no link is built from it.
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is empty; set it to the host names people use, separated by commas."
    )
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "cpms.web",  # First: its templates stand before allauth's.
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.admin",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "auditlog",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "channels",
    "cpms",
    "inventory",
    "monitoring",
    "cpms.control",
    "alerts",
    "cpms.reports",
    "cpms.ocpp",
]

MIDDLEWARE = [
    "monitoring.probes.Probes",  # Before anything that looks at the Host header.
    "cpms.web.proxies.TrustedProxies",  # Before anything that looks at who asks.
    "django.middleware.security.SecurityMiddleware",
    "cpms.web.static_files.StaticFiles",
    # Safe against BREACH: the answers' lengths are padded by chance, CSRF tokens are masked anew
    # each time, and no other site's page gets an answer of ours with our cookie (SameSite).
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "cpms.web.parameters.Parameters",  # Before anything that looks at them; after the language.
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "cpms.web.preferences.PersonalReading",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
    "cpms.web.security.ContentSecurityPolicy",
    "cpms.web.security.SignInAgain",
    "cpms.web.security.NotFound",  # Next to the views: what comes from them is what it looks at.
]
# HSTS for the whole domain is for its owner to promise, not for one host in it.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if ROLE == "gateway":  # Chargers fetch and put files; they have no sessions, cookies or pages.
    MIDDLEWARE = MIDDLEWARE[:3]
    SILENCED_SYSTEM_CHECKS += ["admin.E408", "admin.E409", "admin.E410"]
    INSTALLED_APPS = [name for name in INSTALLED_APPS if not name.startswith("allauth")]

ROOT_URLCONF = "cpms.ocpp.urls" if ROLE == "gateway" else "cpms.urls"
ASGI_APPLICATION = "cpms.asgi.web"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cpms.web.context.shell",
            ],
        },
    }
]

_default_database, _default_redis = embedded.urls(DATA)
DATABASES = {"default": environment.database(environment.text("DATABASE_URL", _default_database))}
if ROLE == "web":
    # Requests run in short-lived threads: they share a pool instead of keeping connections.
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 16, "timeout": 10}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

REDIS_URL = environment.redis_url(environment.text("REDIS_URL", _default_redis))
#: Separates installations (and parallel tests) that share one Redis.
REDIS_PREFIX = environment.text("REDIS_PREFIX", "kilowatch")

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            # socket_timeout None: with redis-py's default idle consumers are dropped
            # (django/channels_redis#422).
            "hosts": [{"address": REDIS_URL, "socket_timeout": None}],
            "prefix": REDIS_PREFIX,
        },
    }
}

CELERY_BROKER_URL = embedded.celery_broker(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": f"{REDIS_PREFIX}:"}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 900
#: Long work has workers of its own: an escalation never waits for a roll-up.
BATCH_QUEUE = "batch"
CELERY_TASK_ROUTES = {
    f"monitoring.tasks.{name}": {"queue": BATCH_QUEUE}
    for name in (
        "compact_frames",
        "drop_expired",
        "merge_repeated_spans",
        "reconcile_meters",
        "refresh_todays_kpis",
        "settle_kpis",
        "settle_share",
    )
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "cpms.beat:OneAtATime"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA / "beat-schedule")

vars().update(environment.email(environment.text("EMAIL_URL", "consolemail://" if DEBUG else "")))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.text(
    "EMAIL_FROM", "Kilowatch <kilowatch@localhost>"
)

AUTHENTICATION_BACKENDS = ["cpms.web.accounts.Accounts"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_ADAPTER = "cpms.web.accounts.ClosedSignup"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_HTTPONLY = True
# Health probes and scrapers come straight to the process, without TLS.
SECURE_SSL_REDIRECT = PUBLIC_URL.startswith("https://") and ROLE != "gateway"
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if PUBLIC_URL.startswith("https://") else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "inventory.rest.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["inventory.rest.RolePermission"],
    "DEFAULT_PAGINATION_CLASS": "inventory.rest.Cursor",
    "DEFAULT_FILTER_BACKENDS": ["inventory.rest.filters.StrictFilters"],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "inventory.rest.CsvRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["inventory.rest.StrictJson"],
    "DEFAULT_SCHEMA_CLASS": "inventory.rest.schema.Schema",
    "EXCEPTION_HANDLER": "inventory.rest.problem",
    "PAGE_SIZE": 100,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Kilowatch",
    "DESCRIPTION": """Charging point management: inventory, live status, history, KPIs, incidents.

* Programs send `Authorization: Bearer <token>`, made by `python manage.py api_token USERNAME`.
* Lists come in pages: follow `next`. `?format=csv` gives all rows of any list as one file.
* A parameter or field that doesn't exist is an error, not ignored.
* Errors are `application/problem+json`; `errors` has sentences by field.
* A write with an `Idempotency-Key` can be repeated for 24 hours without being carried out twice.
* Times are RFC 3339 in UTC. Energy is in Wh, power in W, rates are 0 to 1.
""",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "IncidentState": "alerts.models.Incident.State",
        "EffectiveState": "monitoring.serializers.STATES",
        "OutageKind": "monitoring.models.outages.KINDS",
        "OutageCause": "monitoring.models.outages.CAUSES",
        "ExclusionReason": "inventory.models.ExclusionReason",
        "ExclusionState": "monitoring.models.Exclusion.State",
        "ExclusionEntryKind": "monitoring.models.ExclusionEntry.Kind",
        "ReportKind": "cpms.reports.models.Kind",
        "RevocationReason": "cpms.control.models.Certificate.Revocation",
        "SettingSource": "monitoring.models.variables.Source",
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "cpms" / "web" / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
#: Where the compressed forms are kept.
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "cpms.web.static_files.Versioned"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

#: Networks that may read /metrics without a token (loopback always may).
METRICS_NETWORKS = environment.networks("METRICS_NETWORKS")
#: Networks that chargers may come from; none named: any.
OCPP_NETWORKS = [ip_network(name) for name in environment.networks("OCPP_NETWORKS")]
#: Networks of ours in which OCSP responders and contract providers may be asked all the same.
OUTSIDE_NETWORKS = [ip_network(name) for name in environment.networks("OUTSIDE_NETWORKS")]
#: Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
TRUSTED_PROXIES = [ip_network(name) for name in environment.networks("TRUSTED_PROXIES")]
if TRUSTED_PROXIES:  # cpms.web.proxies drops the header of anybody else.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
#: An unknown identity is told so (404) where chargers may connect without credentials anyway.
OCPP_ALLOW_UNAUTHENTICATED = environment.switch("OCPP_ALLOW_UNAUTHENTICATED", default=False)
#: Wh that a session must deliver to count as successful.
LEAST_ENERGY_WH = environment.integer("LEAST_ENERGY_WH", 100, 0, 100_000)
#: A port fails every driver in silence after so many failed attempts by so many of them.
SILENT_RUN_ATTEMPTS = environment.integer("SILENT_RUN_ATTEMPTS", 3, 2, 1_000)
SILENT_RUN_TOKENS = environment.integer("SILENT_RUN_TOKENS", 2, 1, 1_000)
#: Days that raw meter samples and recorded frames are kept.
METER_RETENTION_DAYS = environment.integer("METER_RETENTION_DAYS", 400, 1, 36_500)
FRAME_RETENTION_DAYS = environment.integer("FRAME_RETENTION_DAYS", 30, 1, 36_500)
#: … and events, status and connection spans: three years, as subsidies and contracts ask.
HISTORY_RETENTION_DAYS = environment.integer("HISTORY_RETENTION_DAYS", 1_100, 90, 36_500)

#: Where logs and firmware are kept; one folder that all gateways and web nodes share.
FILES = Path(environment.text("FILES", str(DATA / "files"))).absolute()
#: The address of /files on the chargers' listener, as chargers reach it.
FILES_PUBLIC_URL = environment.public_url(
    "FILES_PUBLIC_URL", environment.files_url(OCPP_PUBLIC_URL), ("http", "https")
)
#: Megabytes: of one log, of one firmware image, of all files of an organisation, and what is
#: left free on the disk whatever comes.
LOG_MAX_MB = environment.integer("LOG_MAX_MB", 512, 1, 100_000)
FIRMWARE_MAX_MB = environment.integer("FIRMWARE_MAX_MB", 1_024, 1, 100_000)
FILES_QUOTA_MB = environment.integer("FILES_QUOTA_MB", 20_480, 1, 100_000_000)
FILES_RESERVE_MB = environment.integer("FILES_RESERVE_MB", 1_024, 0, 100_000_000)
#: Days that chargers' logs are kept; firmware stays until somebody removes it.
LOG_RETENTION_DAYS = environment.integer("LOG_RETENTION_DAYS", 90, 1, 36_500)

#: Tiles of a map server of one's own, laid under the outlines we ship, and whom to thank for them.
MAP_TILES_URL = environment.tiles("MAP_TILES_URL")
MAP_TILES_ATTRIBUTION = environment.text("MAP_TILES_ATTRIBUTION")

LOGGING_CONFIG = None
configure_logs(ROLE, debug=DEBUG)
