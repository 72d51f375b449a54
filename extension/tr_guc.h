/*
 * tr_guc.h
 *		The settings; tr_guc.c describes each.
 */
#ifndef TR_GUC_H
#define TR_GUC_H

#include "tr_job.h"

/* postmaster */
extern int	tr_max_concurrent_jobs;

/* sighup: they shape the broker, which the launcher restarts on a change */
extern int	tr_warm_workers;
extern char *tr_sandbox_host;	/* "" = beside the server's own binary */
extern char *tr_sandbox_address;	/* "" = started by the launcher */
extern char *tr_sandbox_account;	/* "" = the server's own */
extern char *tr_sandbox_walls_off;
extern char *tr_venv;			/* "" = <pkglibdir>/transform/venv */
extern char *tr_driver;			/* "" = <pkglibdir>/transform/python */
extern char *tr_allowed_modules;
extern char *tr_sandbox_require;	/* superuser */
extern int	tr_max_attempts;
extern int	tr_audit_retention; /* seconds; 0 = for ever */
extern int	tr_max_profile_rows;	/* superuser */

/* superuser: passwords (memory in kB) and tokens (in seconds) */
extern int	tr_password_memlimit;
extern int	tr_password_opslimit;
extern int	tr_token_lifetime;
extern int	tr_session_lifetime;
extern int	tr_clock_skew;

/* user */
extern int	tr_chunk_rows;

extern void tr_guc_init(void);

/* Limits, of which each is a pair of settings; tr_limits.c has the rest. */
typedef enum TrCeiling
{
	TR_CEILING_CONCURRENT_JOBS,
	TR_CEILING_CPU,
	TR_CEILING_LOG_BYTES,
	TR_CEILING_MEMORY,
	TR_CEILING_OUTPUT_BYTES,
	TR_CEILING_OUTPUT_ROWS,
	TR_CEILING_QUEUED_JOBS,
	TR_CEILING_WALL,
	TR_LIMITS
} TrCeiling;

extern int	tr_own_limit[TR_LIMITS];	/* -1: the ceiling */
extern int	tr_max_limit[TR_LIMITS];	/* the session's ceilings */

/* tr_sandbox_require and tr_sandbox_walls_off as masks of WireWall. */
extern uint32 tr_guc_required_walls(void);
extern uint32 tr_guc_walls_off(void);

/* Where the broker listens: tr_sandbox_address, or the system's default. */
extern const char *tr_guc_address(void);

#endif							/* TR_GUC_H */
