Attribute VB_Name = "HadalWord"
Option Explicit
' The commands in a Word document. LibreOffice runs this too, with Selection.TypeText in place of what its Word objects
' lack.

Private Const WithInTable As Long = 12

' ---- The commands as macros, for shortcuts

Public Sub HadalAsk()
    RunCommand "Ask"
End Sub

Public Sub HadalRewrite()
    RunCommand "Rewrite"
End Sub

Public Sub HadalSummarise()
    RunCommand "Summarise"
End Sub

Public Sub HadalTranslate()
    RunCommand "Translate"
End Sub

Public Sub HadalCheckContract()
    RunCommand "Check contract"
End Sub

' What HadalTurn runs: "" when all went well, else a sentence for the user.
Public Function Answered(ByVal command As String) As String
    Dim session As Object, document As Object, target As Object
    Dim section As String, where As String, text As String, asked As String, answer As String
    On Error GoTo Failed
    Set document = ActiveDocument
    text = SelectedText(target)
    If Trim(Replace(Replace(text, vbLf, ""), vbTab, "")) = "" Then
        Answered = command & " needs a text: select one, or put the cursor into a paragraph."
        Exit Function
    End If
    section = PromptSection(command)
    where = WhereOf(section)
    asked = text
    If where = "edits" Then asked = Numbered(text)

    Set session = CreateObject("Hadal.Session")
    session.Start FilledPrompt(section, asked)
    If where = "after" Then
        BeginUndo "Hadal: " & command
        On Error GoTo FailedWriting
        answer = WriteAnswer(session, document, target)
        If Setting("thoughts", "off") = "comment" And session.Thought <> "" Then AddComment document, session.Thought
        EndUndo
    Else
        answer = WaitedFor(session)
        If Not Stopped() Then Answered = ChangedText(command, where, document, target, text, answer)
    End If
    If answer = "" And Not Stopped() And Answered = "" Then Answered = command & ": the model gave no answer."
    Exit Function
FailedWriting:
    Answered = command & ": " & SentenceOf(Err.Description)
    EndUndo
    CancelQuietly session
    Exit Function
Failed:
    Answered = command & ": " & SentenceOf(Err.Description)
    CancelQuietly session
End Function

' ---- Reading the selection

' What the model reads; `target` becomes the range it came from, or Nothing in a host that cannot say.
Private Function SelectedText(ByRef target As Object) As String
    Dim text As String
    On Error GoTo Simple
    Set target = Selection.Range.Duplicate
    If target.Start = target.End Then Set target = target.Paragraphs(1).Range
    ' Without the end of the last paragraph, so that what is written after it starts a new one.
    If Right(target.Text, 1) = vbCr And target.End - target.Start > 1 Then target.MoveEnd 1, -1
    SelectedText = PlainText(target.Text)
    Exit Function
Simple:
    Set target = Nothing
    SelectedText = PlainText(Selection.Text)
End Function

' Word's control characters as text: cells apart by tabs, every break a line.
Public Function PlainText(ByVal text As String) As String
    text = Replace(text, vbCr & Chr(7) & vbCr & Chr(7), vbLf)   ' the end of a cell and of its row
    text = Replace(text, vbCr & Chr(7), vbTab)                  ' the end of a cell
    text = Replace(Replace(text, Chr(7), ""), Chr(31), "")      ' and the hyphen that shows at a line's end only
    text = Replace(Replace(text, Chr(11), vbLf), Chr(12), vbLf)
    text = Replace(Replace(text, Chr(30), "-"), Chr(1), "")     ' the hyphen that never breaks; a picture
    PlainText = PlainLines(text)
End Function

' ---- Writing an answer below the selection

Private Function WriteAnswer(ByVal session As Object, ByVal document As Object, ByVal target As Object) As String
    Dim place As Object, piece As String, answer As String
    Do Until session.Done
        piece = Replace(PlainLines(NextPiece(session)), vbLf, vbCr)
        If piece <> "" Then
            If answer = "" Then Set place = OpenParagraphAfter(document, target)
            Append place, piece
            answer = answer & piece
        End If
    Loop
    session.NextToken 0   ' a turn that failed says so here
    WriteAnswer = answer
End Function

' Makes an empty paragraph behind the selection and gives the place to write. The selection and its formatting stay.
Private Function OpenParagraphAfter(ByVal document As Object, ByVal target As Object) As Object
    Dim place As Object
    If target Is Nothing Then
        Selection.Collapse 0
        Selection.TypeParagraph
        Exit Function
    End If
    Set place = target.Paragraphs(target.Paragraphs.Count).Range
    If place.Information(WithInTable) Then
        If target.Cells.Count > 1 Then
            ' Several cells: the answer stands behind the table.
            Set place = document.Range(target.Tables(1).Range.End, target.Tables(1).Range.End)
            place.InsertBefore vbCr
            place.SetRange place.Start, place.Start
        Else
            Set place = document.Range(place.End - 1, place.End - 1)
            place.InsertAfter vbCr
            place.Collapse 0
        End If
    Else
        place.InsertParagraphAfter
        Set place = document.Range(place.End - 1, place.End - 1)
    End If
    ' As after Enter: a heading is followed by body text, and direct formatting ends with its words.
    On Error Resume Next
    place.Style = place.ParagraphStyle.NextParagraphStyle
    place.Font.Reset
    Set OpenParagraphAfter = place
End Function

' Range.InsertAfter takes the text as it is; typing would turn quotes into curly ones.
Private Sub Append(ByVal place As Object, ByVal piece As String)
    If place Is Nothing Then
        Selection.TypeText piece
    Else
        place.InsertAfter piece
    End If
End Sub

Private Sub AddComment(ByVal document As Object, ByVal thought As String)
    On Error Resume Next
    document.Comments.Add Selection.Range, thought
End Sub

' ---- Changing the selection itself, as tracked changes

Private Function ChangedText(ByVal command As String, ByVal where As String, ByVal document As Object, _
                             ByVal target As Object, ByVal before As String, ByVal answer As String) As String
    Dim edits As Collection, missed As Long
    If answer = "" Then Exit Function
    If Not target Is Nothing Then
        ' Somebody may have written here in the meantime: then nothing is changed on a guess.
        If PlainText(target.Text) = before Then
            If where = "edits" Then
                Set edits = ParseEdits(answer)
            Else
                Set edits = WholeLines(before, answer)
            End If
            missed = edits.Count
            If edits.Count > 0 Then missed = edits.Count - ApplyEdits(command, document, target, edits)
            If edits.Count > 0 And missed < edits.Count Then
                If missed > 0 Then ChangedText = command & ": " & missed & " of the edits did not fit the text."
                Exit Function
            End If
        End If
    End If
    BeginUndo "Hadal: " & command
    Append OpenParagraphAfter(document, target), Replace(answer, vbLf, vbCr)
    EndUndo
    ChangedText = command & ": the answer could not be laid over the selected text; it stands below it."
End Function

' A rewritten text as edits: what each paragraph has in common at its start and end stays untouched, with its formatting.
Public Function WholeLines(ByVal before As String, ByVal after As String) As Collection
    Dim edits As New Collection, old() As String, fresh() As String, i As Long
    Do While Right(after, 1) = vbLf
        after = Left(after, Len(after) - 1)
    Loop
    old = Split(before, vbLf)
    fresh = Split(after, vbLf)
    If UBound(old) = UBound(fresh) Then
        For i = LBound(old) To UBound(old)
            If old(i) <> fresh(i) And old(i) <> "" Then edits.Add Array(i - LBound(old) + 1, old(i), fresh(i))
        Next i
    End If
    Set WholeLines = edits
End Function

' Applies edits from the last to the first, each as a tracked change; how many could be applied.
Private Function ApplyEdits(ByVal command As String, ByVal document As Object, ByVal target As Object, _
                            ByVal edits As Collection) As Long
    Dim paragraphs() As String, tracking As Boolean, i As Long, number As Long, done As Long
    ReadParagraphs target, paragraphs
    BeginUndo "Hadal: " & command
    tracking = document.TrackRevisions
    document.TrackRevisions = True
    On Error GoTo Finish
    For i = edits.Count To 1 Step -1
        number = PlaceOf(edits(i), paragraphs)
        If number > 0 Then
            If ReplaceWords(document, target.Paragraphs(number).Range, CStr(edits(i)(1)), CStr(edits(i)(2))) Then
                done = done + 1
            End If
        End If
    Next i
Finish:
    document.TrackRevisions = tracking
    EndUndo
    ApplyEdits = done
End Function

Private Sub ReadParagraphs(ByVal target As Object, ByRef texts() As String)
    Dim i As Long
    ReDim texts(1 To target.Paragraphs.Count)
    For i = 1 To target.Paragraphs.Count
        texts(i) = Replace(target.Paragraphs(i).Range.Text, vbCr, "")
    Next i
End Sub

' Only the words that differ are replaced: what both texts begin and end with keeps its formatting. Fields, footnotes and
' hidden text shift positions in a range: then the words are not where they seem, and nothing is changed.
Private Function ReplaceWords(ByVal document As Object, ByVal paragraph As Object, ByVal old As String, _
                              ByVal fresh As String) As Boolean
    Dim at As Long, place As Object, head As Long, tail As Long
    at = InStr(1, paragraph.Text, old, 0)
    If at = 0 Then Exit Function
    Set place = document.Range(paragraph.Start + at - 1, paragraph.Start + at - 1 + Len(old))
    If place.Text <> old Then Exit Function
    head = CommonStart(old, fresh)
    tail = CommonEnd(Mid(old, head + 1), Mid(fresh, head + 1))
    place.SetRange place.Start + head, place.End - tail
    place.Text = Mid(fresh, head + 1, Len(fresh) - head - tail)
    ReplaceWords = True
End Function

' Characters that both begin with, up to the end of a word.
Public Function CommonStart(ByVal a As String, ByVal b As String) As Long
    Dim i As Long
    For i = 1 To Len(a)
        If Mid(a, i, 1) <> Mid(b, i, 1) Then Exit For
        If Mid(a, i, 1) = " " Then CommonStart = i
    Next i
End Function

Public Function CommonEnd(ByVal a As String, ByVal b As String) As Long
    Dim i As Long
    For i = 1 To Len(a)
        If i > Len(b) Then Exit For
        If Mid(a, Len(a) - i + 1, 1) <> Mid(b, Len(b) - i + 1, 1) Then Exit For
        If Mid(a, Len(a) - i + 1, 1) = " " Then CommonEnd = i
    Next i
End Function
