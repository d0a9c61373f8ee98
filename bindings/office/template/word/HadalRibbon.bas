Attribute VB_Name = "HadalRibbon"
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

Public Sub HadalStop()
    StopWriting
End Sub

Public Sub HadalSettingsFiles()
    Tell ShowSettings()
End Sub

Private Sub RunCommand(ByVal command As String)
    Tell Perform(command)
End Sub

Private Sub Tell(ByVal sentence As String)
    If sentence <> "" Then MsgBox sentence, vbInformation, "Hadal"
End Sub
