@echo off
rem start_host.cmd ["C:\Program Files\PostgreSQL\17"]: run sandbox_host in this window; Ctrl+C ends it.
"%~dp0..\runtime\python.exe" -I -B -X utf8 "%~dp0main.py" start_host %*
exit /b %ERRORLEVEL%
