Attribute VB_Name = "HadalTurn"
Option Explicit
' One command at a time, and its answer piece by piece. The model computes on a thread of the library; here its text is
' taken every 30 ms, with DoEvents in between, so that Word and Excel stay usable.

Private Const PollMilliseconds As Long = 30

Private writing As Boolean
Private stopAsked As Boolean

Public Sub StopWriting()
    stopAsked = True
End Sub

Public Function Stopped() As Boolean
    Stopped = stopAsked
End Function

' Runs a command on the selection; "" when all went well, else a sentence for the user.
Public Function Perform(ByVal command As String) As String
    If writing Then
        Perform = "Hadal is still writing. Stop ends it."
        Exit Function
    End If
    writing = True
    stopAsked = False
    Perform = Answered(command)   ' of HadalWord or HadalSheets
    writing = False
End Function

' What came since the last call, often "".
Public Function NextPiece(ByVal session As Object) As String
    NextPiece = session.NextToken(PollMilliseconds)
    DoEvents
    If stopAsked Then session.Cancel
End Function

' The whole of an answer that was started.
Public Function WaitedFor(ByVal session As Object) As String
    Dim answer As String
    Do Until session.Done
        answer = answer & NextPiece(session)
    Loop
    session.NextToken 0   ' a turn that failed says so here
    WaitedFor = PlainLines(answer)
End Function

Public Sub CancelQuietly(ByVal session As Object)
    On Error Resume Next
    If Not session Is Nothing Then session.Cancel
End Sub
