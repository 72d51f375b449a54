@echo off
rem uninstall.cmd ["C:\Program Files\PostgreSQL\17"]: remove exactly what install.cmd put there.
"%~dp0..\runtime\python.exe" -I -B -X utf8 "%~dp0main.py" uninstall %*
exit /b %ERRORLEVEL%
