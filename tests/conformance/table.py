"""The table at the end of a run: which case passed, which failed, and why. A pytest plug-in."""

from collections import Counter

import pytest

from tests.conformance.records import CASES

#: The property of a report that names its case, also when it comes from another process.
PROPERTY = "conformance"
COLUMNS = 5


def pytest_configure(config: pytest.Config) -> None:
    """Know the marker."""
    config.addinivalue_line("markers", "conformance(id): plays a case of the compliance tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have each report say which case it is of."""
    for item in items:
        if marker := item.get_closest_marker("conformance"):
            item.user_properties.append((PROPERTY, marker.args[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print it, if a case was played at all."""
    results = _results(terminalreporter)
    if not results:
        return
    terminalreporter.section("conformance: case → pass or fail")
    for version in ("1.6", "2.0.1"):
        _write(terminalreporter, version, results)


def _results(reporter: pytest.TerminalReporter) -> dict[str, str]:
    """Return why each case failed, "" where it passed."""
    results: dict[str, str] = {}
    for reports in reporter.stats.values():
        for report in reports:
            if not isinstance(report, pytest.TestReport):
                continue  # Items that were left out, and warnings.
            case_id = str(dict(report.user_properties).get(PROPERTY, ""))
            if case_id and (report.when == "call" or not report.passed):
                results[case_id] = _reason(report)
    return results


def _reason(report: pytest.TestReport) -> str:
    if report.passed:
        return ""
    crash = getattr(report.longrepr, "reprcrash", None)
    said = crash.message if crash else str(report.longrepr)
    return " ".join(said.split())[:200] or "failed"


def _write(reporter: pytest.TerminalReporter, version: str, results: dict[str, str]) -> None:
    of_version = [i for i, record in CASES.items() if record.ocpp == version]
    known = {i: results[i] for i in of_version if i in results}
    short = {case_id: case_id.removesuffix("_CSMS") for case_id in known}
    words = {case_id: "FAIL" if why else "pass" for case_id, why in known.items()}
    cells = [f"{short[i]:<10} {word:<4}" for i, word in words.items()]
    for start in range(0, len(cells), COLUMNS):
        reporter.write_line("   ".join(cells[start : start + COLUMNS]))
    for case_id, why in known.items():
        if why:
            reporter.write_line(f"{short[case_id]} FAIL: {why}")
    counts = Counter(words.values())
    total = len(of_version)
    silent = total - len(known)
    reporter.write_line(
        f"OCPP {version}: {counts['pass']} pass, {counts['FAIL']} fail"
        f"{f', {silent} not played' if silent else ''}, of {total}."
    )
