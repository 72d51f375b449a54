/*
 * pool.h
 *		What the broker's half (pool.c) and the zygote's half (template.c)
 *		agree on beyond the messages of linux.h.
 */
#ifndef POOL_H
#define POOL_H

/* In the zygote's environment when it had to start without namespaces. */
#define WHY_NO_NAMESPACES	"SANDBOX_WHY_NO_NAMESPACES"

#endif							/* POOL_H */
