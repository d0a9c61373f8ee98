#!/usr/bin/env python3
"""The speed table: Hadal beside the machine's limits and, where it is installed, llama.cpp, in interleaved runs.

  table.py HADAL MODEL.gguf... [--peer PYTHON] [--threads 1,2] [--prompt 512] [--generate 64] [--depths 0]
           [--rounds 3] [--out FILE.md]

HADAL is the tool. PYTHON is an interpreter that can import llama_cpp (pip install llama-cpp-python); without it the
peer's columns stay empty. Every round runs Hadal and the peer one after the other, with the probes of the same minute,
so that a share and a ratio compare like with like on a machine whose speed moves. Alone on the machine, please.
"""
import argparse
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import sys

PEER = r"""
import json, random, sys, time
import llama_cpp
path, threads, prompt, generate, depth, repeats = sys.argv[1], *map(int, sys.argv[2:])
model = llama_cpp.Llama(path, n_ctx=depth + prompt + generate + 8, n_batch=512, n_ubatch=512, n_threads=threads,
                        n_threads_batch=threads, verbose=False)
random.seed(1)
draw = lambda n: [random.randrange(100, model.n_vocab() - 100) for _ in range(n)]
def rate(count, each):
    model.reset()
    if depth: model.eval(draw(depth))
    tokens = draw(count)
    start = time.perf_counter()
    if each:
        for token in tokens: model.eval([token])
    else: model.eval(tokens)
    return count / (time.perf_counter() - start)
for name, count, each in (("pp", prompt, False), ("tg", generate, True)):
    if count == 0: continue
    rate(count, each)
    print(json.dumps({"test": f"{name}{count}", "best": max(rate(count, each) for _ in range(repeats))}), flush=True)
"""


def lines_of(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command[:2])}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def machine():
    text = open("/proc/cpuinfo", encoding="utf-8").read() if os.path.exists("/proc/cpuinfo") else ""
    name = re.search(r"^model name\s*:\s*(.+)$", text, re.M)
    flags = (re.search(r"^flags\s*:\s*(.+)$", text, re.M) or [None, ""])[1].split()
    interesting = ("avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8")
    known = [flag for flag in interesting if flag in flags]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return (f"{name.group(1) if name else platform.machine()}, {len(os.sched_getaffinity(0))} cores, {memory} GiB, "
            f"{' '.join(known) or 'no known extension'}; {datetime.date.today().isoformat()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hadal")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--peer")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=64)
    parser.add_argument("--depths", default="0")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out")
    ask = parser.parse_args()
    table = ["| model | test | depth | threads | Hadal tok/s, best (median of rounds) | share of the limit | "
             "llama.cpp | ratio, median (range) |",
             "|---|---|---|---|---|---|---|---|"]
    limits = []
    for path in ask.models:
        for threads in map(int, ask.threads.split(",")):
            for depth in map(int, ask.depths.split(",")):
                ours, theirs = {}, {}
                for _ in range(ask.rounds):
                    bench = [ask.hadal, "bench", path, "-p", str(ask.prompt), "-n", str(ask.generate), "-d", str(depth),
                             "-t", str(threads), "-r", str(ask.repeats), "--json"]
                    for line in lines_of(bench):
                        ours.setdefault(line["test"], []).append(line)
                        limits.append((threads, line["read_gbs"], line["vnni_gops"]))
                    if ask.peer:
                        numbers = map(str, (threads, ask.prompt, ask.generate, depth, ask.repeats))
                        for line in lines_of([ask.peer, "-c", PEER, path, *numbers]):
                            theirs.setdefault(line["test"], []).append(line["best"])
                for test, lines in ours.items():
                    best = [line["best"] for line in lines]
                    share = max(line["share"] for line in lines)
                    row = [os.path.basename(path), test, str(depth), str(threads),
                           f"{max(best):.1f} ({statistics.median(best):.1f})", f"{share:.0%}"]
                    peer = theirs.get(test)
                    ratios = [a / b for a, b in zip(best, peer)] if peer else []
                    row += ["", ""] if not peer else [
                        f"{max(peer):.1f} ({statistics.median(peer):.1f})",
                        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"]
                    table.append("| " + " | ".join(row) + " |")
                    print(table[-1], file=sys.stderr, flush=True)
    probes = []
    for threads in sorted({limit[0] for limit in limits}):
        read = [limit[1] for limit in limits if limit[0] == threads]
        int8 = [limit[2] for limit in limits if limit[0] == threads]
        probes.append(f"{threads} thread{'s' if threads > 1 else ''}: read {min(read):.0f} to {max(read):.0f} GB/s, "
                      f"int8 {min(int8):.0f} to {max(int8):.0f} Gop/s")
    head = [machine() + ".", "Limits probed in the same minutes: " + "; ".join(probes) + "."]
    text = "\n".join([*head, "", *table]) + "\n"
    if ask.out:
        with open(ask.out, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        print(text, end="")


main()
