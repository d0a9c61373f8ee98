// A macro that stops half-way: the answer is still being made when the program ends.
var s = new ActiveXObject("Hadal.Session");
s.MaxTokens = 500;
s.Start("Write a very long story.");
s.NextToken(500);
WScript.Echo("all well");
WScript.Quit(0);
