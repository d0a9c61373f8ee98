Attribute VB_Name = "HadalRibbon"
Option Explicit
' The buttons of the ribbon (customUI14.xml), and what they share with the macros for shortcuts.

Public Sub OnHadal(control As Object)
    RunCommand control.Tag
End Sub

Public Sub OnHadalStop(control As Object)
    HadalStop
End Sub

Public Sub OnHadalSettings(control As Object)
    HadalSettingsFiles
End Sub

Public Sub HadalStop()
    StopWriting
End Sub

Public Sub HadalSettingsFiles()
    Tell ShowSettings()
End Sub

Public Sub RunCommand(ByVal command As String)
    Tell Perform(command)
End Sub

Private Sub Tell(ByVal sentence As String)
    If sentence <> "" Then MsgBox sentence, vbInformation, "Hadal"
End Sub
