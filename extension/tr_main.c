/*
 * tr_main.c
 *		What happens when the library is loaded.
 *
 * Process: the postmaster, when shared_preload_libraries names transform (as
 * it must); otherwise any backend that calls one of the functions, which then
 * say what is missing.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "tr_guc.h"
#include "tr_launcher.h"
#include "tr_redact.h"
#include "tr_roles.h"
#include "tr_shmem.h"
#include "tr_utility.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	tr_guc_init();
	if (!process_shared_preload_libraries_in_progress)
		return;
	tr_shmem_init();
	tr_utility_init();
	tr_redact_init();
	tr_roles_init();
	tr_launcher_register();
}
