/*
 * linux.h
 *		What the files of plat/linux share among themselves.  Nobody outside
 *		includes it.
 *
 * Every mechanism (../proof.h) that is in force in a process is a bit in a
 * mask that the process computes from read-backs.
 */
#ifndef LINUX_H
#define LINUX_H

#include <linux/filter.h>
#include <sys/types.h>

#include "../proof.h"
#include "../../wire/wire.h"

typedef enum Mechanism
{
	MECH_USER_NS = 1 << 0,		/* the template's own user namespace */
	MECH_PID_NS = 1 << 1,		/* the template is process 1 of one */
	MECH_OWN_PID_NS = 1 << 2,	/* each worker is process 1 of one */
	MECH_IPC_NS = 1 << 3,
	MECH_NET_NS = 1 << 4,		/* nothing in it, loopback down */
	MECH_EMPTY_ROOT = 1 << 5,	/* empty read-only root directory */
	MECH_SESSION = 1 << 6,
	MECH_NO_ENVIRONMENT = 1 << 7,
	MECH_ONE_DESCRIPTOR = 1 << 8,
	MECH_NO_CAPABILITIES = 1 << 9,
	MECH_NO_NEW_PRIVS = 1 << 10,
	MECH_DIES_WITH_PARENT = 1 << 11,
	MECH_LANDLOCK_FILES = 1 << 12,
	MECH_LANDLOCK_TCP = 1 << 13,
	MECH_LANDLOCK_ABSTRACT = 1 << 14,
	MECH_LANDLOCK_SIGNALS = 1 << 15,
	MECH_RLIMITS = 1 << 16,
	MECH_SECCOMP = 1 << 17,
	MECH_LIMIT = 1 << 18
} Mechanism;

#define MAX_FILTER		512

typedef struct SeccompFilter
{
	struct sock_filter code[MAX_FILTER];
	unsigned short len;			/* 0: not built */
} SeccompFilter;

typedef struct ProbeScene ProbeScene;

struct PlatTemplate
{
	int			control;		/* connection to the broker's pool.c */
	int			children;		/* signalfd for SIGCHLD */
	int			null;			/* /dev/null, for the template itself */
	int			own_pid_ns;		/* descriptor of this pid namespace, or -1 */
	uint32_t	walls;			/* those the settings leave on */
	uint32_t	staged;			/* mechanisms in force in the template */
	uint32_t	probed;			/* mechanisms of the last probe */
	uint32_t	proven[WALL_COUNT];	/* mechanisms a wall was proven with */
	int			landlock_abi;	/* 0: none */
	char		no_user_ns[160];	/* why there is none; empty: there is */
	SeccompFilter filter;
	char		probe_name[32];	/* what the scene's files begin with */
	ProbeScene *scene;			/* between plat_probe_begin and _end */

	/* set in a worker */
	pid_t		parent;
	uint32_t	in_force;
};

/* ---- message.c: records with a descriptor, on a SOCK_SEQPACKET pair ---- */

typedef enum PoolMessageKind
{
	POOL_SPAWN = 1,				/* broker: make worker `id`; channel attached */
	POOL_READY,					/* template: from here on */
	POOL_FAILED,
	POOL_STARTED,				/* pidfd attached */
	POOL_NOT_STARTED,
	POOL_ENDED
} PoolMessageKind;

typedef struct PoolMessage
{
	uint32_t	kind;
	uint32_t	id;
	int32_t		code;			/* si_code of the end */
	int32_t		status;
	uint64_t	cpu_us;
	uint64_t	peak_bytes;
} PoolMessage;					/* text or blob follows */

#define TEMPLATE_CONTROL_FD		3
#define WORKER_DATA_FD			3
#define WORKER_CHANNEL_FD		4

extern bool message_send(int fd, const void *head, size_t head_len,
						 const void *body, size_t body_len, int pass,
						 ShErr *err);
extern long message_receive(int fd, void *head, size_t head_len,
							void *body, size_t body_size, int *passed);
extern bool message_pair(int ends[2], bool first_nonblocking, ShErr *err);
extern bool set_nonblocking(int fd, bool on);

/* ---- namespaces.c ---- */

extern pid_t ns_clone_template(char *why, size_t size);
extern bool ns_keep_pid_ns(PlatTemplate *t);
extern pid_t ns_fork(PlatTemplate *t, bool own_pid_ns, uint32_t *mechanisms);
extern uint32_t ns_enter(uint32_t wanted, uint32_t staged);

/* ---- one mechanism each: true or a mask only after reading back ---- */

extern int	landlock_abi(void);
extern uint32_t landlock_apply(int abi, uint32_t walls);
extern uint32_t limits_apply(const PlatLimits *limits);
extern uint32_t limits_cpu_seconds(uint64_t cpu_ms);
extern bool seccomp_build(SeccompFilter *filter, ShErr *err);
extern bool seccomp_install(const SeccompFilter *filter);
extern bool capabilities_drop(void);
extern bool no_new_privs(void);

/* ---- lockdown.c ---- */

extern uint32_t lockdown_at_birth(PlatTemplate *t, uint32_t walls,
								  uint32_t in_force, int keep_fd);
extern uint32_t lockdown_at_job(PlatTemplate *t, uint32_t walls,
								uint32_t in_force, const PlatLimits *limits);

/* ---- acts.c ---- */

struct ActScene
{
	pid_t		victim;			/* a bystander that must stay unharmed */
	int			secret_fd;		/* an inherited descriptor */
	int			tcp_port;		/* listener on 127.0.0.1 */
	int			segment;		/* SysV shared memory outside */
	char		abstract[32];	/* name of an abstract socket */
	char		path[108];		/* of a listening unix socket */
	char		writable[96];	/* a file that can be created */
	char	   *victim_word;	/* memory of the victim at the same address */
	uint64_t	memory_limit;
};

#endif							/* LINUX_H */
