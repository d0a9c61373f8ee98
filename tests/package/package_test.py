#!/usr/bin/env python3
"""The library as a stranger's program meets it.

usage: package_test.py installed SOURCE BUILD     install, then find_package, pkg-config and the README's code
       package_test.py minimal SOURCE WORK        the build with every option off, and its install
       package_test.py subdirectory SOURCE WORK   add_subdirectory from another project
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ALL_OFF = [f"-DHADAL_{part}=OFF" for part in ("JSON", "EIGEN", "TOOL", "TESTS", "SQLITE", "DOCUMENTS")]


def run(*command, **changes):
    print("+", " ".join(map(str, command)), flush=True)
    process = subprocess.run(list(map(str, command)), env={**os.environ, **changes}, text=True, capture_output=True)
    print((process.stdout + process.stderr)[-6000:], flush=True)
    if process.returncode != 0:
        sys.exit(f"failed with {process.returncode}: {' '.join(map(str, command))}")
    return process.stdout


def configure(source, build, *arguments, build_type="RelWithDebInfo"):
    launchers = []
    if shutil.which("ccache"):
        launchers = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]
    run("cmake", "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_BUILD_TYPE={build_type}", *launchers, *arguments)


def readme_programs(source, folder):
    """Each block of C in the READMEs as a program."""
    programs = []
    for readme in ("README.md", "README.zh.md"):
        with open(os.path.join(source, readme), encoding="utf-8") as file:
            blocks = re.findall(r"^```c\n(.*?)^```", file.read(), re.M | re.S)
        assert blocks, f"{readme} shows no C"
        for i, block in enumerate(blocks):
            path = os.path.join(folder, f"{readme.replace('.', '_')}_{i}.c")
            with open(path, "w", encoding="utf-8") as file:
                if "main(" in block:
                    file.write(block)
                else:
                    file.write("#include <stdio.h>\n#include <hadal/hadal.h>\nint main(void) {\n" + block + "return 0;\n}\n")
            programs.append(path)
    return programs


def pkg_config_files(prefix):
    return os.path.dirname(glob.glob(os.path.join(prefix, "**", "hadal.pc"), recursive=True)[0])


def libraries(prefix):
    return os.path.dirname(glob.glob(os.path.join(prefix, "**", "libhadal.so"), recursive=True)[0])


def check_installed(source, prefix, work):
    for name in ("libhadal.so", "libhadal.a", "hadal.pc", "hadal.h"):
        found = glob.glob(os.path.join(prefix, "**", name), recursive=True)
        assert found, f"{name} was not installed"
    programs = readme_programs(source, work)
    consumer = os.path.join(work, "consumer")
    configure(os.path.join(HERE, "consumer"), consumer, f"-DCMAKE_PREFIX_PATH={prefix}", f"-DSNIPPETS={';'.join(programs)}")
    run("cmake", "--build", consumer)
    run(os.path.join(consumer, "consumer"))
    run(os.path.join(consumer, "consumer_cpp"))

    # pkg-config, with a C compiler alone: the shared library and the static one.
    settings = {"PKG_CONFIG_PATH": pkg_config_files(prefix)}
    for static in ([], ["--static"]):
        flags = run("pkg-config", "--cflags", "--libs", *static, "hadal", **settings).split()
        program = os.path.join(work, "by_pkg_config" + "".join(static))
        link = [flag if flag != "-lhadal" or not static else "-l:libhadal.a" for flag in flags]
        run("cc", os.path.join(HERE, "consumer", "consumer.c"), "-o", program, *link)
        run(program, LD_LIBRARY_PATH=libraries(prefix))


def installed(source, build):
    with tempfile.TemporaryDirectory(prefix="hadal-package-") as work:
        prefix = os.path.join(work, "prefix")
        run("cmake", "--install", build, "--prefix", prefix)
        tool = os.path.join(prefix, "bin", "hadal")
        if os.path.exists(tool):
            run(tool, "--version", LD_LIBRARY_PATH=libraries(prefix))
        check_installed(source, prefix, work)


def minimal(source, work):
    # Not optimised: what is asked here is whether it builds and installs, and it takes half the time.
    configure(source, work, *ALL_OFF, "-DCMAKE_CXX_COMPILER=g++", "-DCMAKE_C_COMPILER=gcc", build_type="Debug")
    run("cmake", "--build", work)
    with tempfile.TemporaryDirectory(prefix="hadal-minimal-") as folder:
        prefix = os.path.join(folder, "prefix")
        run("cmake", "--install", work, "--prefix", prefix)
        check_installed(source, prefix, folder)
        needed = run("ldd", glob.glob(os.path.join(prefix, "**", "libhadal.so"), recursive=True)[0])
        for part in ("dnnl", "fmt", "gomp", "tbb"):
            assert part not in needed, f"the minimal library still needs {part}"


def subdirectory(source, work):
    # The same flags as the minimal build, so that a compiler cache has nothing left to do.
    configure(os.path.join(HERE, "consumer"), work, f"-DHADAL_SOURCE={source}", *ALL_OFF, "-DHADAL_WERROR=ON",
              "-DCMAKE_CXX_COMPILER=g++", "-DCMAKE_C_COMPILER=gcc", build_type="Debug")
    run("cmake", "--build", work)
    run(os.path.join(work, "consumer"))


if __name__ == "__main__":
    {"installed": installed, "minimal": minimal, "subdirectory": subdirectory}[sys.argv[1]](*map(os.path.abspath, sys.argv[2:4]))
