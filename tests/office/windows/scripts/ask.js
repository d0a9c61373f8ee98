// A stranger to the DLL: JScript, late bound. Ends with a sentinel line, for cscript hides errors.
function fail(text) { WScript.Echo("FAIL " + text); WScript.Quit(1); }
function check(found, expected, what) { if (found !== expected) fail(what + ": expected <" + expected + ">, found <" + found + ">"); }
var paris = "The capital of France is Paris.";
try {
  var s = new ActiveXObject("Hadal.Session");
  s.Temperature = 0; s.MaxTokens = 24;
  check(s.Ask("What is the capital of France?"), paris, "Ask");
  s.Reset();
  check(s("What is the capital of France?"), paris, "default member");
  s.Reset();
  s.Start("What is the capital of France?");
  var text = "";
  while (!s.Done) text += s.NextToken(100);
  check(text, paris, "NextToken");
  s.Reset();
  var pieces = 0;
  check(s.AskStream("What is the capital of France?", { OnToken: function (t) { pieces++; } }), paris, "AskStream");
  if (pieces < 3) fail("OnToken came " + pieces + " times");
  s.Reset(); pieces = 0;
  s.AskStream("Tell me a story.", { OnToken: function (t) { pieces++; return pieces < 2; } });
  check(pieces, 2, "stopped by OnToken");
  check(s.Finish, "cancelled", "Finish");
  s.Option("max_tokens") = 7;
  check(s.Option("max_tokens"), "7", "Option");
  var odd = "\"C:\\x\" & \u4e2d\u6587 \ud83d\ude00\r\n\t";
  s.Reset(); s.Add("user", odd);
  if (s.History.indexOf("\u4e2d\u6587") < 0) fail("History: " + s.History);
  var numbers = new VBArray(s.Tokens("Hello world")).toArray();
  if (numbers.length < 2) fail("Tokens");
  try { s.Open("Z:\\nowhere\\x.gguf"); fail("Open of nothing succeeded"); }
  catch (e) { check((e.number >>> 0).toString(16), "80040202", "error number"); if (e.message.indexOf("no such file") < 0) fail(e.message); }
  var models = new ActiveXObject("Hadal.Models"), count = 0;
  for (var e = new Enumerator(models); !e.atEnd(); e.moveNext()) count++;
  check(count, models.Count, "Models");
  WScript.Echo("all well");
} catch (e) { fail((e.number >>> 0).toString(16) + " " + e.message); }
WScript.Quit(0);
