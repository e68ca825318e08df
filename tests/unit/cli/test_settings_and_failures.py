"""What a folder's own files may set, and how a command ends."""

import errno
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

from semtool.cli.app import app, main
from semtool.cli.failures import Interrupted, sentence
from semtool.cli.settings import check_server, read_env
from semtool.errors import SemtoolError, UsageError, printable

URL = "https://elsewhere.example/v1"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith(("SEMTOOL_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    return tmp_path


def run(*arguments, **options):
    return CliRunner().invoke(app, arguments, obj=list(arguments), **options)


def test_env_file_sets_our_names_only(folder):
    (folder / ".env").write_text("PYTHONPATH=evil\nLD_PRELOAD=x.so\nOPENAI_API_KEY=k\nSEMTOOL_ROOT=here\n")
    environ = {"SEMTOOL_ROOT": "mine"}
    assert read_env(folder / ".env", environ) == {"OPENAI_API_KEY": "k"}
    assert environ == {"SEMTOOL_ROOT": "mine", "OPENAI_API_KEY": "k"}


def test_binary_env_file_is_one_sentence(folder):
    (folder / ".env").write_bytes(b"\xff\xfe\x00A=\xd8")
    with pytest.raises(UsageError, match=r"cannot read .*\.env"):
        read_env(folder / ".env", {})


@pytest.mark.parametrize("added", [{}, {"OPENAI_BASE_URL": URL}, {"SEMTOOL_GENERATE_BASE_URL": URL}])
def test_exported_key_goes_to_no_server_of_the_folder(monkeypatch, added):
    monkeypatch.setenv("OPENAI_API_KEY", "mine")
    defaults = {} if added else {"base_url": URL}
    with pytest.raises(UsageError, match="sends requests to elsewhere"):
        check_server(defaults, added, ["generate", "--llm", "m"])


def test_server_of_the_folder_is_said_where_it_may_be_used(monkeypatch):
    both = {"OPENAI_BASE_URL": URL, "OPENAI_API_KEY": "theirs"}
    monkeypatch.setenv("OPENAI_API_KEY", "theirs")
    assert "elsewhere.example" in check_server({}, both, ["embed", "--encoder", "openai:x"])
    local = {"base_url": "http://127.0.0.1:8000/v1"}
    assert "127.0.0.1" in check_server(local, {}, ["generate", "--llm", "m"])


def test_server_on_the_command_line_and_commands_without_requests_are_left_alone(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "mine")
    assert check_server({"base_url": URL}, {}, ["generate", "--llm", "m", f"--base-url={URL}"]) is None
    assert check_server({"base_url": URL}, {}, ["generate"]) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[train]\nseedz = 3\n", "'seeds'"),
        ("[trian]\nseeds = 3\n", "'train'"),
        ("train = 3\n", "needs a table"),
        ("[train.seeds]\na = 1\n", "takes a value"),
        ("[generate]\napi_key = 'x'\n", "must not hold keys"),
        ("[train\n", "cannot read the settings"),
    ],
)
def test_settings_file_is_checked(folder, text, said):
    (folder / "semtool.toml").write_text(text)
    result = run("datasets", "list")
    assert isinstance(result.exception, UsageError)
    assert said in str(result.exception)


def test_environment_cannot_ask_for_the_version():
    result = run("datasets", "list", "--json", env={"SEMTOOL_VERSION": "1"})
    assert "ntu60" in result.stdout


@pytest.mark.parametrize(
    "name",
    ["SEMTOOL_HELP", "SEMTOOL_DATASETS_LIST_HELP", "SEMTOOL_INSTALL_COMPLETION", "SEMTOOL_SHOW_COMPLETION"],
)
def test_environment_cannot_ask_for_help_either(name, monkeypatch, capsys):
    monkeypatch.setenv(name, "1")
    with pytest.raises(SystemExit) as ended:
        main(["datasets", "list", "--json"])
    assert ended.value.code == 0
    assert '"ntu60"' in capsys.readouterr().out


@pytest.mark.parametrize(
    "number", [errno.EFBIG, errno.ENOSPC, errno.EROFS, errno.EACCES, errno.ENOTDIR, errno.ENAMETOOLONG]
)
def test_system_errors_are_sentences(number):
    said = sentence(OSError(number, os.strerror(number), "place/file"))
    assert "place/file" in said
    assert "Errno" not in said


def test_other_errors_are_sentences():
    assert "out of memory" in sentence(MemoryError())
    assert "nested too deeply" in sentence(RecursionError("maximum recursion depth exceeded"))
    assert sentence(KeyError("x")).startswith("KeyError")
    assert "\x1b" not in sentence(SemtoolError("class \x1b[2J of somebody"))


def test_printable_keeps_writing_and_escapes_control():
    assert printable("挥手 café\n\tß") == "挥手 café\n\tß"
    assert printable("a\x1b[31mb\x9bc\u202ed") == "a\\x1b[31mb\\x9bc\\u202ed"


@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_signals_end_a_command_through_its_finally_clauses(number, word):
    script = textwrap.dedent(
        f"""
        import os, signal, typer
        from importlib import import_module
        cli = import_module("semtool.cli.app")
        signal.signal(signal.SIGINT, signal.default_int_handler)
        app = typer.Typer()
        @app.command()
        def stop() -> None:
            try:
                os.kill(os.getpid(), {int(number)})
                signal.pause()
            except Exception:
                print("swallowed")
            finally:
                print("cleaned")
        cli.app = app
        cli.main([])
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "cleaned\n"
    assert word in done.stderr
    assert done.returncode == 128 + number
    assert Interrupted(number).exit_code == 128 + number


def test_every_pointer_of_an_error_leads_to_a_paragraph_and_back():
    root = Path(__file__).parents[3]
    code = "".join(p.read_text() for room in ("semtool", "skeleton") for p in (root / room).rglob("*.py"))
    named = set(re.findall(r'see="([\w-]+)"', code))
    assert named == set(re.findall(r"{#([\w-]+)}", (root / "docs" / "errors.md").read_text()))


def test_a_pointer_ends_the_sentence(cli):
    done = cli("report")
    assert done.code == 1
    assert done.err.rstrip().endswith("(docs: errors#no-run)")


@pytest.mark.parametrize("option", ["--texts", "--encoders", "--presets"])
def test_a_list_that_names_nothing_is_wrong_usage(option):
    with pytest.raises(SystemExit) as ended:
        main(["table", "synse", option, " , "])
    assert ended.value.code == 2
