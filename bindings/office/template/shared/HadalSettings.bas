Attribute VB_Name = "HadalSettings"
Option Explicit
' What the user set, and the prompts of the commands: office.txt (lines "key = value") and prompts.txt, in %APPDATA%\Hadal.
' LibreOffice on Linux keeps the same files in ~/.config/hadal.

Public Function SettingsFolder() As String
    If Environ("APPDATA") <> "" Then
        SettingsFolder = Environ("APPDATA") & "\Hadal\"
    ElseIf Environ("XDG_CONFIG_HOME") <> "" Then
        SettingsFolder = Environ("XDG_CONFIG_HOME") & "/hadal/"
    Else
        SettingsFolder = Environ("HOME") & "/.config/hadal/"
    End If
End Function

' The value of a key in office.txt; `otherwise` where there is no such line.
Public Function Setting(ByVal key As String, ByVal otherwise As String) As String
    Dim lines() As String, i As Long, at As Long
    Setting = otherwise
    lines = Split(PlainLines(ReadText(SettingsFolder() & "office.txt")), vbLf)
    For i = LBound(lines) To UBound(lines)
        at = InStr(lines(i), "=")
        If at > 1 And Left(Trim(lines(i)), 1) <> "#" Then
            If Trim(Left(lines(i), at - 1)) = key Then Setting = Replace(Trim(Mid(lines(i), at + 1)), "\n", vbLf)
        End If
    Next i
End Function

' One section of prompts.txt as the user has it, else as it was shipped. The first line may say where the answer goes.
Public Function PromptSection(ByVal command As String) As String
    PromptSection = SectionOf(ReadText(SettingsFolder() & "prompts.txt"), command)
    If PromptSection = "" Then PromptSection = SectionOf(ShippedPrompts(), command)
End Function

Public Function SectionOf(ByVal text As String, ByVal command As String) As String
    Dim lines() As String, i As Long, inside As Boolean, found As String
    lines = Split(PlainLines(text), vbLf)
    For i = LBound(lines) To UBound(lines)
        If Left(lines(i), 1) = "[" And Right(Trim(lines(i)), 1) = "]" Then
            inside = (Trim(Mid(Trim(lines(i)), 2, Len(Trim(lines(i))) - 2)) = command)
        ElseIf inside Then
            found = found & lines(i) & vbLf
        End If
    Next i
    Do While Right(found, 1) = vbLf
        found = Left(found, Len(found) - 1)
    Loop
    SectionOf = found
End Function

' after, replace or edits
Public Function WhereOf(ByVal section As String) As String
    Dim first As String
    first = Replace(Split(section & vbLf, vbLf)(0), " ", "")
    WhereOf = "after"
    If first = "where=replace" Or first = "where=edits" Then WhereOf = Mid(first, 7)
End Function

' What is sent to the model. Braces inside the document's own text stay as they are.
Public Function FilledPrompt(ByVal section As String, ByVal text As String) As String
    Dim body As String, at As Long
    body = section
    If Left(Replace(body, " ", ""), 6) = "where=" Then
        at = InStr(body, vbLf)
        If at = 0 Then body = "" Else body = Mid(body, at + 1)
    End If
    body = Replace(body, "{language}", Setting("language", "English"))
    at = InStr(body, "{text}")
    If at = 0 Then
        FilledPrompt = body & vbLf & vbLf & text
    Else
        FilledPrompt = Left(body, at - 1) & text & Mid(body, at + 6)
    End If
End Function

' Every kind of line end as vbLf.
Public Function PlainLines(ByVal text As String) As String
    PlainLines = Replace(Replace(text, vbCrLf, vbLf), vbCr, vbLf)
End Function

' A UTF-8 file; "" if it is not there.
Public Function ReadText(ByVal path As String) As String
    Dim stream As Object
    On Error GoTo NoStream
    Set stream = CreateObject("ADODB.Stream")
    On Error GoTo Missing
    stream.Type = 2
    stream.Charset = "utf-8"
    stream.Open
    stream.LoadFromFile path
    ReadText = stream.ReadText
    stream.Close
Missing:
    Exit Function
NoStream:
    ReadText = ReadTextHere(path)
End Function

' A host without ADODB: LibreOffice, which reads text files as UTF-8.
Private Function ReadTextHere(ByVal path As String) As String
    Dim number As Integer, line As String, text As String
    On Error GoTo Missing
    number = FreeFile
    Open path For Input As #number
    Do Until EOF(number)
        Line Input #number, line
        text = text & line & vbLf
    Loop
    Close #number
    ReadTextHere = text
Missing:
End Function

Public Sub WriteText(ByVal path As String, ByVal text As String)
    Dim stream As Object
    Set stream = CreateObject("ADODB.Stream")
    stream.Type = 2
    stream.Charset = "utf-8"
    stream.Open
    stream.WriteText text
    stream.SaveToFile path, 2
    stream.Close
End Sub

' Opens both files in the user's editor, making them first where they are missing.
Public Function ShowSettings() As String
    Dim files As Object, folder As String
    On Error GoTo Failed
    folder = SettingsFolder()
    Set files = CreateObject("Scripting.FileSystemObject")
    If Not files.FolderExists(folder) Then files.CreateFolder folder
    If Not files.FileExists(folder & "office.txt") Then WriteText folder & "office.txt", NewSettings()
    If Not files.FileExists(folder & "prompts.txt") Then WriteText folder & "prompts.txt", Replace(ShippedPrompts(), vbLf, vbCrLf)
    CreateObject("Shell.Application").ShellExecute folder & "prompts.txt"
    CreateObject("Shell.Application").ShellExecute folder & "office.txt"
    Exit Function
Failed:
    ShowSettings = "The settings could not be opened: " & Err.Description & ". They are text files in " & folder & "."
End Function

Private Function NewSettings() As String
    NewSettings = "# Hadal in Word, Excel and LibreOffice. A line that starts with # is a remark." & vbCrLf & vbCrLf & _
        "# a GGUF file, a model folder, or a name in the local Ollama store; empty = the first found" & vbCrLf & "model =" & vbCrLf & vbCrLf & _
        "# what the model is told before everything else" & vbCrLf & "system =" & vbCrLf & vbCrLf & _
        "# 0 = always the most likely word; higher = freer" & vbCrLf & "temperature = 0.6" & vbCrLf & vbCrLf & _
        "# the longest answer in a document and in a cell, in tokens" & vbCrLf & "max_tokens = 1024" & vbCrLf & "cell_tokens = 256" & vbCrLf & vbCrLf & _
        "# what Translate translates to" & vbCrLf & "language = English" & vbCrLf & vbCrLf & _
        "# off, or comment: what a model thinks before it answers becomes a comment" & vbCrLf & "thoughts = off" & vbCrLf & vbCrLf & _
        "# further options, for example: top_p=0.9; threads=2" & vbCrLf & "options =" & vbCrLf
End Function

' The sentence of a failed call, without what the host puts around it.
Public Function SentenceOf(ByVal description As String) As String
    Dim at As Long
    at = InStr(description, "Additional information: ")
    If at > 0 Then description = Mid(description, at + 24)
    SentenceOf = description
    If InStr(description, "ActiveX") > 0 Or InStr(description, "Automation") > 0 Then
        SentenceOf = description & " - is Hadal installed? Run install.cmd again."
    End If
End Function
