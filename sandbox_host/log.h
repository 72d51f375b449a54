/*
 * log.h
 *		One logger, to standard error, which whoever started the program
 *		collects (the PostgreSQL server log, a service manager).
 */
#ifndef LOG_H
#define LOG_H

typedef enum LogLevel
{
	LOG_NOTE,
	LOG_WARN,
	LOG_FAIL
} LogLevel;

/* One line.  More than 50 a second are counted instead of written. */
extern void log_line(LogLevel level, const char *format,...)
			__attribute__((format(printf, 2, 3)));

#endif							/* LOG_H */
