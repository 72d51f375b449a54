@echo off
rem selftest.cmd ["C:\Program Files\PostgreSQL\17"]: prove each wall on this machine; a table.
"%~dp0..\runtime\python.exe" -I -B -X utf8 "%~dp0main.py" selftest %*
exit /b %ERRORLEVEL%
