@echo off
rem service.cmd install, remove, start or stop [SERVER-FOLDER [ACCOUNT]]: sandbox_host as a Windows service.
"%~dp0..\runtime\python.exe" -I -B -X utf8 "%~dp0main.py" service %*
exit /b %ERRORLEVEL%
