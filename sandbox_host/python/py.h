/*
 * py.h
 *		What the rest of sandbox_host may know of Python: no Python type
 *		appears here, and Python.h is included under python/ alone.
 *
 * Process: the zygote (py_start, py_warm_up) and the workers forked from it
 * (py_serve).  The broker never calls any of these.
 */
#ifndef PY_H
#define PY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

typedef struct PyConfiguration
{
	const char *venv;			/* private virtual environment; its
								 * site-packages are the only packages */
	const char *driver_dir;		/* where policy.py, driver.py, ... live */
	const char *allowed_modules;	/* comma list beyond the built-in ones */
	uint32_t	walls_off;		/* WALL_LANGUAGE and WALL_IMPORTS count here */
	bool		can_read_later; /* workers can read the files of both */
	bool		recording;		/* collect an image for other templates */
	const void *image;			/* what one has collected, or NULL */
	size_t		image_len;
} PyConfiguration;

/*
 * Start an isolated interpreter (no environment, no user site, no signal
 * handlers), import pandas, numpy, pyarrow, RestrictedPython and the driver.
 * Single-threaded when it returns, or an error.
 */
extern bool py_start(const PyConfiguration *config, ShErr *err);

/*
 * Run the warm-up operations until nothing opens a file or imports a module
 * any more, freeze the collector, close sys.path.  Once, before namespaces.
 * Workers that can read later need none of the operations: for them the same
 * modules and time zones are loaded on first use.
 */
extern bool py_warm_up(const PyConfiguration *config, ShErr *err);

/* The code of all modules loaded so far, when recording; else NULL. */
extern const void *py_image(size_t *len);

/*
 * In an idle worker, before it has a job: touch what a job touches (one small
 * conversion and group-by), so that page faults are taken ahead of time.
 */
extern void py_touch(void);

/*
 * Serve the one task that arrives on the data connection `data` (an
 * already locked-down process; only read, write, memory calls and exit work).
 * Returns 0 when the task ended in WIRE_DONE or WIRE_ERROR, 1 when the
 * connection broke or spoke out of turn.  The caller exits at once.
 */
extern int	py_serve(int data);

/* "pandas 3.1.1" and the like, one per line, for status; static storage. */
extern const char *py_versions(void);

#endif							/* PY_H */
