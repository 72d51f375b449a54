/*
 * probe.c
 *		Runs the forbidden acts in processes of their own, behind the walls
 *		the caller names and no others.
 *
 * The prover sets the scene, starts a probe and sends it the order; the probe
 * says what it is about to try and how it went, record by record, so that one
 * that is ended for an act has left its name.  The next probe goes on after
 * it.  The scene is what the acts aim at: a bystander that must survive, files
 * and objects of the account, listeners, a handle and a variable to be found.
 */
#include "win32.h"

#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define PROBE_MEMORY	(UINT64_C(64) * 1024 * 1024)
#define PROBE_PATIENCE	INT64_C(30000000)
#define SECRET_NAME		L"SANDBOX_PROBE_SECRET"

struct ProbeScene
{
	ActScene	act;
	Child		victim;
	HANDLE		secret;
	HANDLE		section;
	HANDLE		pipe;
	SOCKET		tcp;
	SOCKET		udp;
};

/* What a probe is told; walls and variant are in its role. */
typedef struct Order
{
	PlatLimits	limits;
	int32_t		from;
	bool		wanted[PLAT_MAX_ACTS];
	ActScene	scene;
} Order;

/* ---- the scene ---- */

static SOCKET
open_socket(int type, uint16_t *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	int			len = sizeof(in);
	u_long		yes = 1;
	SOCKET		s = socket(AF_INET, type, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (s == INVALID_SOCKET)
		return s;
	if (bind(s, (struct sockaddr *) &in, sizeof(in)) != 0 ||
		(type == SOCK_STREAM && listen(s, 16) != 0) ||
		getsockname(s, (struct sockaddr *) &in, &len) != 0 ||
		ioctlsocket(s, FIONBIO, &yes) != 0)
	{
		closesocket(s);
		return INVALID_SOCKET;
	}
	(void) SetHandleInformation((HANDLE) s, HANDLE_FLAG_INHERIT, 0);
	*port = ntohs(in.sin_port);
	return s;
}

/* Targets that cannot be made are acts that cannot be shown; no error. */
static void
open_objects(ProbeScene *s)
{
	SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
	WSADATA		wsa;

	s->secret = CreateEventW(&inherit, TRUE, FALSE, NULL);
	s->act.secret_handle = (uint64_t) (uintptr_t) s->secret;
	s->section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE,
									0, 4096, s->act.section);
	if (WSAStartup(MAKEWORD(2, 2), &wsa) == 0)
	{
		s->tcp = open_socket(SOCK_STREAM, &s->act.tcp_port);
		s->udp = open_socket(SOCK_DGRAM, &s->act.udp_port);
	}
}

static void
open_files(ProbeScene *s)
{
	DWORD		n = workdir_place(s->act.directory);
	HANDLE		file;

	if (n == 0 || n > 220)
		return;
	wcscat(s->act.directory, L"transform-probe-");
	text_random(s->act.directory + wcslen(s->act.directory), 16);
	_snwprintf(s->act.secret_file, 319, L"%ls\\secret", s->act.directory);
	_snwprintf(s->act.new_file, 319, L"%ls\\new", s->act.directory);
	(void) CreateDirectoryW(s->act.directory, NULL);
	file = CreateFileW(s->act.secret_file, GENERIC_WRITE, 0, NULL, CREATE_NEW,
					   0, NULL);
	if (file != INVALID_HANDLE_VALUE)
		CloseHandle(file);
}

/* A new instance, since the last probe may have used the old one. */
static void
renew_pipe(ProbeScene *s)
{
	SECURITY_ATTRIBUTES sa;
	ShErr		err;

	if (s->pipe != NULL && s->pipe != INVALID_HANDLE_VALUE)
		CloseHandle(s->pipe);
	s->pipe = NULL;
	if (!security_attributes(&sa, L"D:P(A;;GA;;;%s)", &err))
		return;
	s->pipe = CreateNamedPipeW(s->act.pipe, PIPE_ACCESS_DUPLEX,
							   PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1,
							   512, 512, 0, &sa);
	security_free(&sa);
}

static bool
start_bystander(ProbeScene *s, ShErr *err)
{
	Launch		launch = {
		.role = {.role = ROLE_BYSTANDER},
		.command = GetCommandLineW(),
		.suspended = true,
	};

	if (!launch_start(&launch, &s->victim, err))
		return false;
	s->act.victim = s->victim.pid;
	/* The same place in every process, and there from the first moment. */
	s->act.victim_address = (uint64_t) (uintptr_t) GetModuleHandleW(L"ntdll");
	return true;
}

bool
plat_probe_begin(PlatTemplate *t, ShErr *err)
{
	ProbeScene *s;
	wchar_t		name[33];

	if (t->role->role != ROLE_PROVER)
		return true;
	t->scene = s = calloc(1, sizeof(*s));
	if (s == NULL)
		return sh_error(err, "out of memory");
	s->tcp = s->udp = INVALID_SOCKET;
	s->act.memory_limit = PROBE_MEMORY;
	text_random(name, 32);
	_snwprintf(s->act.pipe, 79, L"\\\\.\\pipe\\transform-probe-%ls", name);
	_snwprintf(s->act.section, 79, L"Local\\transform-probe-%ls", name);
	(void) GetModuleFileNameW(NULL, s->act.program, 599);
	(void) SetEnvironmentVariableW(SECRET_NAME, L"1");
	open_objects(s);
	open_files(s);
	return start_bystander(s, err);
}

void
plat_probe_end(PlatTemplate *t)
{
	ProbeScene *s = t->scene;

	if (s == NULL)
		return;
	t->scene = NULL;
	launch_kill(&s->victim);
	if (s->secret != NULL)
		CloseHandle(s->secret);
	if (s->section != NULL)
		CloseHandle(s->section);
	if (s->pipe != NULL && s->pipe != INVALID_HANDLE_VALUE)
		CloseHandle(s->pipe);
	if (s->tcp != INVALID_SOCKET)
		closesocket(s->tcp);
	if (s->udp != INVALID_SOCKET)
		closesocket(s->udp);
	(void) SetEnvironmentVariableW(SECRET_NAME, NULL);
	(void) DeleteFileW(s->act.new_file);
	(void) DeleteFileW(s->act.secret_file);
	(void) RemoveDirectoryW(s->act.directory);
	free(s);
}

/* ---- the prover's side of one probe ---- */

typedef struct Probe
{
	Child		child;
	PlatHandle	channel;
	uint8_t		in[sizeof(RecordHead) + sizeof(PlatOutcome)];
	size_t		in_len;
} Probe;

static uint64_t
committed(HANDLE process)
{
	PROCESS_MEMORY_COUNTERS m = {.cb = sizeof(m)};

	(void) GetProcessMemoryInfo(process, &m, sizeof(m));
	return m.PagefileUsage;
}

static bool
start_probe(PlatTemplate *t, Probe *p, uint32_t walls, const bool *wanted,
			int from, ShErr *err)
{
	HANDLE		ends[2];
	Order		order = {.from = from};
	Launch		launch = {
		.role = {.role = ROLE_PROBE,.walls = walls,.variant = t->role->variant},
		.command = GetCommandLineW(),
	};
	bool		ok;

	memset(p, 0, sizeof(*p));
	if (!pipe_pair(ends, err))
		return false;
	renew_pipe(t->scene);
	launch.role.channel = ends[1];
	ok = launch_start(&launch, &p->child, err);
	CloseHandle(ends[1]);
	p->channel = port_new(ends[0], false);
	if (!ok)
		return false;
	memcpy(order.wanted, wanted, sizeof(order.wanted));
	order.scene = t->scene->act;
	order.limits.cpu_ms = 20000;
	order.limits.memory_bytes = PROBE_MEMORY;
	order.limits.address_space = committed(p->child.process);
	(void) job_limit(p->child.job, walls, &order.limits, 0);
	(void) record_send(p->channel, RECORD_ORDER, 0, &order, sizeof(order));
	return true;
}

/* The next record of a probe; false: it is gone, or silent for too long. */
static bool
next_record(Probe *p, RecordHead *head, PlatOutcome *outcome)
{
	int64_t		deadline = plat_now_us() + PROBE_PATIENCE;
	ShErr		err;

	p->in_len = 0;
	while (p->in_len < sizeof(p->in))
	{
		long		n = plat_read(p->channel, p->in + p->in_len,
								  sizeof(p->in) - p->in_len);
		PlatWait	wait = {.handle = p->channel,.want = PLAT_READ};

		if (n > 0)
			p->in_len += (size_t) n;
		else if (n != PLAT_AGAIN || plat_now_us() > deadline ||
				 !plat_wait(&wait, 1, 100000, &err))
			return false;
	}
	memcpy(head, p->in, sizeof(*head));
	memcpy(outcome, p->in + sizeof(*head), sizeof(*outcome));
	return true;
}

/* Did it arrive?  Only we can tell. */
static bool
is_confirmed(ProbeScene *s)
{
	char		byte;
	bool		arrived = s->secret != NULL &&
		WaitForSingleObject(s->secret, 0) == WAIT_OBJECT_0;

	while (s->udp != INVALID_SOCKET && recv(s->udp, &byte, 1, 0) > 0)
		arrived = true;
	if (s->secret != NULL)
		(void) ResetEvent(s->secret);
	return arrived;
}

/* Everything one probe does; returns the act it ended in, or -1. */
static int
hear_probe(PlatTemplate *t, Probe *p, PlatOutcome outcome[PLAT_MAX_ACTS])
{
	RecordHead	head;
	PlatOutcome o;
	int			current = -1;

	while (next_record(p, &head, &o))
	{
		int			act = (int) (head.number & 0xff);

		if (act >= PLAT_MAX_ACTS)
			break;
		t->probed = (uint32_t) (head.number >> 8);
		current = head.kind == RECORD_TRYING ? act : -1;
		if (head.kind != RECORD_TRIED)
			continue;
		if (act_rows[act].confirmed && o.result == PLAT_ACT_WORKED &&
			!is_confirmed(t->scene))
			o.result = PLAT_ACT_REFUSED;
		outcome[act] = o;
	}
	return current;
}

bool
plat_probe(PlatTemplate *t, uint32_t walls, const bool wanted[PLAT_MAX_ACTS],
		   PlatOutcome outcome[PLAT_MAX_ACTS], bool *harmed, ShErr *err)
{
	int			count;
	int			from = 0;

	(void) plat_acts(&count);
	memset(outcome, 0, PLAT_MAX_ACTS * sizeof(outcome[0]));
	t->probed = 0;
	while (from < count)
	{
		Probe		p;
		int			ended_in;
		bool		started = start_probe(t, &p, walls, wanted, from, err);

		ended_in = started ? hear_probe(t, &p, outcome) : -1;
		plat_close(p.channel);
		launch_kill(&p.child);
		/* One that cannot start proves nothing; without walls it must. */
		if (!started && walls == 0)
			return false;
		if (ended_in < 0)
			break;
		outcome[ended_in].result = PLAT_ACT_CRASHED;
		from = ended_in + 1;
	}
	*harmed = WaitForSingleObject(t->scene->victim.process, 0) != WAIT_TIMEOUT;
	return true;
}

/* ---- the probe's side ---- */

static void
tell(PlatHandle channel, RecordKind kind, int act, uint32_t mechanisms,
	 PlatOutcome outcome)
{
	(void) record_send(channel, kind, (uint64_t) mechanisms << 8 |
					   (uint64_t) act, &outcome, sizeof(outcome));
}

static bool
take_order(PlatHandle channel, Order *order)
{
	struct
	{
		RecordHead	head;
		Order		order;
	}			in;
	uint8_t    *at = (uint8_t *) &in;
	size_t		left = sizeof(in.head) + sizeof(*order);

	while (left > 0)
	{
		long		n = plat_read(channel, at, left);

		if (n <= 0)
			return false;
		at += n;
		left -= (size_t) n;
	}
	memcpy(order, (uint8_t *) &in + sizeof(in.head), sizeof(*order));
	return true;
}

void
probe_main(const Role *role)
{
	static Order order;
	PlatHandle	channel = port_new(role->channel, true);
	PlatOutcome none = {PLAT_ACT_NOT_TRIED, 0};
	uint32_t	mechanisms;
	int			count;

	(void) plat_acts(&count);
	mechanisms_at_birth(role);
	if (!take_order(channel, &order))
		ExitProcess(1);
	if (role->walls & WALL_KERNEL)
		mitigations_at_lockdown();
	mechanisms = mechanisms_in_force(&order.limits);
	for (int i = order.from; i < count; i++)
	{
		PlatOutcome o;

		if (!order.wanted[i])
			continue;
		tell(channel, RECORD_TRYING, i, mechanisms, none);
		o.detail = act_rows[i].function(&order.scene);
		o.result = o.detail == 0 ? PLAT_ACT_WORKED : PLAT_ACT_REFUSED;
		tell(channel, RECORD_TRIED, i, mechanisms, o);
	}
	ExitProcess(0);
}
