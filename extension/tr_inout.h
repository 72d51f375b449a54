/*
 * tr_inout.h
 *		Output and input functions of types, whatever the session's settings.
 *
 * Process: the backend that holds a job.
 */
#ifndef TR_INOUT_H
#define TR_INOUT_H

#include "postgres.h"

#include "fmgr.h"

/*
 * Call a type's output or input function with the settings that change the
 * text of values set to what loses nothing and reads back: ISO dates,
 * ISO 8601 intervals, the shortest exact floats, hexadecimal bytea, XML of
 * any kind.  The session's own are back when they return, or raise.
 */
extern char *tr_output(FmgrInfo *output, Datum value);
extern Datum tr_input(FmgrInfo *input, char *text, Oid param, int32 typmod);

#endif							/* TR_INOUT_H */
