/*
 * tr_audit.h
 *		The audit: what is recorded, and how.  See tr_audit.c.
 */
#ifndef TR_AUDIT_H
#define TR_AUDIT_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"

typedef enum TrAuditKind
{
	TR_AUDIT_LOGIN,				/* a token is asked for, refreshed, given up */
	TR_AUDIT_TOKEN,				/* a token is shown */
	TR_AUDIT_USER,				/* a user is made or changed */
	TR_AUDIT_KEY,				/* a key is made or changed */
	TR_AUDIT_SCRIPT,			/* a script is made or changed */
	TR_AUDIT_GRANT,				/* rights on a script are */
	TR_AUDIT_SUBMIT,
	TR_AUDIT_PREVIEW,			/* a script runs in the caller's session */
	TR_AUDIT_RUN,				/* an attempt starts, a job ends */
	TR_AUDIT_CANCEL,
	TR_AUDIT_READ,				/* a job, script or table is looked at; only
								 * what is refused */
	TR_AUDIT_AUDIT				/* the audit itself */
} TrAuditKind;

/* What happened; fields that do not apply stay 0. */
typedef struct TrAuditEvent
{
	TrAuditKind kind;
	const char *outcome;		/* one word: "created", "refused", ... */
	bool		lasting;		/* stands even if this transaction rolls back */
	Oid			role;			/* whom it concerns, if not the current user */
	int64		job;			/* what its row says need not be given again */
	const char *script;
	int			version;
	const char *script_hash;	/* given: all that is known of the job is */
	const char *source;
	const char *destination;
	const char *subject;		/* of a token, if not the session's */
	const char *token_id;
	int			sqlstate;
	const char *detail;
} TrAuditEvent;

/*
 * Record an event.  Usually as a row in this transaction.  A lasting one goes
 * through shared memory to the scheduler, which writes it: it touches no table,
 * needs no snapshot, and may be called while an error is handled and in a
 * read-only transaction; should there be no room, it is counted.
 */
extern void tr_audit(const TrAuditEvent *event);

/* The outcome of a script that failed, as one word: what stopped it, where that
 * can be told; `running`: while its code ran. */
extern const char *tr_audit_failure(int sqlstate, bool running);

/* What argument 0 of a function names. */
typedef enum TrAuditAbout
{
	TR_ABOUT_NOTHING,			/* that an event has a column for */
	TR_ABOUT_SCRIPT,
	TR_ABOUT_JOB
} TrAuditAbout;

/*
 * Call `function`; an error that it raises is recorded as a refusal, with its
 * SQLSTATE and message, and raised again.
 */
extern Datum tr_audit_refusals(PGFunction function, FunctionCallInfo fcinfo,
							   TrAuditKind kind, TrAuditAbout about);

/* The SQL function `name`: `function`, and what it refuses is recorded. */
#define TR_AUDITED(name, function, kind, about) \
	PG_FUNCTION_INFO_V1(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		return tr_audit_refusals(function, fcinfo, kind, about); \
	}

#endif							/* TR_AUDIT_H */
