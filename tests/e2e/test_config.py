"""check-config and serve against wrong and right files: the line names file, line, key and what would be
right; exit status 2."""

import re

import pytest

from harness.gateway import Gateway, run
from harness.raw import RawSocket, upgrade_request

PROFILE = '[profiles.p]\npath = "/p"\n'

WRONG = {
    "syntax": ("[api\n", 1, None), "unknown table": ("[apis]\nkeys = []\n", 1, "apis"),
    "unknown key": ("[api]\n\nbody_size = 1\n", 3, "api.body_size"), "wrong type": ('[api]\nbody_size_max = "big"\n', 2, "api.body_size_max"),
    "negative": ("[api]\nbody_size_max = -1\n", 2, "api.body_size_max"), "zero": ("[public]\nconnections_max = 0\n", 2, "public.connections_max"),
    "too big": ("[hub]\nshards = 100000\n", 2, "hub.shards"), "fraction": ("[hub]\nshards = 1.5\n", 2, "hub.shards"),
    "not a choice": ('[log]\nlevel = "loud"\n', 2, "log.level"), "boolean as text": ('[public]\npages = "yes"\n', 2, "public.pages"),
    "no power of two": ("[hub]\nring_size = 1000\n", 2, "hub.ring_size"), "bad address": ('[public]\nlisten = "nowhere"\n', 2, "public.listen"),
    "bad port": ('[public]\nlisten = "127.0.0.1:99999"\n', 2, "public.listen"),
    "list for a value": ("[log]\nlevel = []\n", 2, "log.level"), "value for a list": ('[api]\nkeys = "k"\n', 2, "api.keys"),
    "path without a slash": ('[profiles.p]\npath = "p"\n', 2, "profiles.p.path"), "no path": ("[profiles.p]\n", None, "profiles.p.path"),
    "path of a page": ('[profiles.p]\npath = "/chat.html"\n', 2, "profiles.p.path"),
    "same path twice": (PROFILE + '[profiles.q]\npath = "/p"\n', 4, "profiles.q.path"),
    "broadcast without a room": (PROFILE + 'on_text = "broadcast"\n', None, "profiles.p.room"),
    "unknown profile key": (PROFILE + "colour = 1\n", 3, "profiles.p.colour"),
    "unknown action": (PROFILE + 'on_text = "shout"\n', 3, "profiles.p.on_text"),
    "bad origin": (PROFILE + 'origins = ["good.example"]\n', 3, "profiles.p.origins"),
    "key given twice": ("[log]\nlevel = \"info\"\nlevel = \"info\"\n", 3, None), "not UTF-8": ("[log]\nlevel = \"\udcff\"\n", None, None),
}


def write(tmp_path, text):
    file = tmp_path / "test.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    return str(file)


@pytest.mark.parametrize("command", ["check-config", "serve"])
@pytest.mark.parametrize("text,line,key", WRONG.values(), ids=WRONG.keys())
def test_wrong_file(tmp_path, text, line, key, command):
    file = write(tmp_path, text)
    done = run("check-config", file) if command == "check-config" else run(
        "serve", "--config", file, "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0")
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert "test.toml" in done.stderr
    if line:
        assert re.search(rf"test\.toml:{line}\b", done.stderr), done.stderr
    if key:
        assert key in done.stderr
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", done.stderr)


def test_every_error_is_told_at_once(tmp_path):
    done = run("check-config", write(tmp_path, '[api]\nbody_size_max = -1\n[log]\nlevel = "loud"\n[hub]\nshards = "x"\n'))
    assert done.returncode == 2
    for key in ("api.body_size_max", "log.level", "hub.shards"):
        assert key in done.stderr


def test_mistyped_key_gets_a_suggestion(tmp_path):
    assert "body_size_max" in run("check-config", write(tmp_path, "[api]\nbody_size_mx = 1\n")).stderr


@pytest.mark.parametrize("text", [PROFILE, "# only a comment\n", '[api]\nbody_size_max = "1MiB"\n', '[log]\nlevel = "debug"\nformat = "json"\n',
                                  '[public]\nlisten = "[::1]:0"\n'], ids=repr)
def test_right_file(tmp_path, text):
    done = run("check-config", write(tmp_path, text))
    assert done.returncode == 0, done.stderr
    assert "ok" in done.stdout


def test_empty_file(tmp_path):
    """It is one that is being written: a reload at that moment must not take everything that is shipped for it."""
    done = run("check-config", write(tmp_path, ""))
    assert done.returncode == 2 and "is empty" in done.stderr, done.stderr


def test_shipped_and_reference_configuration_are_right(tmp_path):
    for what in ("--defaults", "--reference"):
        printed = run("print-config", what)
        assert printed.returncode == 0 and len(printed.stdout) > 200
        assert run("check-config", write(tmp_path, printed.stdout)).returncode == 0, what


def test_secrets_are_not_printed(tmp_path):
    file = write(tmp_path, '[api]\nkeys = ["a-very-secret-key"]\n')
    for arguments in (["check-config", file], ["print-config", "--config", file]):
        done = run(*arguments)
        assert "a-very-secret-key" not in done.stdout + done.stderr


@pytest.mark.parametrize("variable,value,key", [("DUNLIN_API_BODY_SIZE_MAX", "big", "api.body_size_max"), ("DUNLIN_LOG_LEVEL", "loud", "log.level"),
                                                ("DUNLIN_HUB_SHARDS", "-1", "hub.shards")])
def test_wrong_environment(variable, value, key):
    done = run("serve", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", environment={variable: value})
    assert done.returncode == 2 and variable in done.stderr


def test_flags_win_over_environment_and_environment_over_file():
    """The file says port 1 (refused to common users, in use for none), the environment 2, the flag 0."""
    with Gateway(config='[public]\nlisten = "127.0.0.1:1"\n', environment={"DUNLIN_PUBLIC_LISTEN": "127.0.0.1:2"}) as gateway:
        assert gateway.public[1] > 1024


def test_a_file_with_profiles_replaces_the_shipped_ones():
    with Gateway(config=PROFILE) as gateway:
        for path, status in [("/p", 101), ("/echo", 404)]:
            with RawSocket(gateway.public) as raw:
                raw.send(upgrade_request(path))
                assert raw.read_head().status == status
