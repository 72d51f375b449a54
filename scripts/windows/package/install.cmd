@echo off
rem install.cmd ["C:\Program Files\PostgreSQL\17"]: put transform into a server.
"%~dp0..\runtime\python.exe" -I -B -X utf8 "%~dp0main.py" install %*
exit /b %ERRORLEVEL%
