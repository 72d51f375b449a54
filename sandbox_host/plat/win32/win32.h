/*
 * win32.h
 *		What the files of plat/win32 share among themselves.  Nobody outside
 *		includes it.
 *
 * Every mechanism (../proof.h) that is in force in a process is a bit in a
 * mask that the process computes from read-backs.  No bit is ever set because
 * a call returned success.
 *
 * Nothing is copied here: every process of the program is started anew, and
 * its role reaches it in its environment (role.c):
 *
 *	broker		trusted; started by the launcher, a service manager or a person
 *	prover		trusted; the first process of a pool: proves the walls, tells
 *				which mechanisms did it, and ends
 *	probe		tries forbidden acts behind the walls it was started with
 *	bystander	what the probes aim at; never runs an instruction of ours
 *	worker		confined from its first instruction; loads Python; one job
 */
#ifndef WIN32_H
#define WIN32_H

#define WIN32_LEAN_AND_MEAN
#define UNICODE
#define _UNICODE
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif
#include <winsock2.h>
#include <windows.h>

#include "../proof.h"
#include "../../wire/wire.h"

typedef enum Mechanism
{
	MECH_HANDLES = 1 << 0,		/* nothing inherited but the channel */
	MECH_ENVIRONMENT = 1 << 1,	/* constants only */
	MECH_DIES_WITH_BROKER = 1 << 2, /* kill on close of the job */
	MECH_TOKEN = 1 << 3,		/* no privilege, groups deny only */
	MECH_LOW_INTEGRITY = 1 << 4,
	MECH_APPCONTAINER = 1 << 5, /* without capabilities */
	MECH_LPAC = 1 << 6,			/* and less privileged */
	MECH_JOB_PROCESSES = 1 << 8,
	MECH_JOB_MEMORY = 1 << 9,
	MECH_JOB_CPU = 1 << 10,
	MECH_JOB_UI = 1 << 11,
	MECH_NO_CHILD = 1 << 12,
	MECH_NO_DYNAMIC_CODE = 1 << 13,
	MECH_NO_EXTENSION_POINTS = 1 << 14,
	MECH_NO_REMOTE_IMAGES = 1 << 15,
	MECH_LIMIT = 1 << 16
} Mechanism;

#define WIDE_PATH	32768		/* what Windows can hold */

/* ---- winapi.c: calls that not every Windows (or Wine) has ---- */

typedef struct WinApi
{
	BOOL		(WINAPI *get_mitigation) (HANDLE, int, PVOID, SIZE_T);
	BOOL		(WINAPI *set_mitigation) (int, PVOID, SIZE_T);
	HRESULT		(WINAPI *create_profile) (PCWSTR, PCWSTR, PCWSTR, PVOID,
										  DWORD, PSID *);
	HRESULT		(WINAPI *derive_sid) (PCWSTR, PSID *);
	BOOL		(WINAPI *profile_directory) (HANDLE, LPWSTR, LPDWORD);
	HWINSTA		(WINAPI *create_station) (LPCWSTR, DWORD, DWORD,
										  LPSECURITY_ATTRIBUTES);
	HWINSTA		(WINAPI *get_station) (void);
	BOOL		(WINAPI *set_station) (HWINSTA);
	BOOL		(WINAPI *close_station) (HWINSTA);
	HDESK		(WINAPI *create_desktop) (LPCWSTR, LPCWSTR, PVOID, DWORD, DWORD,
										  LPSECURITY_ATTRIBUTES);
	BOOL		(WINAPI *close_desktop) (HDESK);
	BOOL		(WINAPI *object_name) (HANDLE, int, PVOID, DWORD, LPDWORD);
	LONG		(WINAPI *version) (OSVERSIONINFOW *);
	LONG		(WINAPI *file_mode) (HANDLE, PVOID, PVOID, ULONG, int);
	const char *(*wine_version) (void);
} WinApi;

/* The table, filled at the first call; a missing call is NULL. */
extern const WinApi *winapi(void);

/* ---- text.c ---- */

extern wchar_t *text_to_wide(const char *utf8);		/* malloc, NULL: failed */
extern char *text_to_utf8(const wchar_t *wide);		/* malloc, NULL: failed */
extern wchar_t *text_to_path(const char *utf8);		/* also \\?\ if long */
extern bool text_own_program(wchar_t out[WIDE_PATH]);
extern wchar_t *text_command_line(char *const args[]);
extern void text_random(wchar_t *out, int digits);	/* hexadecimal */

/* ---- security.c ---- */

extern PSID security_own_sid(void);		/* of this process; never freed */
extern bool security_find_account(const char *name, PSID *sid, ShErr *err);
extern wchar_t *security_sid_text(PSID sid);	/* LocalFree */

/* Filled from an SDDL text, in which %s stands for the own account. */
extern bool security_attributes(SECURITY_ATTRIBUTES *sa, const wchar_t *sddl,
								ShErr *err);
extern void security_free(SECURITY_ATTRIBUTES *sa);
extern bool security_token_user_is(HANDLE token, PSID sid);

/* ---- io.c ---- */

typedef struct Port Port;

/* Take over a handle; blocking ones are a worker's.  PLAT_NONE: no memory. */
extern PlatHandle port_new(HANDLE h, bool blocking);
/* A manual-reset event that counts as readable while it is set. */
extern PlatHandle port_event(HANDLE event);
extern HANDLE port_raw(PlatHandle handle);
/* Set this event, too, when something of the port is done. */
extern void port_notify(PlatHandle handle, HANDLE event);
/* Called when the first bytes have come; false breaks the connection. */
typedef bool (*PortCheck) (HANDLE h, const void *arg);
extern void port_check(PlatHandle handle, PortCheck check, const void *arg);
/* Give up the table's entry and return the handle (no transfer pending). */
extern HANDLE port_release(PlatHandle handle);

/* ---- pipe.c ---- */

extern bool pipe_pair(HANDLE ends[2], ShErr *err);
/* A record with a length before it; they block. */
extern bool record_send(PlatHandle to, uint32_t kind, uint64_t number,
						const void *body, size_t len);

typedef struct RecordHead
{
	uint32_t	kind;
	uint32_t	len;			/* of what follows */
	uint64_t	number;
} RecordHead;

typedef enum RecordKind
{
	RECORD_SAYS = 1,			/* worker: a message for the broker */
	RECORD_JOB,					/* broker: a message and a connection */
	RECORD_READY,				/* prover: proven masks, then the blob */
	RECORD_FAILED,				/* prover, worker: text */
	RECORD_ORDER,				/* prover to probe: what to try */
	RECORD_TRYING,				/* probe: number is the act's */
	RECORD_TRIED				/* probe: outcome of it */
} RecordKind;

/* ---- role.c ---- */

typedef enum ProcessRole
{
	ROLE_BROKER,
	ROLE_PROVER,
	ROLE_PROBE,
	ROLE_BYSTANDER,
	ROLE_WORKER
} ProcessRole;

/* How confined workers are started; the first that works is taken. */
typedef enum Variant
{
	VARIANT_LPAC = 1,
	VARIANT_DESKTOP = 2
} Variant;

typedef struct Role
{
	ProcessRole role;
	uint32_t	walls;
	uint32_t	variant;
	HANDLE		channel;		/* inherited */
	HANDLE		shared;			/* worker: section of plat_template_share */
	uint32_t	proven[WALL_COUNT];
} Role;

#define ROLE_TEXT_MAX	200

extern void role_write(const Role *role, wchar_t out[ROLE_TEXT_MAX]);
/* Of this process; taken out of the environment at the first call. */
extern const Role *role_own(void);

/* ---- environment.c ---- */

/* A block for CreateProcess: constants, or this process's; and the role. */
extern wchar_t *environment_block(bool constants, const wchar_t *role);
extern uint32_t environment_read_back(void);

/* ---- one mechanism each ---- */

extern HANDLE job_create(uint32_t walls, ShErr *err);
extern void job_limit_ui(HANDLE job);
extern bool job_limit(HANDLE job, uint32_t walls, const PlatLimits *limits,
					  uint64_t cpu_used_us);
extern uint64_t job_peak(HANDLE job);
extern uint32_t job_read_back(const PlatLimits *limits);

extern HANDLE token_create(ShErr *err);
extern uint32_t token_read_back(void);

/* NULL where the system has none. */
extern PSID appcontainer_sid(void);

extern uint64_t mitigations_at_creation(void);
extern void mitigations_at_lockdown(void);
extern uint32_t mitigations_read_back(void);

/* "station\desktop", or NULL; kept until the process ends. */
extern const wchar_t *desktop_create(void);

/* channel and shared are what may have been inherited */
extern uint32_t handles_read_back(const Role *role);

/* ---- launch.c ---- */

typedef struct Launch
{
	Role		role;			/* handles in it are passed on, not closed */
	HANDLE		log;			/* standard error, or NULL */
	const wchar_t *command;
	const wchar_t *directory;	/* NULL: the caller's */
	bool		suspended;		/* for ever */
} Launch;

typedef struct Child
{
	HANDLE		process;
	HANDLE		thread;			/* its first */
	HANDLE		job;
	DWORD		pid;
} Child;

extern bool launch_start(const Launch *launch, Child *child, ShErr *err);
extern void launch_kill(Child *child);		/* and forget it */

/*
 * A worker that ends by itself says so in its exit status: Windows does not
 * tell it from one that somebody else has ended.
 */
#define WORKER_STATUS		0x5a000000
#define WORKER_STATUS_MASK	0xff

/* ---- workdir.c ---- */

extern DWORD workdir_place(wchar_t out[MAX_PATH]);
extern void workdir_sweep(void);
extern wchar_t *workdir_create(ShErr *err);
extern void workdir_remove(wchar_t *path);		/* frees it */

/* ---- lockdown.c ---- */

extern void mechanisms_at_birth(const Role *role);
extern uint32_t mechanisms_in_force(const PlatLimits *limits);

/* ---- template.c ---- */

typedef struct ProbeScene ProbeScene;

struct PlatTemplate
{
	const Role *role;
	PlatHandle	channel;
	HANDLE		section;		/* prover: what it shares */
	const uint64_t *shared;		/* worker: a length, then the bytes */
	uint32_t	probed;			/* mechanisms of the last probe */
	uint32_t	proven[WALL_COUNT];
	ProbeScene *scene;			/* between plat_probe_begin and _end */
	uint32_t	in_force;		/* worker: read back */
};

/* ---- probe.c, acts.c ---- */

/* What the acts aim at; travels from the prover to the probe as it is. */
struct ActScene
{
	DWORD		victim;			/* a bystander that must stay unharmed */
	uint64_t	victim_address; /* readable there */
	uint64_t	secret_handle;	/* an event that must not be inherited */
	uint16_t	tcp_port;
	uint16_t	udp_port;
	uint64_t	memory_limit;
	wchar_t		directory[300]; /* of the account, with the two in it */
	wchar_t		secret_file[320];
	wchar_t		new_file[320];
	wchar_t		pipe[80];
	wchar_t		section[80];
	wchar_t		program[600];
};

/* The whole life of a probe. */
extern void probe_main(const Role *role) __attribute__((noreturn));

/* ---- init.c, service.c ---- */

extern HANDLE stop_event(void);

#endif							/* WIN32_H */
