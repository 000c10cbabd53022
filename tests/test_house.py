"""What holds for the whole house: the documents are true, the locks are clean, imports point up."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src/detente"
PACKAGES = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
DEV_COMMANDS = {"test", "lint", "bench", "python", "help"}
"""What ./dev does itself; anything else it hands to `detente`."""


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A command in this environment, with a plain terminal of 100 columns."""
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def fenced(document: Path, *languages: str) -> Iterator[str]:
    """The code blocks of a document in one of these languages."""
    pattern = r"^```(\w*)\n(.*?)^```$"
    for match in re.finditer(pattern, document.read_text(), re.MULTILINE | re.DOTALL):
        if match.group(1) in languages:
            yield match.group(2)


def commands_shown(document: Path) -> list[list[str]]:
    """The words of each `./dev …` and `detente …` line, without comments and placeholders."""
    lines = [
        line.split("#")[0].removeprefix("$ ").split()
        for block in fenced(document, "sh", "console")
        for line in block.splitlines()
    ]
    return [words for words in lines if words and words[0] in ("./dev", "detente")]


def dev_script() -> str:
    return (ROOT / "dev").read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_shown_exists(document: Path) -> None:
    from typer.main import get_command

    from detente.cli.main import app

    known = get_command(app)
    for words in commands_shown(document):
        if words[0] == "./dev" and words[1] in DEV_COMMANDS:
            assert re.search(rf"^ +{words[1]}[|)]", dev_script(), re.MULTILINE), words
            continue
        command = known
        for word in words[1:]:
            subcommands = getattr(command, "commands", None)
            if subcommands is None:
                break
            assert word in subcommands, f"{document.name}: {' '.join(words)}"
            command = subcommands[word]
        options = {option for parameter in command.params for option in parameter.opts}
        shown = {word.split("=")[0] for word in words if word.startswith("--")}
        assert shown <= options | {"--help"}, f"{document.name}: {' '.join(words)}"


@pytest.mark.parametrize("document", ["README.md", "docs/files.md"])
def test_the_documents_show_what_check_prints(document: str) -> None:
    transcripts = [
        block for block in fenced(ROOT / document, "console") if block.startswith("$ ./dev check")
    ]
    assert transcripts
    for block in transcripts:
        command, expected = block.split("\n", 1)
        done = run(sys.executable, "-m", "detente", *command.split()[2:])
        assert done.stdout == expected, done.stderr


def test_links_between_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} → {target}"


@pytest.mark.parametrize("document", ["README.md", "docs/architecture.md"])
def test_the_map_of_the_house_has_every_room(document: str) -> None:
    rooms = re.findall(r"^\| `(\w+)/` \|", (ROOT / document).read_text(), re.MULTILINE)
    assert sorted(rooms) == PACKAGES


def test_the_changelog_has_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    text = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE)
    assert "## [Unreleased]" in text


@pytest.mark.parametrize("package", PACKAGES)
def test_each_folder_opens_with_its_sentence(package: str) -> None:
    module = ast.parse((SOURCE / package / "__init__.py").read_text())
    sentence = (ast.get_docstring(module) or "").splitlines()
    assert sentence
    assert sentence[0].endswith(".")


def test_each_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for folder in ("src", "bench")
        for path in (ROOT / folder).rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_the_rows_of_a_line_are_read_in_one_place() -> None:
    """Two ``LineRows`` in one transaction would not see what the other has put off."""
    made = [path for path in (ROOT / "src").rglob("*.py") if "LineRows(" in path.read_text()]
    assert [path.name for path in made] == ["projection.py"]


def test_every_requirement_is_pinned_by_hash() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        logical = lock.read_text().replace("\\\n", " ").splitlines()
        for line in (line for line in logical if line.strip() and not line.startswith("#")):
            assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", line), f"{lock.name}: {line[:60]}"
            assert "--hash=sha256:" in line, f"{lock.name}: {line[:60]}"


def test_lock_files_name_no_host() -> None:
    locks = [*ROOT.glob("requirements*.lock"), *ROOT.glob("web/package-lock.json")]
    assert locks
    for lock in locks:
        text = lock.read_text()
        assert "--index-url" not in text, lock.name
        # npm may keep a package's donation page; where it is fetched from is "resolved".
        assert not re.search(r'"resolved": "http|^[^"]*https?://', text, re.MULTILINE), lock.name


def test_imports_point_one_way() -> None:
    done = run(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr


def test_help_starts_without_anything_heavy() -> None:
    heavy = [
        "numpy",
        "numba",
        "shapely",
        "pyproj",
        "matplotlib",
        "sqlalchemy",
        "starlette",
        "httpx",
    ]
    probe = (
        "import sys\n"
        "from detente.cli.main import run\n"
        "run(['--help'])\n"
        f"print('heavy:', *[name for name in {heavy} if name in sys.modules])"
    )
    done = run(sys.executable, "-c", probe)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "heavy:"
