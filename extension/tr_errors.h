/*
 * tr_errors.h
 *		The SQLSTATEs of transform, by what happened.  Standard codes
 *		throughout, so that clients need no table of ours.
 */
#ifndef TR_ERRORS_H
#define TR_ERRORS_H

#include "utils/errcodes.h"

/* refused before it runs */
#define TR_ERR_SYNTAX			ERRCODE_SYNTAX_ERROR					/* 42601 */
#define TR_ERR_REFUSED			ERRCODE_INVALID_FUNCTION_DEFINITION		/* 42P13 */
/* while it runs */
#define TR_ERR_SCRIPT			ERRCODE_EXTERNAL_ROUTINE_EXCEPTION		/* 38000 */
#define TR_ERR_GUARD			ERRCODE_INSUFFICIENT_PRIVILEGE			/* 42501 */
#define TR_ERR_LIMIT			ERRCODE_CONFIGURATION_LIMIT_EXCEEDED	/* 53400 */
/* its input and result */
#define TR_ERR_INPUT			ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE		/* 22003 */
#define TR_ERR_RESULT			ERRCODE_DATATYPE_MISMATCH				/* 42804 */
/* around it */
#define TR_ERR_SANDBOX			ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE	/* 55000 */
#define TR_ERR_INFRASTRUCTURE	ERRCODE_SYSTEM_ERROR					/* 58000 */
#define TR_ERR_PROTOCOL			ERRCODE_PROTOCOL_VIOLATION				/* 08P01 */

#endif							/* TR_ERRORS_H */
