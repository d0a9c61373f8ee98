Attribute VB_Name = "HadalUndo"
' One undo step for all a command writes. Without Option Explicit: ThisComponent is known to LibreOffice alone, and an
' unknown name is an error there is a handler for only when it need not be declared.

Public Sub BeginUndo(ByVal title As String)
    On Error Resume Next
    Application.UndoRecord.StartCustomRecord title
    If Err.Number <> 0 Then
        Err.Clear
        ThisComponent.getUndoManager().enterUndoContext title
    End If
End Sub

Public Sub EndUndo()
    On Error Resume Next
    Application.UndoRecord.EndCustomRecord
    If Err.Number <> 0 Then
        Err.Clear
        ThisComponent.getUndoManager().leaveUndoContext
    End If
End Sub
