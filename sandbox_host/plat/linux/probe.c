/*
 * probe.c
 *		Runs the forbidden acts in throw-away children of the zygote, behind
 *		the walls the caller names and no others.
 *
 * The scene is what the acts aim at: a bystander process that must survive,
 * which also owns the listeners and removes what it made when the zygote lets
 * go of it; a descriptor, a variable and a segment to be found.  A child
 * notes each act in a shared page before it tries it, so that one that the
 * kernel wall kills has left its name; the next child goes on after it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux.h"
#include "pool.h"

#define PROBE_MEMORY	(UINT64_C(64) * 1024 * 1024)
#define ROOM			(UINT64_C(16) * 1024 * 1024)	/* for a thread's
														 * stack and the like */

typedef struct ProbePage
{
	PlatOutcome outcome[PLAT_MAX_ACTS];
	int			current;		/* being tried; -1: none */
	uint32_t	mechanisms;		/* in force in the child */
	char		word;			/* for read_memory_of_another */
} ProbePage;

struct ProbeScene
{
	ActScene	act;
	ProbePage  *page;
	int			leash;			/* closing it ends the bystander */
	int			listeners[3];
	int			secret_peer;
	void	   *attached;		/* the segment */
};

/* ---- the scene ---- */

static int
listen_on(int family, const void *address, socklen_t len)
{
	int			fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && (bind(fd, address, len) < 0 || listen(fd, 16) < 0))
	{
		close(fd);
		return -1;
	}
	return fd;
}

/* Targets that cannot be made are acts that cannot be shown; no error. */
static void
open_listeners(ProbeScene *s, const char *name)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	socklen_t	len = sizeof(in);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listeners[0] = listen_on(AF_INET, &in, sizeof(in));
	if (s->listeners[0] >= 0 &&
		getsockname(s->listeners[0], (struct sockaddr *) &in, &len) == 0)
		s->act.tcp_port = ntohs(in.sin_port);

	memcpy(s->act.abstract, name, sizeof(s->act.abstract));
	memcpy(un.sun_path + 1, name, strlen(name));
	s->listeners[1] = listen_on(AF_UNIX, &un, (socklen_t)
								(offsetof(struct sockaddr_un, sun_path) + 1 +
								 strlen(s->act.abstract)));

	snprintf(s->act.path, sizeof(s->act.path), PROBE_SOCKET, name);
	snprintf(s->act.writable, sizeof(s->act.writable), PROBE_FILE, name);
	memcpy(un.sun_path, s->act.path, sizeof(un.sun_path));
	s->listeners[2] = listen_on(AF_UNIX, &un, sizeof(un));
}

/*
 * A segment that is destroyed already but for our own attachment, so that it
 * cannot outlive us, whatever happens; Linux still lets others attach it.
 */
static void
open_segment(ProbeScene *s)
{
	s->act.segment = shmget(IPC_PRIVATE, 4096, 0600);
	if (s->act.segment < 0)
		return;
	s->attached = shmat(s->act.segment, NULL, 0);
	(void) shmctl(s->act.segment, IPC_RMID, NULL);
}

/* The bystander: waits until the leash is let go, then tidies up. */
static void
bystander(ProbeScene *s, int leash)
{
	char		byte;

	(void) prctl(PR_SET_PDEATHSIG, SIGTERM);
	while (read(leash, &byte, 1) < 0 && errno == EINTR)
		;
	(void) unlink(s->act.path);
	(void) unlink(s->act.writable);
	_exit(0);
}

static bool
start_bystander(ProbeScene *s)
{
	int			leash[2];

	if (pipe2(leash, O_CLOEXEC) < 0)
		return false;
	s->act.victim = fork();
	if (s->act.victim == 0)
	{
		close(leash[1]);
		bystander(s, leash[0]);
	}
	close(leash[0]);
	s->leash = leash[1];
	return s->act.victim > 0;
}

bool
plat_probe_begin(PlatTemplate *t, ShErr *err)
{
	ProbeScene *s = calloc(1, sizeof(*s));
	int			secret[2] = {-1, -1};

	if (s == NULL)
		return sh_error(err, "out of memory");
	t->scene = s;
	s->leash = s->secret_peer = s->act.secret_fd = -1;
	s->listeners[0] = s->listeners[1] = s->listeners[2] = -1;
	s->page = mmap(NULL, sizeof(*s->page), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->page == MAP_FAILED)
	{
		s->page = NULL;
		return sh_os_error(err, errno, "could not prepare the self-test");
	}
	s->act.memory_limit = PROBE_MEMORY;
	s->act.victim_word = &s->page->word;
	open_segment(s);
	open_listeners(s, t->probe_name);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, secret) < 0)
		return sh_os_error(err, errno, "could not prepare the self-test");
	/* Away from the numbers that a worker's own descriptors get. */
	s->act.secret_fd = fcntl(secret[0], F_DUPFD, 32);
	s->secret_peer = secret[1];
	(void) close(secret[0]);
	(void) setenv("SANDBOX_PROBE_SECRET", "1", 1);
	if (!start_bystander(s))
		return sh_os_error(err, errno, "could not start a bystander");
	return true;
}

void
plat_probe_end(PlatTemplate *t)
{
	ProbeScene *s = t->scene;

	if (s == NULL)
		return;
	t->scene = NULL;
	plat_close(s->leash);
	if (s->act.victim > 0)
		(void) waitpid(s->act.victim, NULL, 0);
	for (int i = 0; i < 3; i++)
		plat_close(s->listeners[i]);
	plat_close(s->act.secret_fd);
	plat_close(s->secret_peer);
	if (s->attached != NULL && s->attached != (void *) -1)
		(void) shmdt(s->attached);
	(void) unsetenv("SANDBOX_PROBE_SECRET");
	if (s->page != NULL)
		(void) munmap(s->page, sizeof(*s->page));
	free(s);
}

/* ---- a child ---- */

static uint64_t
address_space(void)
{
	unsigned long long pages = 0;
	FILE	   *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (uint64_t) sysconf(_SC_PAGESIZE);
}

static void
try_acts(PlatTemplate *t, uint32_t walls, uint32_t own,
		 const bool *wanted, int from, int count)
{
	ProbeScene *s = t->scene;
	PlatLimits	limits = {.cpu_ms = 1000,.memory_bytes = PROBE_MEMORY + ROOM};
	struct rlimit no_core = {0, 0};

	limits.address_space = address_space();
	(void) setrlimit(RLIMIT_CORE, &no_core);
	t->in_force = lockdown_at_birth(t, walls, t->staged | own, t->control);
	t->in_force = lockdown_at_job(t, walls, t->in_force, &limits);
	s->page->mechanisms = t->in_force;
	if ((walls & WALL_KERNEL) && !seccomp_install(&t->filter))
		_exit(1);
	for (int i = from; i < count; i++)
	{
		int			rc;

		if (!wanted[i])
			continue;
		s->page->current = i;
		rc = act_rows[i].function(&s->act);
		/* Behind the filter only being killed counts: the call got through. */
		s->page->outcome[i].result = rc == 0 || (walls & WALL_KERNEL) ?
			PLAT_ACT_WORKED : PLAT_ACT_REFUSED;
		s->page->outcome[i].detail = rc;
		s->page->current = -1;
	}
	_exit(0);
}

/* What became of the act a child ended in. */
static PlatOutcome
how_it_ended(int status)
{
	PlatOutcome o = {PLAT_ACT_WORKED, 0};	/* another program ran in it */

	if (WIFSIGNALED(status))
	{
		o.result = WTERMSIG(status) == SIGSYS ? PLAT_ACT_KILLED :
			PLAT_ACT_CRASHED;
		o.detail = WTERMSIG(status);
	}
	return o;
}

/* Is the bystander alive and well? */
static bool
bystander_is_well(ProbeScene *s)
{
	int			status;

	return waitpid(s->act.victim, &status, WNOHANG | WUNTRACED) == 0;
}

bool
plat_probe(PlatTemplate *t, uint32_t walls, const bool wanted[PLAT_MAX_ACTS],
		   PlatOutcome outcome[PLAT_MAX_ACTS], bool *harmed, ShErr *err)
{
	ProbeScene *s = t->scene;
	pid_t		parent = getpid();
	int			count;
	int			from = 0;

	(void) plat_acts(&count);
	memset(s->page->outcome, 0, sizeof(s->page->outcome));
	s->page->mechanisms = 0;
	while (from < count)
	{
		uint32_t	own;
		int			status;
		pid_t		pid;

		s->page->current = -1;
		pid = ns_fork(t, (walls & WALL_PROCESS) != 0, &own);
		if (pid == 0)
		{
			t->parent = parent;
			try_acts(t, walls, own, wanted, from, count);
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			return sh_os_error(err, errno, "could not start a probe");
		if (s->page->current < 0)
			break;
		s->page->outcome[s->page->current] = how_it_ended(status);
		from = s->page->current + 1;
	}
	/* A probe that died before its first act has proven nothing. */
	t->probed = s->page->mechanisms;
	memcpy(outcome, s->page->outcome, sizeof(s->page->outcome));
	*harmed = !bystander_is_well(s);
	return true;
}
