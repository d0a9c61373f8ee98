Attribute VB_Name = "HadalEdits"
Option Explicit
' Edits as (place, old, new), read from a model's answer. `place` is the number of a paragraph of the selection, from 1;
' 0 = unknown. Each edit is an array of three; a list of them is a Collection. Nothing here knows of a document.

' A text with its paragraphs numbered, as the prompts for edits have it.
Public Function Numbered(ByVal text As String) As String
    Dim lines() As String, i As Long
    lines = Split(text, vbLf)
    For i = LBound(lines) To UBound(lines)
        lines(i) = "[" & (i + 1) & "] " & lines(i)
    Next i
    Numbered = Join(lines, vbLf)
End Function

' Every {"place": n, "old": "...", "new": "..."} of an answer, whatever stands around them.
Public Function ParseEdits(ByVal answer As String) As Collection
    Dim edits As New Collection, at As Long, finish As Long, place As Long, old As String, fresh As String
    at = InStr(answer, "{")
    Do While at > 0
        finish = ParseObject(answer, at, place, old, fresh)
        If finish > 0 Then
            If old <> "" And old <> fresh Then edits.Add Array(place, old, fresh)
            at = InStr(finish, answer, "{")
        Else
            at = InStr(at + 1, answer, "{")
        End If
    Loop
    Set ParseEdits = edits
End Function

' Reads one object that starts at `at`; gives the position behind it, or 0 if it is none of ours.
Private Function ParseObject(ByRef text As String, ByVal at As Long, ByRef place As Long, ByRef old As String, _
                             ByRef fresh As String) As Long
    Dim key As String, value As String, seen As Long
    place = 0: old = "": fresh = ""
    at = at + 1
    Do
        at = SkipBlanks(text, at)
        If Mid(text, at, 1) = "}" Then
            If seen = 3 Then ParseObject = at + 1
            Exit Function
        End If
        If Mid(text, at, 1) = "," Then at = SkipBlanks(text, at + 1)
        at = ParseText(text, at, key)
        If at = 0 Then Exit Function
        at = SkipBlanks(text, at)
        If Mid(text, at, 1) <> ":" Then Exit Function
        at = SkipBlanks(text, at + 1)
        If Mid(text, at, 1) = """" Then
            at = ParseText(text, at, value)
            If at = 0 Then Exit Function
        Else
            value = ""
            Do While Mid(text, at, 1) Like "[-0-9a-z.]"
                value = value & Mid(text, at, 1)
                at = at + 1
            Loop
            If value = "" Then Exit Function
        End If
        If key = "place" And Len(value) < 7 Then place = Val(Replace(Replace(value, "[", ""), "]", ""))
        If key = "old" Then old = value: seen = seen Or 1
        If key = "new" Then fresh = value: seen = seen Or 2
    Loop
End Function

Private Function SkipBlanks(ByRef text As String, ByVal at As Long) As Long
    Do While at <= Len(text)
        If InStr(" " & vbTab & vbLf & vbCr, Mid(text, at, 1)) = 0 Then Exit Do
        at = at + 1
    Loop
    SkipBlanks = at
End Function

' Reads a JSON text that starts at `at`; gives the position behind it, or 0 if there is none.
Private Function ParseText(ByRef text As String, ByVal at As Long, ByRef value As String) As Long
    Dim c As String
    value = ""
    If Mid(text, at, 1) <> """" Then Exit Function
    at = at + 1
    Do While at <= Len(text)
        c = Mid(text, at, 1)
        If c = """" Then
            ParseText = at + 1
            Exit Function
        End If
        If c = "\" Then
            at = at + 1
            c = Mid(text, at, 1)
            Select Case c
                Case "n": c = vbLf
                Case "r": c = vbCr
                Case "t": c = vbTab
                Case "b", "f": c = ""
                Case "u"
                    If Not (Mid(text, at + 1, 4) Like "[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]") Then Exit Function
                    c = ChrW(CLng("&H" & UCase(Mid(text, at + 1, 4))))
                    at = at + 4
            End Select
        End If
        value = value & c
        at = at + 1
    Loop
End Function

' The number of the paragraph an edit belongs to, from 1; 0 = its old words stand nowhere, or in several and not where
' it says. A model often miscounts: the words themselves decide.
Public Function PlaceOf(ByVal edit As Variant, ByRef paragraphs() As String) As Long
    Dim i As Long, found As Long, count As Long
    i = LBound(paragraphs) + edit(0) - 1
    If edit(0) >= 1 And i <= UBound(paragraphs) Then
        If InStr(1, paragraphs(i), edit(1), 0) > 0 Then
            PlaceOf = edit(0)
            Exit Function
        End If
    End If
    For i = LBound(paragraphs) To UBound(paragraphs)
        If InStr(1, paragraphs(i), edit(1), 0) > 0 Then
            count = count + 1
            If found = 0 Then found = i - LBound(paragraphs) + 1
        End If
    Next i
    If count = 1 Or (count > 1 And edit(0) = 0) Then PlaceOf = found
End Function
