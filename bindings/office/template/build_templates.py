#!/usr/bin/env python3
"""Builds Hadal.dotm (Word) and Hadal.xlam (Excel) from the sources beside it.   usage: build_templates.py OUT_FOLDER

Needs Python alone, and writes the same bytes on every machine. Office compiles the macros when it opens the file.
"""
import os
import sys

import office_package
from vba_project import Module, vba_project

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = "Hadal"
KINDS = {"ThisDocument": "document", "ThisWorkbook": "document", "Sheet1": "document"}
LINE = 900   # characters in a source line; VBA takes 1023


def read(*names):
    with open(os.path.join(HERE, *names), encoding="utf-8") as file:
        return file.read()


def source_module(*names):
    stem = os.path.splitext(names[-1])[0]
    kind = KINDS.get(stem, "class" if names[-1].endswith(".cls") else "module")
    return Module(kind, read(*names))


def prompts_module():
    """prompts.txt as a function, for machines where the user has no such file yet."""
    lines = ['Attribute VB_Name = "HadalPrompts"', "Option Explicit", "' prompts.txt as it was shipped. Made by build_templates.py.",
             "", "Public Function ShippedPrompts() As String", "    Dim text As String"]
    for line in read("shared", "prompts.txt").splitlines():
        pieces = [line[i:i + LINE] for i in range(0, len(line), LINE)] or [""]
        for i, piece in enumerate(pieces):
            end = " & vbLf" if i == len(pieces) - 1 else ""
            lines.append(f'    text = text & "{piece.replace(chr(34), chr(34) * 2)}"{end}')
    return Module("module", "\n".join([*lines, "    ShippedPrompts = text", "End Function", ""]))


def shared_modules():
    names = ("HadalRibbon.bas", "HadalTurn.bas", "HadalSettings.bas", "HadalEdits.bas")
    return [source_module("shared", name) for name in names] + [prompts_module()]


def word_modules():
    names = ("ThisDocument.cls", "HadalWord.bas", "HadalUndo.bas")
    return [source_module("word", name) for name in names] + shared_modules()


def excel_modules():
    names = ("ThisWorkbook.cls", "Sheet1.cls", "HadalSheets.bas")
    return [source_module("excel", name) for name in names] + shared_modules()


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    office_package.write_package(os.path.join(out, "Hadal.dotm"), office_package.word_parts(
        vba_project(word_modules(), PROJECT), [""], office_package.WORD_TEMPLATE, read("word", "ribbon.xml")))
    office_package.write_package(os.path.join(out, "Hadal.xlam"), office_package.addin_parts(
        vba_project(excel_modules(), PROJECT), read("excel", "ribbon.xml")))


if __name__ == "__main__":
    main()
