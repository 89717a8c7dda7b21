"""What deploy/ hands to Prometheus and Grafana speaks of metrics that exist."""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from monitoring import metrics

ROOT = Path(__file__).resolve().parents[2]
DASHBOARDS = sorted((ROOT / "deploy/grafana").glob("*.json"))
RULES = sorted((ROOT / "deploy/prometheus").glob("*.yml"))
#: Prometheus' own.
BUILT_IN = {"up", "ALERTS"}
NAME = re.compile(r"\b(kilowatch_\w+|process_\w+|python_\w+)\b")


#: Modules that count for themselves: the processes that show it import them.
COUNTING = (
    *("cpms.ocpp.gateway", "cpms.ocpp.refusals", "cpms.ocpp.tls.server", "cpms.ocpp.pki_service"),
    *("cpms.ocpp.files.service", "cpms.ocpp.sightings", "cpms.ocpp.commands.clerk"),
    *("cpms.ocpp.conversation", "cpms.ocpp.calls", "cpms.ocpp.breakages", "cpms.ocpp.broadcast"),
    *("cpms.ocpp.commands.dispatch", "cpms.web.live", "cpms.web.screens", "monitoring.recorder"),
    *("monitoring.ingest", "monitoring.backlog", "monitoring.quarantine"),
)


@pytest.fixture
def known(db: None) -> set[str]:
    """The names of all samples that the listeners show, those without a value as well."""
    for kept in (metrics.STATES, metrics.KPIS, metrics.ORGANISATIONS, metrics.FRESHNESS):
        kept.until = 0.0
    for module in COUNTING:
        import_module(module)
    text = metrics.text(installation=True).decode()
    names = set()
    for family in text_string_to_metric_families(text):
        kinds = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
        names |= {family.name + end for end in kinds.get(family.type, ("",))}
    return names


def expressions(dashboard: dict[str, Any]) -> list[str]:
    return [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def rules() -> list[dict[str, Any]]:
    files = [yaml.safe_load(path.read_text()) for path in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def balanced(expression: str) -> bool:
    return all(expression.count(a) == expression.count(b) for a, b in ("()", "[]", "{}"))


def test_there_are_dashboards_and_rules() -> None:
    assert [path.stem for path in DASHBOARDS] == ["fleet", "gateway", "operations"]
    assert RULES


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_asks_for_metrics_that_exist(path: Path, known: set[str]) -> None:
    for expression in expressions(read(path)):
        names = set(NAME.findall(expression))
        assert names, expression
        assert names <= known, names - known
        assert balanced(expression), expression


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_can_be_imported_and_its_panels_explain_themselves(path: Path) -> None:
    dashboard = read(path)
    assert dashboard["uid"] == f"kilowatch-{path.stem}"
    assert dashboard["templating"]["list"][0]["name"] == "datasource"
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    for panel in panels(dashboard):
        assert panel["title"], panel["id"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
    assert not overlapping(dashboard["panels"])


def overlapping(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    places = [(panel["title"], panel["gridPos"]) for panel in found]
    return [
        (name, other)
        for n, (name, a) in enumerate(places)
        for other, b in places[n + 1 :]
        if a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"]
        and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]
    ]  # fmt: skip


def test_a_rule_asks_for_metrics_that_exist_and_says_what_to_do(known: set[str]) -> None:
    for rule in rules():
        names = set(NAME.findall(rule["expr"]))
        assert names <= known, names - known
        assert names or BUILT_IN & set(re.findall(r"\w+", rule["expr"])), rule["alert"]
        assert balanced(rule["expr"]), rule["expr"]
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s")), rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        notes = rule["annotations"]
        assert set(notes) == {"summary", "description", "runbook"}, rule["alert"]
        assert all(note.endswith(".") for note in notes.values()), rule["alert"]


def test_rules_have_names_of_their_own() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) >= 10
    assert all(re.fullmatch(r"Kilowatch[A-Za-z]+", name) for name in names)
