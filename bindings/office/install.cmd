@echo off
rem install.cmd: Hadal for the current user, without administrator rights. install.cmd /u takes it away again.
rem Copies the DLLs of this folder to %LOCALAPPDATA%\Hadal, registers Hadal.Session and Hadal.Models for this user, and
rem tells Excel and Word where templates and add-ins may be trusted. Your models and settings are never touched.
setlocal
set "target=%LOCALAPPDATA%\Hadal"
set "source=%~dp0"
set "sys64=%SystemRoot%\System32"
set "sys32=%SystemRoot%\SysWOW64"
if exist "%SystemRoot%\Sysnative\regsvr32.exe" set "sys64=%SystemRoot%\Sysnative"
if not exist "%sys32%\regsvr32.exe" set "sys32=%SystemRoot%\System32"
if /i "%~1"=="/u" goto :uninstall
if /i "%~1"=="/?" goto :help

if not exist "%source%hadal64.dll" if not exist "%source%hadal32.dll" (
  echo hadal64.dll and hadal32.dll are not in "%source%". Unpack everything into one folder first.
  exit /b 1
)
if not exist "%target%\models" mkdir "%target%\models"
for %%f in (hadal64.dll hadal32.dll hadal64.manifest hadal32.manifest Hadal.bas Hadal.dotm Hadal.xlam README.md install.cmd) do (
  if exist "%source%%%f" (
    copy /y "%source%%%f" "%target%\%%f" >nul
    if errorlevel 1 goto :in_use
  )
)
rem The same file under the name Excel loads. Registration names it too, so that Excel has one copy in memory.
if exist "%target%\hadal64.dll" (
  copy /y "%target%\hadal64.dll" "%target%\hadal64.xll" >nul
  if errorlevel 1 goto :in_use
  "%sys64%\regsvr32.exe" /s /n /i:user "%target%\hadal64.xll"
  if errorlevel 1 echo hadal64 could not be registered: is this Windows 64 bit?
)
if exist "%target%\hadal32.dll" (
  copy /y "%target%\hadal32.dll" "%target%\hadal32.xll" >nul
  if errorlevel 1 goto :in_use
  "%sys32%\regsvr32.exe" /s /n /i:user "%target%\hadal32.xll"
  if errorlevel 1 echo hadal32 could not be registered.
)
rem Office 2016 and newer, and 2013. Only this folder is trusted, not what lies below it.
for %%v in (16.0 15.0) do for %%a in (Word Excel) do (
  reg query "HKCU\Software\Microsoft\Office\%%v\%%a" >nul 2>&1 && (
    reg add "HKCU\Software\Microsoft\Office\%%v\%%a\Security\Trusted Locations\Hadal" /v Path /d "%target%" /f >nul
    reg add "HKCU\Software\Microsoft\Office\%%v\%%a\Security\Trusted Locations\Hadal" /v Description /d "Hadal" /f >nul
  )
)
echo Hadal is in "%target%".
dir /b "%target%\models\*.gguf" "%target%\*.gguf" >nul 2>&1 || echo Now put a model, a file ending in .gguf, into "%target%\models".
echo Excel: File, Options, Add-ins, Go, Browse, and choose hadal64.xll there ^(hadal32.xll for 32-bit Office^).
echo Word: README.md says how to get the ribbon.
exit /b 0

:uninstall
if exist "%target%\hadal64.xll" "%sys64%\regsvr32.exe" /s /u /n /i:user "%target%\hadal64.xll"
if exist "%target%\hadal32.xll" "%sys32%\regsvr32.exe" /s /u /n /i:user "%target%\hadal32.xll"
for %%v in (16.0 15.0) do for %%a in (Word Excel) do (
  reg delete "HKCU\Software\Microsoft\Office\%%v\%%a\Security\Trusted Locations\Hadal" /f >nul 2>&1
)
set "left="
for %%f in (hadal64.xll hadal32.xll hadal64.dll hadal32.dll hadal64.manifest hadal32.manifest Hadal.bas Hadal.dotm Hadal.xlam README.md) do (
  if exist "%target%\%%f" del /q "%target%\%%f" 2>nul
  if exist "%target%\%%f" set "left=%%f"
)
if defined left (
  echo %left% is in use: close Word and Excel, then run install.cmd /u again.
  exit /b 1
)
echo Hadal is gone. Your models are still in "%target%\models", your settings in "%APPDATA%\Hadal".
rem The copy of this file in the folder goes last, also when it is the one that runs.
if /i not "%source%"=="%target%\" del /q "%target%\install.cmd" 2>nul
if exist "%target%\install.cmd" (goto) 2>nul & del /q "%target%\install.cmd"
exit /b 0

:in_use
echo A file in "%target%" is in use: close Word and Excel, then run install.cmd again.
exit /b 1

:help
echo install.cmd      installs Hadal for the current user
echo install.cmd /u   takes it away again; models and settings stay
exit /b 0
