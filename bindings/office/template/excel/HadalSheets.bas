Attribute VB_Name = "HadalSheets"
Option Explicit
' The commands in an Excel sheet: each selected cell is asked, its answer goes into the cell to its right. And a function
' for formulas where the XLL with =HADAL(...) is not installed: =HadalAsk("Sum up", A1:C9).

Private Const LongestCell As Long = 32767

' The first command as a macro, for a shortcut.
Public Sub HadalAskCells()
    RunCommand "Ask"
End Sub

' What HadalTurn runs: "" when all went well, else a sentence for the user.
Public Function Answered(ByVal command As String) As String
    Dim cell As Object, cells As Object, session As Object, section As String, text As String, asked As Long
    On Error GoTo Failed
    Set cells = Selection
    section = PromptSection(command)
    Set session = CreateObject("Hadal.Session")
    session.MaxTokens = CLng(Setting("cell_tokens", "256"))
    For Each cell In cells
        If Stopped() Then Exit Function
        text = PlainLines(CStr(cell.Value))
        If text <> "" Then
            If CStr(cell.Offset(0, 1).Value) <> "" Then
                Answered = command & " writes into the column to the right, and the cell beside """ & _
                    Left(text, 40) & """ is not empty. Nothing was changed from there on."
                Exit Function
            End If
            asked = asked + 1
            session.Reset
            If WhereOf(section) = "edits" Then text = Numbered(text)
            session.Start FilledPrompt(section, text)
            cell.Offset(0, 1).Value = CellText(WaitedFor(session))
        End If
    Next cell
    If asked = 0 Then Answered = command & " needs a text: select cells that have one."
    Exit Function
Failed:
    Answered = command & ": " & SentenceOf(Err.Description)
    CancelQuietly session
End Function

' What a cell can hold as text: a sign that would begin a formula is kept from it, a text that is too long is said to be.
Public Function CellText(ByVal text As String) As String
    If Len(text) >= LongestCell Then
        Err.Raise vbObjectError + 513, "Hadal", "the answer has " & Len(text) & " characters; a cell holds " & LongestCell
    End If
    CellText = text
    If text <> "" Then
        If InStr("-=+@'", Left(text, 1)) > 0 Then CellText = "'" & text
    End If
End Function

' For formulas. The answer to a prompt about some cells; options as text, "temperature=0; max_tokens=50".
Public Function HadalAsk(ByVal prompt As String, Optional ByVal cells As Variant, Optional ByVal options As String = "") As Variant
    Dim session As Object, parts() As String, i As Long, at As Long, table As String
    On Error GoTo Failed
    Set session = CreateObject("Hadal.Session")
    session.MaxTokens = CLng(Setting("cell_tokens", "256"))
    parts = Split(options, ";")
    For i = LBound(parts) To UBound(parts)
        at = InStr(parts(i), "=")
        If at > 1 Then session.SetOption Trim(Left(parts(i), at - 1)), Trim(Mid(parts(i), at + 1))
    Next i
    If Not IsMissing(cells) Then table = TableText(cells)
    If table <> "" Then prompt = prompt & vbLf & vbLf & table
    HadalAsk = PlainLines(session.Ask(prompt))
    If Len(HadalAsk) > LongestCell Then
        HadalAsk = "Hadal: the answer has " & Len(HadalAsk) & " characters; a cell holds " & LongestCell
    End If
    Exit Function
Failed:
    HadalAsk = "Hadal: " & SentenceOf(Err.Description)
End Function

' A block of cells as rows of tab-separated texts.
Public Function TableText(ByVal cells As Variant) As String
    Dim values As Variant, row As Long, column As Long, line As String
    values = cells
    If Not IsArray(values) Then
        TableText = CStr(values)
        Exit Function
    End If
    For row = LBound(values, 1) To UBound(values, 1)
        line = ""
        For column = LBound(values, 2) To UBound(values, 2)
            If column > LBound(values, 2) Then line = line & vbTab
            line = line & CStr(values(row, column))
        Next column
        If row > LBound(values, 1) Then TableText = TableText & vbLf
        TableText = TableText & line
    Next row
End Function
