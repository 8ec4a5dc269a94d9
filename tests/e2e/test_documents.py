"""What the documents say holds: their links lead somewhere, in the repository and in the package; the list of
metrics is what /metrics has; the alerts name metrics that exist. And every test belongs to the build."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from harness.api import Api
from harness.gateway import BINARY, ROOT, Gateway

pytestmark = pytest.mark.plain_tcp

NOT_OURS = {"build", "node_modules", ".git"}


def files(root: Path, pattern: str) -> list[Path]:
    return sorted(path for path in root.rglob(pattern) if not NOT_OURS & set(path.relative_to(root).parts))


def anchors(document: Path) -> set[str]:
    """The names that a Markdown viewer gives to the headings."""
    headings = re.findall(r"^#{1,6} +(.*?) *$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(root: Path) -> list[str]:
    dead = []
    documents = files(root, "*.md")
    assert documents
    for document in documents:
        for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = document.parent / path if path else document
            if not target.exists() or (anchor and anchor not in anchors(target)):
                dead.append(f"{document.relative_to(root)}: {link}")
    return dead


def test_links_in_the_repository():
    assert dead_links(ROOT) == []


def test_links_and_documents_in_the_package(tmp_path):
    build = BINARY.parent if (BINARY.parent / "cmake_install.cmake").exists() else ROOT / "build/release"
    if not (build / "cmake_install.cmake").exists() or not shutil.which("cmake"):
        pytest.skip("there is no build folder to install from")
    subprocess.run(["cmake", "--install", build, "--prefix", tmp_path / "usr"], check=True, capture_output=True, timeout=60)
    documents = tmp_path / "usr/share/doc/dunlin"
    assert dead_links(documents) == []
    assert "MIT" in (documents / "copyright").read_text(encoding="utf-8")
    unit = (tmp_path / "usr/lib/systemd/system/dunlin.service").read_text(encoding="utf-8")
    for named in re.findall(r"file:(/usr/\S+)", unit):
        assert (tmp_path / named[1:]).exists(), named


@pytest.fixture(scope="module")
def families() -> dict[str, str]:
    """{name: type} of all metrics; some are there with TLS only."""
    with Gateway(shards=1, arguments=("--dev-tls",)) as gateway:
        api = Api(gateway.api)
        found = dict(re.findall(r"^# TYPE (\w+) (\w+)$", api.get("/metrics").text, re.MULTILINE))
        api.close()
        return found


def test_the_list_of_metrics(families):
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| `(dunlin_\w+)` \| (\w+) \|", text, re.MULTILINE)) == families


def test_metrics_that_are_named_exist(families):
    for document in [*files(ROOT, "*.md"), ROOT / "deploy/alerts.yml"]:
        named = set(re.findall(r"\bdunlin_[a-z0-9_]+", document.read_text(encoding="utf-8")))
        assert named <= set(families), document


def test_alerts_are_rules():
    groups = yaml.safe_load((ROOT / "deploy/alerts.yml").read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 5
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert rule["labels"]["severity"] in ("warning", "critical") and rule["annotations"]["summary"]


def test_every_unit_test_is_built():
    def lists(test: Path) -> bool:
        """Whether a CMakeLists.txt from the test's folder upwards names it, and is itself reached."""
        for folder in test.parents:
            listing = folder / "CMakeLists.txt"
            if listing.exists() and str(test.relative_to(folder)) in listing.read_text(encoding="utf-8").split():
                return folder == ROOT / "tests" or reached(folder)
            if folder == ROOT:
                return False
        return False

    def reached(folder: Path) -> bool:
        above = (folder.parent / "CMakeLists.txt").read_text(encoding="utf-8")
        return f"add_subdirectory({folder.name})" in above
    unit_tests = files(ROOT / "tests", "*_test.cc")
    assert len(unit_tests) > 50
    assert [str(test.relative_to(ROOT)) for test in unit_tests if not lists(test)] == []
