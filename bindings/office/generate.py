#!/usr/bin/env python3
"""Makes everything that must agree about the flat calls from flat_calls.json and the functions of hadal.h.

usage: generate.py [--check | --definition OUT.def]

Writes Hadal.bas, windows/hadalv.h and tests/office/windows/flat_calls_generated.inc. --check writes nothing and fails if
one of them is out of date. --definition writes the list of what the DLL named as OUT exports; the build calls it, for the
list follows every new function of hadal.h.
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MADE = "made by bindings/office/generate.py; do not edit"
# What Excel and COM look up by name. PRIVATE: not for import libraries.
COM_EXPORTS = ["DllCanUnloadNow", "DllGetClassObject", "DllInstall", "DllRegisterServer", "DllUnregisterServer"]
EXCEL_EXPORTS = ["SetExcel12EntryPt", "hadalx_ask", "hadalx_ask_async", "hadalx_ask_stream", "hadalx_ask_table",
                 "hadalx_calculation_cancelled", "hadalx_calculation_ended", "hadalx_extract", "hadalx_live_blocks",
                 "xlAddInManagerInfo12", "xlAutoAdd", "xlAutoClose", "xlAutoFree12", "xlAutoOpen", "xlAutoRemove"]


def wrapped(text, prefix, width=118):
    lines, line = [], prefix
    for word in text.split():
        if len(line) + 1 + len(word) > width and line != prefix:
            lines.append(line.rstrip())
            line = prefix
        line += word + " "
    return lines + [line.rstrip()]


def vba_name(parameter):
    first, *rest = parameter.split("_")
    return first + "".join(part.capitalize() for part in rest)


def signature_of(api, call, modern):
    """What stands behind the Lib of a Declare; VBA 6 has no LongPtr."""
    parameters = []
    for kind, name in call["parameters"]:
        way, vba = api["types"][kind]["vba"].split()
        if not modern:
            vba = vba.replace("LongPtr", "Long")
        parameters.append(f"{way} {vba_name(name)} As {vba}")
    return f'({", ".join(parameters)}) As Long'


def declares(api, modern):
    lines = []
    for call in api["calls"]:
        if modern:
            lines += wrapped(call["help"], "' ")
        name, signature = "hadalv_" + call["name"], signature_of(api, call, modern)
        if modern:   # the two bitnesses differ in nothing but the DLL's name
            for branch, dll in (("#If Win64 Then", "hadal64.dll"), ("#Else", "hadal32.dll")):
                lines += [branch, f'Public Declare PtrSafe Function {name} Lib "{dll}" {signature}']
            lines += ["#End If"]
        else:
            lines += [f'Public Declare Function {name} Lib "hadal32.dll" {signature}']
    return "\n".join(lines)


def module_text(api):
    text = (HERE / "Hadal.bas.in").read_text(encoding="ascii")
    text = text.replace("@DECLARES64@", declares(api, True)).replace("@DECLARES32@", declares(api, False))
    return text.replace("\n", "\r\n")   # what the VBA editor exports and imports


def header_functions():
    """Every function that include/hadal/*.h exports."""
    names = set()
    for header in sorted((ROOT / "include" / "hadal").glob("*.h")):
        names |= set(re.findall(r"^HADAL_API[^;]*?\bHADAL_CALL\s+(hadal_\w+)\s*\(", header.read_text(encoding="utf-8"), re.M))
    return sorted(names)


def definition_text(api, name):
    lines = [f"; {MADE}.", f"LIBRARY {name}.dll", "EXPORTS"]
    lines += [f"  {function}" for function in header_functions()]
    lines += [f"  hadalv_{call['name']}" for call in sorted(api["calls"], key=lambda call: call["name"])]
    lines += [f"  {function} PRIVATE" for function in COM_EXPORTS + EXCEL_EXPORTS]
    return "\n".join(lines) + "\n"


def c_parameters(api, call):
    return [(api["types"][kind]["c"], name) for kind, name in call["parameters"]]


def prototype(name, parameters, width=118):
    line = f"int32_t __stdcall hadalv_{name}("
    lines, indent = [], " " * len(line)
    for i, parameter in enumerate(parameters or ["void"]):
        part = parameter + ("," if i + 1 < len(parameters) else ");")
        if len(line) + 1 + len(part) > width:
            lines.append(line)
            line = indent
        line += part if line.endswith("(") or line == indent else " " + part
    return lines + [line]


def header_text(api):
    lines = [f"/* hadalv.h: the calls for VBA's Declare; {MADE}.",
             " * All are __stdcall with undecorated names. Text in: UTF-16 and a length, -1 = up to the zero unit. Text out: a",
             " * VARIANT, cleared first. Each returns a hadal_status. Any thread, but a session only one at a time. */",
             "#ifndef HADALV_H", "#define HADALV_H", "", "#include <stdint.h>", "", "#include <oleauto.h>", "",
             "#ifdef __cplusplus", 'extern "C" {', "#endif", "",
             "typedef struct hadalv_session hadalv_session;", "",
             "typedef int32_t(__stdcall* hadalv_on_piece)(intptr_t user, int32_t kind, const wchar_t* text, int32_t length);"]
    for call in api["calls"]:
        lines += [""]
        helped = wrapped(call["help"], " * ", 116)
        helped[0] = "/*" + helped[0][2:]
        helped[-1] += " */"
        lines += helped
        lines += prototype(call["name"], [f"{c} {name}" for c, name in c_parameters(api, call)])
    lines += ["", "#ifdef __cplusplus", "}", "#endif", "", "#endif"]
    return "\n".join(lines) + "\n"


def read_declares(text, wanted):
    """Declare lines of Hadal.bas as VBA would compile them: {name: (library, [(way, type)])}. wanted: win64, win32, vba6."""
    truth = {"VBA7": wanted != "vba6", "Win64": wanted == "win64"}
    found, stack = {}, []
    for line in text.splitlines():
        if match := re.match(r"#If (\w+) Then", line):
            stack.append(truth[match[1]])
        elif line.startswith("#Else"):
            stack[-1] = not stack[-1]
        elif line.startswith("#End If"):
            stack.pop()
        elif all(stack) and (match := re.match(r'Public Declare (PtrSafe )?Function (\w+) Lib "([\w.]+)" \((.*)\) As Long$', line)):
            if bool(match[1]) != (wanted != "vba6"):
                raise SystemExit(f"Hadal.bas: PtrSafe is wrong for {wanted}: {line}")
            arguments = [re.match(r"(ByVal|ByRef) \w+ As (\w+)$", part).groups() for part in match[4].split(", ") if part]
            found[match[2]] = (match[3], arguments)
        elif all(stack) and "Declare" in line and "LoadLibraryW" not in line and not line.startswith("'"):
            raise SystemExit(f"Hadal.bas: not understood: {line}")
    return found


# How VBA pushes an argument, in C.
PUSHED = {("ByVal", "LongPtr"): "intptr_t", ("ByVal", "Long"): "int32_t", ("ByRef", "LongPtr"): "intptr_t*",
          ("ByRef", "Long"): "int32_t*", ("ByRef", "Double"): "double*", ("ByRef", "Variant"): "VARIANT*",
          ("ByRef", "Object"): "IDispatch**"}
# Arguments that no call may take amiss: nothing there, nowhere to put it.
HARMLESS = {"intptr_t": "0", "int32_t": "0", "intptr_t*": "&handle", "int32_t*": "&number", "double*": "&real",
            "VARIANT*": "variant.get()", "IDispatch**": "&object"}


def caller_text(module):
    """A call of every Declare of Hadal.bas with the types VBA would push, read back from the .bas itself."""
    lines = [f"// {MADE}: every Declare of Hadal.bas, called as VBA would.", ""]
    for wanted, condition in (("win64", "#if defined(_WIN64)"), ("win32", "#else")):
        lines += [condition]
        for name, (library, arguments) in read_declares(module, wanted).items():
            types = [PUSHED[argument] for argument in arguments]
            lines += [f'DECLARE_CALL("{library}", {name}, ({", ".join(types)}), ({", ".join(HARMLESS[t] for t in types)}), {len(types)})']
    lines += ["#endif"]
    return "\n".join(lines) + "\n"


def main():
    api = json.loads((HERE / "flat_calls.json").read_text(encoding="utf-8"))
    if "--definition" in sys.argv:
        out = pathlib.Path(sys.argv[2])
        out.write_text(definition_text(api, out.stem), encoding="utf-8")
        return 0
    module = module_text(api)
    outputs = {
        HERE / "Hadal.bas": module,
        HERE / "windows" / "hadalv.h": header_text(api),
        ROOT / "tests" / "office" / "windows" / "flat_calls_generated.inc": caller_text(module),
    }
    stale = []
    for path, text in outputs.items():
        if path.exists() and path.read_bytes() == text.encode("utf-8"):
            continue
        stale.append(path.relative_to(ROOT))
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))
    for path in stale:
        print(f"{path}: " + ("out of date; run python3 bindings/office/generate.py" if "--check" in sys.argv else "written"))
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
