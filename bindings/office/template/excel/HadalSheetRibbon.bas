Attribute VB_Name = "HadalSheetRibbon"
Option Explicit
' The buttons of the ribbon (customUI14.xml), and the same as macros for shortcuts.

Public Sub OnHadal(control As Object)
    RunCommand control.Tag
End Sub

Public Sub OnHadalStop(control As Object)
    HadalStop
End Sub

Public Sub OnHadalSettings(control As Object)
    HadalSettingsFiles
End Sub

Public Sub HadalAskCells()
    RunCommand "Ask"
End Sub

Public Sub HadalStop()
    StopCells
End Sub

Public Sub HadalSettingsFiles()
    Tell ShowSettings()
End Sub

Private Sub RunCommand(ByVal command As String)
    Tell PerformOnCells(command)
End Sub

Private Sub Tell(ByVal sentence As String)
    If sentence <> "" Then MsgBox sentence, vbInformation, "Hadal"
End Sub
