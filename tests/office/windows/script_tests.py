#!/usr/bin/env python3
"""Scripts as clients of the COM objects, and what registration writes.

usage: script_tests.py WINE... --dll DLL

cscript of wine shows no errors and exits with 0, so every script must say "all well". Last line: `N passed, N failed,
N skipped`.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
INSTALLER = HERE.parents[2] / "bindings" / "office" / "install.cmd"
CLASS_KEY = "HKCU\\Software\\Classes\\CLSID\\{6A1F3C54-2B7E-4D19-9C0A-5E8B7D40A103}"
MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def default_model():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    path = os.environ.get("HADAL_TEST_MODEL") or os.path.join(cache, "hadal", MODEL_FILE)
    return path if os.path.isfile(path) else None


def windows_path(path):
    return "Z:" + str(path).replace("/", "\\")


class Wine:
    def __init__(self, command, model):
        self.command = command
        self.environment = dict(os.environ, HADAL_MODEL=windows_path(model) if model else "", APPDATA="Z:\\nowhere")

    def run(self, *arguments, timeout=300):
        return subprocess.run([*self.command, *arguments], capture_output=True, text=True, errors="replace",
                              env=self.environment, timeout=timeout)

    def script(self, name):
        return self.run("cscript.exe", "//nologo", windows_path(HERE / "scripts" / name))


def says_all_well(done):
    return [] if done.stdout.strip().endswith("all well") else \
        [f"exit code {done.returncode}: {done.stdout.strip()} {done.stderr.strip()}"]


def user_registration(wine, dll):
    """regsvr32 /n /i:user writes the keys of the current user, and takes them away again. (wine does not look there.)"""
    problems = []
    key = "HKCU\\Software\\Classes\\Hadal.Session\\CLSID"
    wine.run("regsvr32.exe", "/s", "/n", "/i:user", windows_path(dll))
    found = wine.run("reg.exe", "query", key).stdout
    if "6A1F3C54-2B7E-4D19-9C0A-5E8B7D40A103" not in found.upper():
        problems.append(f"no key after registering: {found}")
    wine.run("regsvr32.exe", "/s", "/u", "/n", "/i:user", windows_path(dll))
    if wine.run("reg.exe", "query", key).returncode == 0:
        problems.append("the key stands after unregistering")
    return problems


def installer(wine, dll):
    """install.cmd in an account of its own: what it copies, registers and trusts, and that all of it goes again."""
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        pack, account = pathlib.Path(folder, "pack"), pathlib.Path(folder, "an account")
        pack.mkdir()
        (account / "Hadal" / "models").mkdir(parents=True)
        (account / "Hadal" / "models" / "mine.gguf").write_text("a model")
        for source in (dll, HERE.parents[2] / "bindings" / "office" / "Hadal.bas", INSTALLER):
            shutil.copy(source, pack)
        inside = Wine(wine.command, None)
        # wine sets LOCALAPPDATA itself, whatever the environment says.
        there = pack / "there.cmd"
        there.write_text(f'@set "LOCALAPPDATA={windows_path(account)}"\r\n@call {windows_path(pack / "install.cmd")} %1\r\n')
        office = "HKCU\\Software\\Microsoft\\Office\\16.0\\Word"
        trusted = office + "\\Security\\Trusted Locations\\Hadal"
        inside.run("reg.exe", "add", office, "/f")
        said = inside.run("cmd.exe", "/c", windows_path(there)).stdout
        name = pathlib.Path(dll).stem
        for wanted in (f"{name}.dll", f"{name}.xll", "Hadal.bas", "install.cmd"):
            if not (account / "Hadal" / wanted).exists():
                problems.append(f"{wanted} is not there; install.cmd said {said.strip()}")
        if f"{name}.xll" not in inside.run("reg.exe", "query", CLASS_KEY + "\\InprocServer32").stdout:
            problems.append("the class does not name the .xll")
        if inside.run("reg.exe", "query", trusted, "/v", "Path").returncode != 0:
            problems.append("no trusted location")
        said = inside.run("cmd.exe", "/c", windows_path(there), "/u").stdout
        left = sorted(p.name for p in (account / "Hadal").iterdir())
        if [p for p in left if p != "models"] or not (account / "Hadal" / "models" / "mine.gguf").exists():
            problems.append(f"left after install.cmd /u: {left}; it said {said.strip()}")
        for key in (CLASS_KEY, trusted):
            if inside.run("reg.exe", "query", key).returncode == 0:
                problems.append(f"{key} stands after install.cmd /u")
        inside.run("reg.exe", "delete", "HKCU\\Software\\Microsoft\\Office", "/f")
    return problems


def two_at_once(wine):
    """Two programs with the DLL and the same model file open."""
    command = [*wine.command, "cscript.exe", "//nologo", windows_path(HERE / "scripts" / "ask.vbs")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace",
                             env=wine.environment) for _ in range(2)]
    return [f"said {out.strip()}" for out in (p.communicate(timeout=300)[0] for p in both) if "all well" not in out]


def main():
    split = sys.argv.index("--dll")
    dll, model = sys.argv[split + 1], default_model()
    wine = Wine(sys.argv[1:split], model)
    cases = {"registration for one user leaves nothing": lambda: user_registration(wine, dll),
             "install.cmd installs for one user and leaves nothing but models": lambda: installer(wine, dll)}
    if model is not None:
        wine.run("regsvr32.exe", "/s", windows_path(dll))
        cases.update({
            "JScript asks, streams and catches errors": lambda: says_all_well(wine.script("ask.js")),
            "VBScript asks, streams into a class and catches errors": lambda: says_all_well(wine.script("ask.vbs")),
            "a program may end while an answer is made": lambda: says_all_well(wine.script("macro_stops.js")),
            "two programs use one model file": lambda: two_at_once(wine),
        })
    failed = 0
    for name, case in cases.items():
        start = time.monotonic()
        try:
            problems = case()
        except subprocess.TimeoutExpired as late:
            problems = [f"not over after {late.timeout:.0f} s"]
        print(f"{name}: {time.monotonic() - start:.1f} s")
        if problems:
            failed += 1
            print(f"FAIL: {name}")
            for problem in problems:
                print(f"  {problem}")
    if model is not None:
        wine.run("regsvr32.exe", "/s", "/u", windows_path(dll))
    skipped = 0 if model else 4
    if skipped:
        print("skipped: the default model is not in the cache")
    print(f"{len(cases) - failed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
