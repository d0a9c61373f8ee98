#!/usr/bin/env python3
"""Tests of the built tool. usage: tool_tests.py PATH/TO/hadal [PART OF A TEST NAME]..."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chat_tests  # noqa: E402
import compute_tests  # noqa: E402
import embed_tests  # noqa: E402
import harness  # noqa: E402
import knowledge_tests  # noqa: E402
import text_tests  # noqa: E402
import usage_tests  # noqa: E402

if __name__ == "__main__":
    sys.exit(harness.main([usage_tests, text_tests, compute_tests, chat_tests, embed_tests, knowledge_tests]))
