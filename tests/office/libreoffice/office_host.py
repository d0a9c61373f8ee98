"""A LibreOffice of its own for the tests: profile in a temporary folder, extension installed, driven through a socket."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

NOBODY = 65534
MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def missing():
    """What keeps these tests from running here, as a sentence; "" if nothing does."""
    for program in ("soffice", "unopkg"):
        if not shutil.which(program):
            return f"{program} is not installed (libreoffice-writer-nogui, libreoffice-calc-nogui)"
    try:
        import uno  # noqa: F401
    except ImportError:
        return f"{sys.executable} has no module uno (python3-uno)"
    if os.getuid() == 0 and not shutil.which("setpriv"):
        return "unopkg refuses to run as root, and there is no setpriv"
    return ""


def real_model():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    for path in (os.environ.get("HADAL_TEST_MODEL", ""), os.path.join(cache, "hadal", MODEL_FILE)):
        if path and os.path.isfile(path):
            return path
    return ""


def property_value(name, value):
    from com.sun.star.beans import PropertyValue
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


class Office:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hadal-office-")
        self.home = os.path.join(self.folder, "home")
        os.makedirs(os.path.join(self.home, ".config", "hadal"))
        self.process = self.context = None
        self.own()

    def own(self):
        """Root hands the folder to the user the office runs as."""
        if os.getuid() == 0:
            os.chmod(self.folder, 0o755)
            for folder, folders, files in os.walk(self.folder):
                for name in ["", *folders, *files]:
                    os.chown(os.path.join(folder, name), NOBODY, NOBODY, follow_symlinks=False)

    def path(self, name):
        return os.path.join(self.folder, name)

    def url(self, name):
        return "file://" + self.path(name)

    def bring(self, source, name):
        """A copy that the office's user can read; a link would take the original from its owner."""
        shutil.copyfile(source, self.path(name))
        return self.path(name)

    def settings(self, **values):
        with open(os.path.join(self.home, ".config", "hadal", "office.txt"), "w", encoding="utf-8") as file:
            file.writelines(f"{key} = {value}\n" for key, value in values.items())

    def prompts(self, text):
        """The user's prompts.txt; None = none."""
        path = os.path.join(self.home, ".config", "hadal", "prompts.txt")
        if text is None:
            os.remove(path)
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)

    def command(self, *arguments):
        environment = {"HOME": self.home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
                       "SAL_USE_VCLPLUGIN": os.environ.get("HADAL_TEST_VCL", "svp")}
        if os.environ.get("DISPLAY"):
            environment["DISPLAY"] = os.environ["DISPLAY"]
        profile = f"-env:UserInstallation=file://{self.folder}/profile"
        command = [*arguments[:1], profile, *arguments[1:]]
        if os.getuid() == 0:
            command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
        return {"args": command, "env": environment, "cwd": self.folder, "stdin": subprocess.DEVNULL}

    def install(self, extension):
        """unopkg wants its sub-command first."""
        self.bring(extension, "hadal.oxt")
        call = self.command("unopkg", "-f", self.path("hadal.oxt"))
        at = call["args"].index("unopkg")
        call["args"].insert(at + 1, "add")
        return subprocess.run(**call, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, text=True)

    def start(self, headless=True):
        import uno
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        where = f"socket,host=127.0.0.1,port={port};urp;"
        call = self.command("soffice", *(["--headless"] if headless else []), "--norestore", "--nologo", "--nodefault",
                            "--nofirststartwizard", f"--accept={where}")
        self.log = open(self.path("soffice.log"), "wb")
        self.process = subprocess.Popen(**call, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        deadline = time.monotonic() + 120
        while True:
            try:
                self.context = resolver.resolve(f"uno:{where}StarOffice.ComponentContext")
                break
            except Exception:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError(f"no office answered: {self.said()}")
                time.sleep(0.05)
        self.desktop = self.create("com.sun.star.frame.Desktop")

    def said(self):
        with open(self.path("soffice.log"), "rb") as file:
            return file.read().decode("utf-8", "replace")[-2000:]

    def create(self, service):
        return self.context.ServiceManager.createInstanceWithContext(service, self.context)

    def alive(self):
        return self.process.poll() is None and self.desktop.getComponents() is not None

    def office_pid(self):
        """soffice.bin, a child of the script soffice."""
        found = subprocess.run(["ps", "-o", "pid=,comm=", "-g", str(os.getpgid(self.process.pid))], capture_output=True,
                               text=True).stdout
        return [int(line.split()[0]) for line in found.splitlines() if "soffice.bin" in line][0]

    def stop(self):
        """Ends the office as a user does; returns its exit code."""
        if self.process is None:
            return None
        try:
            self.desktop.terminate()
        except Exception:   # the bridge goes down with the office
            pass
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return None
        finally:
            self.log.close()
            self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- Documents and macros

    def open(self, url, **properties):
        return self.desktop.loadComponentFromURL(
            url, "_blank", 0, tuple(property_value(k, v) for k, v in {"MacroExecutionMode": 4, **properties}.items()))

    def save(self, document, name, filter_name):
        document.storeToURL(self.url(name), (property_value("FilterName", filter_name),))
        return self.path(name)

    def macro(self, document, library, module, name, *arguments):
        script = document.getScriptProvider().getScript(
            f"vnd.sun.star.script:{library}.{module}.{name}?language=Basic&location=document")
        return script.invoke(arguments, (), ())[0]

    def dispatch(self, document, command):
        self.create("com.sun.star.frame.DispatchHelper").executeDispatch(
            document.getCurrentController().getFrame(), command, "", 0, ())


def wait_until(condition, seconds=60.0, step=0.02):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(step)
    return False
