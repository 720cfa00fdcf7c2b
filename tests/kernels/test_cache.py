"""Numba's cache where neither the installation nor a home folder can be written."""

import os
import stat
import tempfile

import numba
import pytest

from gridsim.kernels.cache import ensure_cache


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """Numba finds no place to cache; the temporary folder is ``tmp_path``."""

    def refuse(**options):
        def decorate(function):
            raise RuntimeError("cannot cache function: no locator available")

        return decorate

    monkeypatch.setattr(numba, "njit", refuse)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    # set and deleted through monkeypatch, so that what the function writes there is undone too
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    return tmp_path


def test_a_private_temporary_folder_is_used_and_told_once(nowhere, capsys):
    ensure_cache()
    folder = nowhere / f"gridsim-numba-{os.getuid()}"
    assert os.environ["NUMBA_CACHE_DIR"] == numba.config.CACHE_DIR == str(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    ensure_cache()  # of a worker process, which finds the variable set
    assert capsys.readouterr().err.count("set NUMBA_CACHE_DIR to keep them elsewhere") == 1


def test_a_folder_that_others_can_write_is_never_loaded_from(nowhere):
    planted = nowhere / f"gridsim-numba-{os.getuid()}"
    planted.mkdir(mode=0o700)
    planted.chmod(0o777)
    ensure_cache()
    used = os.environ["NUMBA_CACHE_DIR"]
    assert used != str(planted) and stat.S_IMODE(os.stat(used).st_mode) == 0o700


def test_a_link_in_its_place_is_never_followed(nowhere):
    elsewhere = nowhere / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (nowhere / f"gridsim-numba-{os.getuid()}").symlink_to(elsewhere)
    ensure_cache()
    assert os.path.realpath(os.environ["NUMBA_CACHE_DIR"]) != str(elsewhere)


def test_where_numba_can_cache_nothing_changes(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    ensure_cache()
    assert "NUMBA_CACHE_DIR" not in os.environ and capsys.readouterr().err == ""
