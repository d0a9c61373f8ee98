#!/usr/bin/env python3
"""How well a knowledge base finds what was asked: recall@5 of vector, word and fused search, and refusals.

    retrieval.py LIBHADAL.SO EMBEDDER [--cache FOLDER] [--calibrate]

EMBEDDER: an embedding model, or - for word search alone. The documents are those of Debian 12 packages, fetched by name
with apt-get into the cache: licences (base-files), debian-policy, debian-faq, debian-reference-zh-cn; others
for --calibrate, which prints the two signs that lib/rag/relevance.cpp weighs. questions.tsv,
inside.tsv and outside.tsv are in our own words and nothing is tuned on them; calibration.tsv is of other documents.
A question counts as found if one of the first five passages is of the expected document and has the expected words.
"""
import argparse
import ctypes
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = ["debian-policy", "debian-faq", "debian-reference-zh-cn"]
LICENCES = ["GPL-3", "Apache-2.0", "MPL-2.0", "GFDL-1.3", "Artistic", "CC0-1.0", "LGPL-3"]
# About as much text as the benchmark has: the best of more passages is likelier to be alike by chance.
CALIBRATION = {"developers-reference": "developers-reference/*.html", "aptitude-doc-en": "doc/aptitude/html/en/*.html",
               "debian-kernel-handbook": "doc/debian-kernel-handbook/kernel-handbook.html/*.html",
               "maint-guide": "doc/maint-guide/html/*.en.html"}
# These become documents of an office, so that their readers are part of what is measured.
AS_DOCX = ["Apache-2.0.txt", "pkg-basics.en.html"]
AS_PDF = ["MPL-2.0.txt", "ch-opersys.html", "ch02.zh-cn.html"]


class Library:
    def __init__(self, path):
        self.c = ctypes.CDLL(path)
        self.c.hadal_last_error.restype = ctypes.c_char_p

    def check(self, status):
        if status < 0:
            sys.exit(self.c.hadal_last_error().decode())

    def text(self, function, *arguments):
        size = ctypes.c_size_t()
        self.check(function(*arguments, None, ctypes.c_size_t(0), ctypes.byref(size)))
        buffer = ctypes.create_string_buffer(size.value + 1)
        self.check(function(*arguments, buffer, ctypes.c_size_t(size.value + 1), ctypes.byref(size)))
        return buffer.raw[:size.value].decode()

    def model(self, path):
        model = ctypes.c_void_p()
        self.check(self.c.hadal_model_open(None, path.encode(), b"", ctypes.byref(model)))
        return model

    def base(self, embedder, path):
        base = ctypes.c_void_p()
        self.check(self.c.hadal_knowledge_open(embedder, path.encode(), b"", ctypes.byref(base)))
        return base

    def sync(self, base, folder):
        progress = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_double)

        def show(_, stage, done):
            if sys.stderr.isatty():
                print(f"\r{100 * done:3.0f} %  {os.path.basename(stage.decode()):50.50}", end="", file=sys.stderr)
            return 0

        report = ctypes.create_string_buffer(256)
        self.check(self.c.hadal_knowledge_sync(base, folder.encode(), b"include=\"*\"", progress(show), None, report,
                                               ctypes.c_size_t(256), None))
        if sys.stderr.isatty():
            print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
        return json.loads(report.value)

    def search(self, base, query, options):
        return json.loads(self.text(self.c.hadal_knowledge_search, base, query.encode(), ctypes.c_int64(-1), options.encode()))


def fetch(cache, packages):
    """The unpacked packages; each is fetched once."""
    os.makedirs(cache, exist_ok=True)
    for package in packages:
        target = os.path.join(cache, package)
        if not os.path.isdir(target):
            subprocess.run(["apt-get", "download", "-q", package], cwd=cache, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            [archive] = glob.glob(os.path.join(cache, package + "_*.deb"))
            subprocess.run(["dpkg-deb", "-x", archive, target], check=True)


def collect(cache, folder):
    """The benchmark's documents in one folder; some are made into docx and pdf by LibreOffice, where it is there."""
    files = ["/usr/share/common-licenses/" + name for name in LICENCES]
    files += glob.glob(cache + "/debian-policy/usr/share/doc/debian-policy/policy.html/ch-*.html")
    files += [f for f in glob.glob(cache + "/debian-faq/usr/share/doc/debian/FAQ/*.en.html") if os.path.getsize(f) > 1000
              and not os.path.islink(f) and "index" not in f]
    files += glob.glob(cache + "/debian-reference-zh-cn/usr/share/debian-reference/ch*.zh-cn.html")
    os.makedirs(folder, exist_ok=True)
    for file in files:
        name = os.path.basename(file)
        shutil.copy(file, os.path.join(folder, name if name.endswith(".html") else name + ".txt"))
    office = shutil.which("soffice")
    if not office:
        print("no LibreOffice: nothing is made into docx and pdf")
        return
    for made, names in (("docx:MS Word 2007 XML", AS_DOCX), ("pdf", AS_PDF)):
        for name in names:
            convert(office, os.path.join(folder, name), made)


def convert(office, file, made):
    """Puts the document LibreOffice makes of `file` in its place."""
    reader = "Text (encoded):UTF8,LF,,," if file.endswith(".txt") else "HTML (StarWriter)"
    subprocess.run([office, "--headless", f"-env:UserInstallation=file://{os.path.dirname(file)}-office",
                    f"--infilter={reader}", "--convert-to", made, "--outdir", os.path.dirname(file), file], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not os.path.exists(os.path.splitext(file)[0] + "." + made.split(":")[0]):
        sys.exit(f"{file}: LibreOffice made no {made} of it")
    os.remove(file)


def read_table(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]


def plain(text):
    return re.sub(r"\s+", " ", text)


def recall(library, base, modes):
    found = {}
    for language, document, place, question in read_table("questions.tsv"):
        row = []
        for mode in modes:
            hits = library.search(base, question, f"mode={mode}; limit=5")
            yes = any(os.path.basename(h["path"]).startswith(document.removesuffix(".html")) and place in plain(h["text"]) for h in hits)
            row.append(yes)
            found.setdefault((language, mode), []).append(yes)
        print(language, "".join("+" if yes else "-" for yes in row), question)
    for language in ("en", "zh"):
        print(f"recall@5 {language} ({len(found[language, modes[0]])} questions): " +
              ", ".join(f"{mode} {sum(found[language, mode]) / len(found[language, mode]):.3f}" for mode in modes))
    print("recall@5 all: " + ", ".join(
        f"{mode} {sum(sum(found[l, mode]) for l in ('en', 'zh')) / sum(len(found[l, mode]) for l in ('en', 'zh')):.3f}" for mode in modes))


def signs(library, base, question):
    """{"score", "cosine", "coverage", "found"} of one question, as an answer from the base would judge it."""
    library.search(base, question, "")
    return json.loads(library.text(library.c.hadal_knowledge_get, base, b"relevance"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("embedder")
    parser.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "hadal-retrieval"))
    parser.add_argument("--calibrate", action="store_true")
    arguments = parser.parse_args()
    library = Library(os.path.abspath(arguments.library))
    embedder = None if arguments.embedder == "-" else library.model(arguments.embedder)
    modes = ["text"] if embedder is None else ["vector", "text", "fused"]
    work = tempfile.mkdtemp(prefix="hadal-retrieval-")
    try:
        if arguments.calibrate:
            folder = os.path.join(work, "documents")
            os.makedirs(folder)
            fetch(arguments.cache, CALIBRATION)
            for package, pages in CALIBRATION.items():
                for file in glob.glob(f"{arguments.cache}/{package}/usr/share/{pages}"):
                    shutil.copy(file, os.path.join(folder, package + "-" + os.path.basename(file)))
            base = library.base(embedder, os.path.join(work, "base"))
            print(library.sync(base, folder))
            for inside, question in read_table("calibration.tsv"):
                print(inside, json.dumps(signs(library, base, question)), question)
            return
        fetch(arguments.cache, PACKAGES)
        folder = os.path.join(work, "documents")
        collect(arguments.cache, folder)
        base = library.base(embedder, os.path.join(work, "base"))
        print(library.sync(base, folder))
        recall(library, base, modes)
        for name in ("inside", "outside"):
            rows = [(signs(library, base, q)["found"], q) for [q] in read_table(name + ".tsv")]
            wrong = [q for yes, q in rows if yes != (name == "inside")]
            print(f"{name}: {sum(1 for yes, _ in rows if not yes)} of {len(rows)} refused; wrong: {wrong}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
