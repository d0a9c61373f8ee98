"""hadal knowledge: documents in, passages and cited answers out, searched by words (the tiny model embeds nothing)."""
import os
import shutil

from harness import ToolTest, path, run, write

RULES = """# House rules

## Notice

A tenant gives notice 30 days before leaving. Notice is given in writing.

## Pets

Part AB-123/4 of the fence keeps dogs in. Cats are welcome.
"""
CONTRACT = "第一条 租金每月支付。\n\n第十二条 违约责任。任何一方违约，应当支付合同金额百分之五的违约金。\n"


class Knowledge(ToolTest):
    def setUp(self):
        super().setUp()
        self.base = path("base.hadal")
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(self.base + suffix):
                os.remove(self.base + suffix)
        shutil.rmtree(path("docs"), ignore_errors=True)
        os.makedirs(path("docs/sub"))
        write("docs/rules.md", RULES)
        write("docs/sub/合同.txt", CONTRACT)
        if run("knowledge", "new", self.base).code != 0:
            self.skipTest("this build keeps bases in memory only")

    def sync(self):
        return self.ok("knowledge", "sync", self.base, path("docs"), "--json").json

    def search(self, query, *more):
        return self.ok("knowledge", "search", self.base, query, "--json", *more).json

    def test_new_makes_a_base_once(self):
        self.fails(1, "knowledge", "new", self.base, says="there already")
        self.fails(1, "knowledge", "list", path("absent"), says="absent")
        self.fails(2, "knowledge")
        self.fails(2, "knowledge", "sing", self.base)
        self.fails(2, "knowledge", "add", self.base)

    def test_what_is_added_is_listed_and_found_with_its_place(self):
        added = self.ok("knowledge", "add", self.base, path("docs/rules.md"), path("docs/sub/合同.txt"), "--json").json
        self.assertEqual([d["status"] for d in added], ["done", "done"])
        listed = self.ok("knowledge", "list", self.base, "--json").json
        self.assertEqual([(d["document"], os.path.basename(d["path"])) for d in listed], [(1, "rules.md"), (2, "合同.txt")])
        self.assertTrue(all(set(d) >= {"document", "path", "status", "reason", "chunks"} for d in listed))
        for query, document, words in (("when to give notice", 1, "30 days"), ("AB-123/4", 1, "fence"), ("违约", 2, "百分之五"),
                                       ("第十二条", 2, "违约金")):
            hits = self.search(query, "--mode", "text", "--limit", "3")
            self.assertEqual(hits[0]["document"], document, query)
            self.assertIn(words, hits[0]["text"])
            for hit in hits:
                self.assertTrue(set(hit) >= {"document", "path", "page", "from", "to", "heading", "score", "text"})
                text = self.ok("knowledge", "text", self.base, hit["document"]).text
                self.assertEqual(text[hit["from"]:hit["to"]], hit["text"])
        self.assertEqual(self.ok("knowledge", "check", self.base, "--json").json, {"ok": True, "problems": []})
        self.assertIn("2 documents", self.ok("knowledge", "info", self.base).text)

    def test_a_long_passage_is_cut_after_a_whole_character(self):
        write("docs/mixed.txt", "中a" * 150)
        self.sync()
        shown = self.ok("knowledge", "search", self.base, "中a", "--mode", "text", "--limit", "1").text
        self.assertIn("中a" * 75 + "中…", shown)   # 228 cells: three lines of 76

    def test_sync_follows_the_folder(self):
        self.assertEqual(self.sync()["added"], 2)
        self.assertEqual(self.sync()["unchanged"], 2)
        self.assertEqual(self.ok("knowledge", "sync", self.base, path("docs")).text, "2 unchanged\n")
        os.rename(path("docs/sub/合同.txt"), path("docs/合同.txt"))
        write("docs/rules.md", RULES.replace("30 days", "60 days"))
        report = self.sync()
        self.assertEqual((report["moved"], report["changed"]), (1, 1))
        self.assertIn("60 days", self.search("notice")[0]["text"])
        os.remove(path("docs/rules.md"))
        self.assertEqual(self.sync()["removed"], 1)
        self.assertEqual(self.search("notice"), [])
        self.assertEqual(self.ok("knowledge", "sync", self.base, path("docs"), "--include", "*.md", "--json").json["removed"], 1)

    def test_a_removed_document_leaves_no_byte(self):
        self.sync()
        self.ok("knowledge", "remove", self.base, "合同.txt")
        self.fails(1, "knowledge", "remove", self.base, "合同.txt", says="合同.txt")
        data = b"".join(open(self.base + s, "rb").read() for s in ("", "-wal") if os.path.exists(self.base + s))
        for word in ("违约", "合同", "百分"):
            self.assertNotIn(word.encode(), data)

    def test_an_answer_names_its_sources_and_a_stranger_is_refused(self):
        self.sync()
        answer = self.ok("knowledge", "ask", self.base, self.model, "When must a tenant give notice?", "--json", "--max-tokens", "4",
                         "--context", "2048").json
        self.assertTrue(answer["found"])
        self.assertEqual(answer["citations"][0]["document"], 1)
        self.assertTrue(set(answer["citations"][0]) >= {"n", "document", "page", "from", "to"})
        refused = self.ok("knowledge", "ask", self.base, self.model, "Who won the chess championship?", "--json").json
        self.assertEqual((refused["found"], refused["text"], refused["citations"]), (False, "This is not in the documents.", []))

    def test_a_damaged_base_and_a_wrong_file_are_told_in_one_line(self):
        self.sync()
        write("other", "this is no base at all, just some text that goes on for a while" * 20)
        self.fails(1, "knowledge", "list", path("other"), says="other")
        size = os.path.getsize(self.base)
        with open(self.base, "r+b") as file:
            file.truncate(size // 3)
        result = run("knowledge", "check", self.base)
        self.assertEqual(result.code, 1)
        self.assertEqual(result.error.count("\n"), 1)

    def test_facts_are_kept_and_forgotten(self):
        self.ok("knowledge", "info", self.base, "--remember", "owns a boat")
        self.assertEqual(self.ok("knowledge", "info", self.base, "--json").json["facts"], [{"fact": 1, "text": "owns a boat"}])
        self.ok("knowledge", "info", self.base, "--forget", "1")
        self.assertEqual(self.ok("knowledge", "info", self.base, "--json").json["facts"], [])
