/*
 * limits.c
 *		Process limits that a worker sets for itself, and reads back.
 *
 * They hold without anybody watching; the broker's watch (watch.c) measures
 * what they cannot, and kills with a reason.  Hard limits are set too, so
 * that nothing can be raised again.
 */
#include <stddef.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "linux.h"

/* Everything that is simply none. */
static const int none[] = {
	RLIMIT_NOFILE,				/* what is open stays open */
	RLIMIT_NPROC,				/* no child, no thread */
	RLIMIT_CORE,
	RLIMIT_FSIZE,
	RLIMIT_MEMLOCK,
	RLIMIT_MSGQUEUE,
	RLIMIT_SIGPENDING,
	RLIMIT_NICE,
	RLIMIT_RTPRIO,
	RLIMIT_LOCKS,
};

static bool
set_limit(int resource, rlim_t soft, rlim_t hard)
{
	struct rlimit now;
	struct rlimit set = {soft, hard};

	if (getrlimit(resource, &now) < 0)
		return false;
	if (set.rlim_max > now.rlim_max)
		set.rlim_max = now.rlim_max;
	if (set.rlim_cur > set.rlim_max)
		set.rlim_cur = set.rlim_max;
	return setrlimit(resource, &set) == 0 &&
		getrlimit(resource, &now) == 0 &&
		now.rlim_cur <= soft && now.rlim_max <= hard;
}

/*
 * CPU seconds to allow: what is used already, the limit rounded up, and one,
 * so that the broker's finer watch comes first.
 */
uint32_t
limits_cpu_seconds(uint64_t cpu_ms)
{
	struct rusage use = {0};
	uint64_t	used_ms;

	(void) getrusage(RUSAGE_SELF, &use);
	used_ms = (uint64_t) (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000 +
		(uint64_t) (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1000;
	return (uint32_t) ((used_ms + cpu_ms + 999) / 1000 + 1);
}

/* MECH_RLIMITS when every one is in force. */
uint32_t
limits_apply(const PlatLimits *limits)
{
	uint32_t	seconds = limits_cpu_seconds(limits->cpu_ms);
	rlim_t		space = limits->address_space + limits->memory_bytes;
	bool		ok = true;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ok &= set_limit(none[i], 0, 0);
	/* Process 1 of a namespace ignores SIGXCPU: the hard limit kills it. */
	ok &= set_limit(RLIMIT_CPU, seconds, seconds + 1);
	ok &= set_limit(RLIMIT_AS, space, space);
	return ok ? MECH_RLIMITS : 0;
}
