@echo off
rem demo.cmd ["C:\Program Files\PostgreSQL\17"]: a real job on real data, in a private cluster.
"%~dp0..\runtime\python.exe" -I -B -X utf8 "%~dp0main.py" demo %*
exit /b %ERRORLEVEL%
