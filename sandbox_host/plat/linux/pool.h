/*
 * pool.h
 *		What the broker's half (pool.c) and the zygote's half (template.c)
 *		agree on beyond the messages of linux.h.
 */
#ifndef POOL_H
#define POOL_H

/* In the zygote's environment when it had to start without namespaces. */
#define WHY_NO_NAMESPACES	"SANDBOX_WHY_NO_NAMESPACES"

/*
 * In its environment always: a name that nobody else has, for what the
 * self-test makes in the file system.  The broker removes the files of a
 * zygote that is no more: one that was killed could not.
 */
#define PROBE_NAME			"SANDBOX_PROBE_NAME"
#define PROBE_NAME_SIZE		32
#define PROBE_SOCKET		"/tmp/%s.s"
#define PROBE_FILE			"/tmp/%s.f"

#endif							/* POOL_H */
