"""`songthan.toml`: read once, nothing unknown, no secret in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from songthan.adapters.settings_file import PASSWORD_VARIABLE, Settings, load_settings, mailbox_password, named_files
from songthan.domain.errors import DataError, EnvironmentNotReady

ROOT = Path(__file__).resolve().parents[2]


def settings_of(folder: Path, text: str):
    (folder / "songthan.toml").write_text(text, encoding="utf-8")
    return load_settings(folder)


def test_the_offices_own_settings_load_and_point_into_the_workspace() -> None:
    settings = load_settings(ROOT)
    assert settings.mailbox.kind == "practice" and settings.folder("plan") == ROOT / "plans" / "2566"


def test_everything_has_a_default(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "")
    assert settings.dashboard.port == 4200 and settings.folder("state") == tmp_path / "state"
    given = settings_of(tmp_path, 'plan = "p"\n[director]\ntrust_roots = ["a.pem", "b.pem"]\n[dashboard]\nport = 5000\n')
    assert given.director.trust_roots == ("a.pem", "b.pem") and given.dashboard.port == 5000
    assert given.signature.tsa_url == "" and given.signature.tsa_roots == () == given.director.certificate_names
    stamped = settings_of(tmp_path, '[signature]\ntsa_url = "https://stamp.example"\ntsa_roots = ["t.pem"]\n')
    assert stamped.signature.tsa_url == "https://stamp.example" and stamped.signature.tsa_roots == ("t.pem",)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('plam = "x"', "plam"),
        ('[mailbox]\nkin = "practice"', "kin"),
        ("[mailbox]\nshared = 1", "shared"),
        ('[dashboard]\nport = "4200"', "port"),
        ("[dashboard]\nport = true", "port"),
        ('mailbox = "practice"', "ตาราง"),
        ('[director]\ntrust_roots = "a.pem"', "trust_roots"),
        ("[director]\ntrust_roots = [1]", "trust_roots"),
        ('root = "x"', "root"),
        ('[mailbox]\npassword = "x"', "password"),
        ("plan = ", "TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(DataError) as caught:
        settings_of(tmp_path, text)
    assert "songthan.toml" in caught.value.where and word in caught.value.th and caught.value.remedy


def test_the_password_comes_from_the_environment_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(tmp_path, '[mailbox]\npassword_file = "secret"\n')
    (tmp_path / "secret").write_text("from-file\n")
    (tmp_path / "secret").chmod(0o600)
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    assert mailbox_password(settings) == "from-file"
    monkeypatch.setenv(PASSWORD_VARIABLE, "from-environment")
    assert mailbox_password(settings) == "from-environment"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
def test_a_password_file_others_can_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    settings = settings_of(tmp_path, '[mailbox]\npassword_file = "secret"\n')
    (tmp_path / "secret").write_text("hidden-word")
    (tmp_path / "secret").chmod(mode)
    with pytest.raises(EnvironmentNotReady) as caught:
        mailbox_password(settings)
    assert "chmod 600" in caught.value.remedy and "hidden-word" not in str(caught.value)


def test_no_password_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    with pytest.raises(EnvironmentNotReady, match=PASSWORD_VARIABLE):
        mailbox_password(settings_of(tmp_path, ""))
    with pytest.raises(EnvironmentNotReady) as caught:
        mailbox_password(settings_of(tmp_path, '[mailbox]\npassword_file = "gone"\n'))
    assert "gone" in caught.value.where


def test_files_named_by_settings_may_lie_anywhere(tmp_path, monkeypatch):
    """Relative to the workspace, in the state folder in use, absolute, from the home folder; only files count."""
    root, state, other = tmp_path / "งาน [1]", tmp_path / "state of another", tmp_path / "other"
    for place in (root / "trust", state / "trust", other, tmp_path / "home"):
        place.mkdir(parents=True)
        (place / "a.pem").write_bytes(b"x")
    (state / "trust" / "folder.pem").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    settings = Settings(root=root)

    def found(*patterns):
        return [path.parent for path in named_files(settings, state, patterns)]

    assert found("trust/*.pem") == [root / "trust"] and found("state/trust/*.pem") == [state / "trust"]
    assert found(f"{other}/*.pem", f"{other}/a.pem") == [other, other] and found("~/a.pem") == [tmp_path / "home"]
    assert found("none/*.pem", f"{other}/none.pem") == []
