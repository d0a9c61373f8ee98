Attribute VB_Name = "Hadal"
' Hadal.bas: language models inside this Office program. Made by bindings/office/generate.py; do not edit.
'
' Import it (Alt+F11, File, Import File) and call, for example:
'     MsgBox HadalAsk("What is the capital of France?")
' or with a session of your own, which remembers the conversation:
'     Dim s As LongPtr: s = HadalOpen("")
'     MsgBox HadalAskSession(s, "Hello")
'     hadalv_close s
' The DLLs hadal64.dll and hadal32.dll lie in %LOCALAPPDATA%\Hadal, where install.cmd puts them. With Hadal installed,
' CreateObject("Hadal.Session") does all of this and more; this module needs no registration.
'
' Texts go in as pointer and length, so that no letter is lost: StrPtr(s), Len(s). Texts come out in a Variant.
' Every call returns a status: 0 and above went well, below 0 failed and HadalLastError says why.
Option Explicit
Option Private Module   ' cells of Excel must not call these: =HADAL() of the add-in is for them

Public Const HADAL_OK As Long = 0
Public Const HADAL_AGAIN As Long = 1
Public Const HADAL_END As Long = 2

#If VBA7 Then
' The library's version.
#If Win64 Then
Public Declare PtrSafe Function hadalv_version Lib "hadal64.dll" (ByRef text As Variant) As Long
#Else
Public Declare PtrSafe Function hadalv_version Lib "hadal32.dll" (ByRef text As Variant) As Long
#End If
' What went wrong in this thread's last failed call, as one sentence.
#If Win64 Then
Public Declare PtrSafe Function hadalv_last_error Lib "hadal64.dll" (ByRef text As Variant) As Long
#Else
Public Declare PtrSafe Function hadalv_last_error Lib "hadal32.dll" (ByRef text As Variant) As Long
#End If
' "HADAL_NOT_FOUND" for -2 and so on.
#If Win64 Then
Public Declare PtrSafe Function hadalv_status_name Lib "hadal64.dll" (ByVal status As Long, ByRef text As Variant) As Long
#Else
Public Declare PtrSafe Function hadalv_status_name Lib "hadal32.dll" (ByVal status As Long, ByRef text As Variant) As Long
#End If
' What the library can do, as JSON; topics: build, cpu, devices, options, licences.
#If Win64 Then
Public Declare PtrSafe Function hadalv_describe Lib "hadal64.dll" (ByVal topic As LongPtr, ByVal topicLength As Long, ByRef json As Variant) As Long
#Else
Public Declare PtrSafe Function hadalv_describe Lib "hadal32.dll" (ByVal topic As LongPtr, ByVal topicLength As Long, ByRef json As Variant) As Long
#End If
' The models on this machine: an array of texts, the default one first.
#If Win64 Then
Public Declare PtrSafe Function hadalv_models Lib "hadal64.dll" (ByRef names As Variant) As Long
#Else
Public Declare PtrSafe Function hadalv_models Lib "hadal32.dll" (ByRef names As Variant) As Long
#End If
' A conversation with a model, loaded on first use and shared by the process. model: a file, a folder, a name of the
' Ollama store, or "" for the default one. options: of the model, "threads=2".
#If Win64 Then
Public Declare PtrSafe Function hadalv_open Lib "hadal64.dll" (ByVal model As LongPtr, ByVal modelLength As Long, ByVal options As LongPtr, ByVal optionsLength As Long, ByRef session As LongPtr) As Long
#Else
Public Declare PtrSafe Function hadalv_open Lib "hadal32.dll" (ByVal model As LongPtr, ByVal modelLength As Long, ByVal options As LongPtr, ByVal optionsLength As Long, ByRef session As LongPtr) As Long
#End If
' Ends a conversation. 0 is fine.
#If Win64 Then
Public Declare PtrSafe Function hadalv_close Lib "hadal64.dll" (ByVal session As LongPtr) As Long
#Else
Public Declare PtrSafe Function hadalv_close Lib "hadal32.dll" (ByVal session As LongPtr) As Long
#End If
' Sets an option: temperature, max_tokens, system, seed, ...
#If Win64 Then
Public Declare PtrSafe Function hadalv_set Lib "hadal64.dll" (ByVal session As LongPtr, ByVal key As LongPtr, ByVal keyLength As Long, ByVal value As LongPtr, ByVal valueLength As Long) As Long
#Else
Public Declare PtrSafe Function hadalv_set Lib "hadal32.dll" (ByVal session As LongPtr, ByVal key As LongPtr, ByVal keyLength As Long, ByVal value As LongPtr, ByVal valueLength As Long) As Long
#End If
' An option, or one of: finish, answer, thought, messages (JSON), prompt, tokens.
#If Win64 Then
Public Declare PtrSafe Function hadalv_get Lib "hadal64.dll" (ByVal session As LongPtr, ByVal key As LongPtr, ByVal keyLength As Long, ByRef value As Variant) As Long
#Else
Public Declare PtrSafe Function hadalv_get Lib "hadal32.dll" (ByVal session As LongPtr, ByVal key As LongPtr, ByVal keyLength As Long, ByRef value As Variant) As Long
#End If
' A fact about the model: name, context, parameters, license, ...
#If Win64 Then
Public Declare PtrSafe Function hadalv_model_get Lib "hadal64.dll" (ByVal session As LongPtr, ByVal key As LongPtr, ByVal keyLength As Long, ByRef value As Variant) As Long
#Else
Public Declare PtrSafe Function hadalv_model_get Lib "hadal32.dll" (ByVal session As LongPtr, ByVal key As LongPtr, ByVal keyLength As Long, ByRef value As Variant) As Long
#End If
' Adds a message without asking. role: system, user, assistant.
#If Win64 Then
Public Declare PtrSafe Function hadalv_add Lib "hadal64.dll" (ByVal session As LongPtr, ByVal role As LongPtr, ByVal roleLength As Long, ByVal message As LongPtr, ByVal messageLength As Long) As Long
#Else
Public Declare PtrSafe Function hadalv_add Lib "hadal32.dll" (ByVal session As LongPtr, ByVal role As LongPtr, ByVal roleLength As Long, ByVal message As LongPtr, ByVal messageLength As Long) As Long
#End If
' Forgets the conversation; options stay.
#If Win64 Then
Public Declare PtrSafe Function hadalv_reset Lib "hadal64.dll" (ByVal session As LongPtr) As Long
#Else
Public Declare PtrSafe Function hadalv_reset Lib "hadal32.dll" (ByVal session As LongPtr) As Long
#End If
' Asks and waits for the whole answer. Escape stops it.
#If Win64 Then
Public Declare PtrSafe Function hadalv_ask Lib "hadal64.dll" (ByVal session As LongPtr, ByVal prompt As LongPtr, ByVal promptLength As Long, ByRef answer As Variant) As Long
#Else
Public Declare PtrSafe Function hadalv_ask Lib "hadal32.dll" (ByVal session As LongPtr, ByVal prompt As LongPtr, ByVal promptLength As Long, ByRef answer As Variant) As Long
#End If
' The same with a callback for each piece, on this thread: Function(ByVal user As LongPtr, ByVal kind As Long, ByVal
' text As LongPtr, ByVal length As Long) As Long, in a standard module, with On Error Resume Next; 0 = go on, else
' stop.
#If Win64 Then
Public Declare PtrSafe Function hadalv_stream Lib "hadal64.dll" (ByVal session As LongPtr, ByVal prompt As LongPtr, ByVal promptLength As Long, ByVal onPiece As LongPtr, ByVal user As LongPtr, ByRef answer As Variant) As Long
#Else
Public Declare PtrSafe Function hadalv_stream Lib "hadal32.dll" (ByVal session As LongPtr, ByVal prompt As LongPtr, ByVal promptLength As Long, ByVal onPiece As LongPtr, ByVal user As LongPtr, ByRef answer As Variant) As Long
#End If
' Asks and returns at once. Take the answer with next.
#If Win64 Then
Public Declare PtrSafe Function hadalv_start Lib "hadal64.dll" (ByVal session As LongPtr, ByVal prompt As LongPtr, ByVal promptLength As Long) As Long
#Else
Public Declare PtrSafe Function hadalv_start Lib "hadal32.dll" (ByVal session As LongPtr, ByVal prompt As LongPtr, ByVal promptLength As Long) As Long
#End If
' Waits up to timeout_ms for a piece. 0 a piece; 1 nothing yet; 2 the answer is over. kind: 1 thought, 2 answer, 3
' tool call.
#If Win64 Then
Public Declare PtrSafe Function hadalv_next Lib "hadal64.dll" (ByVal session As LongPtr, ByVal timeoutMs As Long, ByRef kind As Long, ByRef piece As Variant) As Long
#Else
Public Declare PtrSafe Function hadalv_next Lib "hadal32.dll" (ByVal session As LongPtr, ByVal timeoutMs As Long, ByRef kind As Long, ByRef piece As Variant) As Long
#End If
' Stops the answer in the making. What came so far stays.
#If Win64 Then
Public Declare PtrSafe Function hadalv_cancel Lib "hadal64.dll" (ByVal session As LongPtr) As Long
#Else
Public Declare PtrSafe Function hadalv_cancel Lib "hadal32.dll" (ByVal session As LongPtr) As Long
#End If
' The tokens of a text: an array of Long.
#If Win64 Then
Public Declare PtrSafe Function hadalv_tokenize Lib "hadal64.dll" (ByVal session As LongPtr, ByVal text As LongPtr, ByVal textLength As Long, ByRef tokens As Variant) As Long
#Else
Public Declare PtrSafe Function hadalv_tokenize Lib "hadal32.dll" (ByVal session As LongPtr, ByVal text As LongPtr, ByVal textLength As Long, ByRef tokens As Variant) As Long
#End If
' The text of an array of tokens.
#If Win64 Then
Public Declare PtrSafe Function hadalv_detokenize Lib "hadal64.dll" (ByVal session As LongPtr, ByRef tokens As Variant, ByRef text As Variant) As Long
#Else
Public Declare PtrSafe Function hadalv_detokenize Lib "hadal32.dll" (ByVal session As LongPtr, ByRef tokens As Variant, ByRef text As Variant) As Long
#End If
' Of the last answer: tokens read, tokens written, seconds of computing.
#If Win64 Then
Public Declare PtrSafe Function hadalv_usage Lib "hadal64.dll" (ByVal session As LongPtr, ByRef promptTokens As Long, ByRef answerTokens As Long, ByRef seconds As Double) As Long
#Else
Public Declare PtrSafe Function hadalv_usage Lib "hadal32.dll" (ByVal session As LongPtr, ByRef promptTokens As Long, ByRef answerTokens As Long, ByRef seconds As Double) As Long
#End If
' A Hadal.Session object without any registration: Dim s As Object, then s.Ask("...").
#If Win64 Then
Public Declare PtrSafe Function hadalv_object Lib "hadal64.dll" (ByRef result As Object) As Long
#Else
Public Declare PtrSafe Function hadalv_object Lib "hadal32.dll" (ByRef result As Object) As Long
#End If
' Stops everything and frees the models. The next call starts anew.
#If Win64 Then
Public Declare PtrSafe Function hadalv_shutdown Lib "hadal64.dll" () As Long
#Else
Public Declare PtrSafe Function hadalv_shutdown Lib "hadal32.dll" () As Long
#End If
#Else
' Office 2007 and older: LongPtr is unknown there, all of it is 32 bit.
Public Declare Function hadalv_version Lib "hadal32.dll" (ByRef text As Variant) As Long
Public Declare Function hadalv_last_error Lib "hadal32.dll" (ByRef text As Variant) As Long
Public Declare Function hadalv_status_name Lib "hadal32.dll" (ByVal status As Long, ByRef text As Variant) As Long
Public Declare Function hadalv_describe Lib "hadal32.dll" (ByVal topic As Long, ByVal topicLength As Long, ByRef json As Variant) As Long
Public Declare Function hadalv_models Lib "hadal32.dll" (ByRef names As Variant) As Long
Public Declare Function hadalv_open Lib "hadal32.dll" (ByVal model As Long, ByVal modelLength As Long, ByVal options As Long, ByVal optionsLength As Long, ByRef session As Long) As Long
Public Declare Function hadalv_close Lib "hadal32.dll" (ByVal session As Long) As Long
Public Declare Function hadalv_set Lib "hadal32.dll" (ByVal session As Long, ByVal key As Long, ByVal keyLength As Long, ByVal value As Long, ByVal valueLength As Long) As Long
Public Declare Function hadalv_get Lib "hadal32.dll" (ByVal session As Long, ByVal key As Long, ByVal keyLength As Long, ByRef value As Variant) As Long
Public Declare Function hadalv_model_get Lib "hadal32.dll" (ByVal session As Long, ByVal key As Long, ByVal keyLength As Long, ByRef value As Variant) As Long
Public Declare Function hadalv_add Lib "hadal32.dll" (ByVal session As Long, ByVal role As Long, ByVal roleLength As Long, ByVal message As Long, ByVal messageLength As Long) As Long
Public Declare Function hadalv_reset Lib "hadal32.dll" (ByVal session As Long) As Long
Public Declare Function hadalv_ask Lib "hadal32.dll" (ByVal session As Long, ByVal prompt As Long, ByVal promptLength As Long, ByRef answer As Variant) As Long
Public Declare Function hadalv_stream Lib "hadal32.dll" (ByVal session As Long, ByVal prompt As Long, ByVal promptLength As Long, ByVal onPiece As Long, ByVal user As Long, ByRef answer As Variant) As Long
Public Declare Function hadalv_start Lib "hadal32.dll" (ByVal session As Long, ByVal prompt As Long, ByVal promptLength As Long) As Long
Public Declare Function hadalv_next Lib "hadal32.dll" (ByVal session As Long, ByVal timeoutMs As Long, ByRef kind As Long, ByRef piece As Variant) As Long
Public Declare Function hadalv_cancel Lib "hadal32.dll" (ByVal session As Long) As Long
Public Declare Function hadalv_tokenize Lib "hadal32.dll" (ByVal session As Long, ByVal text As Long, ByVal textLength As Long, ByRef tokens As Variant) As Long
Public Declare Function hadalv_detokenize Lib "hadal32.dll" (ByVal session As Long, ByRef tokens As Variant, ByRef text As Variant) As Long
Public Declare Function hadalv_usage Lib "hadal32.dll" (ByVal session As Long, ByRef promptTokens As Long, ByRef answerTokens As Long, ByRef seconds As Double) As Long
Public Declare Function hadalv_object Lib "hadal32.dll" (ByRef result As Object) As Long
Public Declare Function hadalv_shutdown Lib "hadal32.dll" () As Long
#End If

#If VBA7 Then
Private Declare PtrSafe Function LoadLibraryW Lib "kernel32" (ByVal path As LongPtr) As LongPtr
#Else
Private Declare Function LoadLibraryW Lib "kernel32" (ByVal path As Long) As Long
#End If

Private loaded As Boolean

' Finds the DLL by its full path once; after that Declare knows it by its name. The current folder is never searched.
Public Sub HadalLoad(Optional ByVal folder As String = "")
    If loaded Then Exit Sub
    If folder = "" Then folder = Environ$("LOCALAPPDATA") & "\Hadal"
    Dim file As String
#If Win64 Then
    file = folder & "\hadal64.dll"
#Else
    file = folder & "\hadal32.dll"
#End If
    If LoadLibraryW(StrPtr(file)) = 0 Then Err.Raise vbObjectError + 514, "Hadal", "cannot load " & file & "; run install.cmd"
    loaded = True
End Sub

Public Function HadalLastError() As String
    Dim v As Variant
    hadalv_last_error v
    HadalLastError = v
End Function

' A failed status as a VBA error.
Public Sub HadalCheck(ByVal status As Long)
    If status < 0 Then Err.Raise vbObjectError + 512 - status, "Hadal", HadalLastError()
End Sub

#If VBA7 Then
Public Function HadalOpen(Optional ByVal model As String = "", Optional ByVal options As String = "") As LongPtr
    Dim s As LongPtr
#Else
Public Function HadalOpen(Optional ByVal model As String = "", Optional ByVal options As String = "") As Long
    Dim s As Long
#End If
    HadalLoad
    HadalCheck hadalv_open(StrPtr(model), Len(model), StrPtr(options), Len(options), s)
    HadalOpen = s
End Function

#If VBA7 Then
Public Function HadalAskSession(ByVal s As LongPtr, ByVal prompt As String) As String
#Else
Public Function HadalAskSession(ByVal s As Long, ByVal prompt As String) As String
#End If
    Dim v As Variant
    HadalCheck hadalv_ask(s, StrPtr(prompt), Len(prompt), v)
    HadalAskSession = v
End Function

#If VBA7 Then
Public Sub HadalSet(ByVal s As LongPtr, ByVal key As String, ByVal value As String)
#Else
Public Sub HadalSet(ByVal s As Long, ByVal key As String, ByVal value As String)
#End If
    HadalCheck hadalv_set(s, StrPtr(key), Len(key), StrPtr(value), Len(value))
End Sub

' One question, one answer. The model stays loaded, so the next one is quick.
Public Function HadalAsk(ByVal prompt As String, Optional ByVal model As String = "") As String
#If VBA7 Then
    Dim s As LongPtr
#Else
    Dim s As Long
#End If
    s = HadalOpen(model)
    Dim v As Variant, status As Long, problem As String
    status = hadalv_ask(s, StrPtr(prompt), Len(prompt), v)
    If status < 0 Then problem = HadalLastError()
    hadalv_close s
    If status < 0 Then Err.Raise vbObjectError + 512 - status, "Hadal", problem
    HadalAsk = v
End Function
