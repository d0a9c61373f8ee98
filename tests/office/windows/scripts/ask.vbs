' The user's macro, as near as VBScript comes to it; then errors and a sink as a class.
Option Explicit
Dim s, answer, sink
Class TokenSink
  Public Whole
  Public Sub OnToken(text)
    Whole = Whole & text
  End Sub
End Class
Set s = CreateObject("Hadal.Session")
s.Temperature = 0
s.MaxTokens = 24
answer = s.Ask("What is the capital of France?")
If answer <> "The capital of France is Paris." Then
  WScript.Echo "FAIL Ask: " & answer
  WScript.Quit 1
End If
s.Reset
Set sink = New TokenSink
answer = s.AskStream("What is the capital of France?", sink)
If sink.Whole <> answer Or answer <> "The capital of France is Paris." Then
  WScript.Echo "FAIL AskStream: " & sink.Whole
  WScript.Quit 1
End If
s.Reset
answer = s.AskStream("What is the capital of France?", Nothing)
On Error Resume Next
s.Open "Z:\nowhere\x.gguf"
If Err.Number = 0 Then
  WScript.Echo "FAIL no error"
  WScript.Quit 1
End If
If InStr(Err.Description, "no such file") = 0 Then
  WScript.Echo "FAIL " & Err.Description
  WScript.Quit 1
End If
Err.Clear
On Error GoTo 0
WScript.Echo "all well"
WScript.Quit 0
