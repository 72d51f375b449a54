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
extern int	tr_max_profile_rows;	/* superuser */

/* user */
extern int	tr_chunk_rows;

extern void tr_guc_init(void);

/*
 * Limits of a job submitted now by this session: the lower of the session's
 * own value and the ceiling.
 */
extern void tr_guc_limits(TrLimits *limits);

/* Lower `limits` to this session's ceilings (again, when the job runs). */
extern void tr_guc_apply_ceilings(TrLimits *limits);

/* tr_sandbox_require and tr_sandbox_walls_off as masks of WireWall. */
extern uint32 tr_guc_required_walls(void);
extern uint32 tr_guc_walls_off(void);

/* Where the broker listens: tr_sandbox_address, or the system's default. */
extern const char *tr_guc_address(void);

#endif							/* TR_GUC_H */
