/*
 * environment.h
 *		The whole environment of the zygote and of every worker: constants,
 *		none of which says anything about this machine.
 *
 * The thread counts and the allocator's setting keep numpy and pyarrow at one
 * thread (a zygote must have one); COLUMNS and LINES spare pandas the
 * question to a terminal; TZ spares the C library a file.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

static const char *const worker_environment[] = {
	"COLUMNS=80",
	"JE_ARROW_MALLOC_CONF=background_thread:false",
	"LC_ALL=C.UTF-8",
	"LINES=24",
	"OMP_NUM_THREADS=1",
	"OPENBLAS_NUM_THREADS=1",
	"TZ=UTC",
	(const char *) 0
};

#endif							/* ENVIRONMENT_H */
