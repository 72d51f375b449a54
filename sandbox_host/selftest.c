/*
 * selftest.c
 *		Proving the walls.
 *
 * In the zygote: the platform's table of forbidden acts, each tried with no
 * wall and then behind one wall at a time.  A wall is enforced when every act
 * that it must refuse, and that works without it, is refused, when there was
 * at least one such act, and when nobody else was harmed.
 *
 * In the broker: two scripts through real workers, on the very path that
 * jobs take: one that must work, and one that must be refused for each of its
 * lines.  What comes back is read here because the scripts are ours.
 */
#include "selftest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

/* ---- forbidden acts (zygote) ---- */

/* Of one wall: how many acts it refused, and the first that it did not. */
typedef struct Tally
{
	int			shown;			/* worked without, refused behind it */
	const char *leak;			/* must be refused and works */
	const char *gap;			/* would be better refused, and works */
} Tally;

static bool
is_refused(const PlatOutcome *o)
{
	return o->result == PLAT_ACT_REFUSED || o->result == PLAT_ACT_KILLED;
}

static Tally
tally(uint32_t wall, const PlatOutcome *without, const PlatOutcome *behind)
{
	int			count;
	const PlatAct *acts = plat_acts(&count);
	Tally		t = {0, NULL, NULL};

	for (int i = 0; i < count; i++)
	{
		bool		must = (acts[i].refused_by & wall) != 0;

		if ((!must && (acts[i].helped_by & wall) == 0) ||
			without[i].result != PLAT_ACT_WORKED)
			continue;
		if (is_refused(&behind[i]))
			t.shown++;
		else if (must && t.leak == NULL)
			t.leak = acts[i].name;
		else if (!must && t.gap == NULL)
			t.gap = acts[i].name;
	}
	return t;
}

static bool
probe_wall(PlatTemplate *template, const Wall *wall, int slot,
		   const PlatOutcome *without, WallReport *report, ShErr *err)
{
	PlatOutcome behind[PLAT_MAX_ACTS];
	bool		wanted[PLAT_MAX_ACTS] = {false};
	bool		harmed;
	int			count;
	const PlatAct *acts = plat_acts(&count);
	Tally		t;

	for (int i = 0; i < count; i++)
		wanted[i] = ((acts[i].refused_by | acts[i].helped_by) & wall->bit) != 0;
	if (!plat_probe(template, wall->bit, wanted, behind, &harmed, err))
		return false;
	t = tally(wall->bit, without, behind);
	(void) plat_wall_means(template, wall->bit, report->wall[slot].means,
						   sizeof(report->wall[slot].means));
	if (harmed)
		walls_report_set(report, wall->bit, WALL_NOT_ENFORCED,
						 "another process was harmed");
	else if (t.leak != NULL)
		walls_report_set(report, wall->bit, WALL_NOT_ENFORCED,
						 "an attempt to %s succeeded", t.leak);
	else if (t.shown == 0)
		walls_report_set(report, wall->bit, WALL_NOT_ENFORCED,
						 "no forbidden act could be shown to be refused");
	else
	{
		walls_report_set(report, wall->bit, WALL_ENFORCED,
						 "%d forbidden acts refused by this wall alone%s%s%s",
						 t.shown, t.gap != NULL ? ", but not \"" : "",
						 t.gap != NULL ? t.gap : "",
						 t.gap != NULL ? "\"" : "");
		plat_wall_proven(template, wall->bit);
	}
	return true;
}

bool
selftest_each_wall(PlatTemplate *template, uint32_t on, WallReport *report,
				   ShErr *err)
{
	PlatOutcome without[PLAT_MAX_ACTS];
	bool		all[PLAT_MAX_ACTS];
	bool		harmed;

	memset(all, true, sizeof(all));
	if (!plat_probe(template, 0, all, without, &harmed, err))
		return false;
	for (int i = 0; i < WALL_COUNT; i++)
		if ((walls[i].bit & on & WALLS_OF_WORKER) &&
			!probe_wall(template, &walls[i], i, without, report, err))
			return false;
	return true;
}

bool
selftest_sealed(PlatTemplate *template, uint32_t on, WallReport *report,
				ShErr *err)
{
	/* These two are not staged: each worker sets them for itself. */
	uint32_t	staged = on & WALLS_OF_WORKER &
		~(uint32_t) (WALL_KERNEL | WALL_RESOURCES);
	PlatOutcome outcome[PLAT_MAX_ACTS];
	bool		wanted[PLAT_MAX_ACTS] = {false};
	bool		harmed;
	int			count;
	const PlatAct *acts = plat_acts(&count);

	for (int i = 0; i < count; i++)
		wanted[i] = (acts[i].refused_by & staged) != 0;
	if (!plat_probe(template, staged, wanted, outcome, &harmed, err))
		return false;
	for (int i = 0; i < count; i++)
		for (int w = 0; w < WALL_COUNT; w++)
			if ((acts[i].refused_by & staged & walls[w].bit) &&
				report->wall[w].state == WALL_ENFORCED &&
				(harmed || !is_refused(&outcome[i])))
				walls_report_set(report, walls[w].bit, WALL_NOT_ENFORCED,
								 "an attempt to %s succeeded in the prepared "
								 "process", acts[i].name);
	return true;
}

/* ---- scripts (broker) ---- */

#define TASK(action, code) \
	"{\"action\": \"" action "\", \"name\": \"self-test\", " \
	"\"code\": \"" code "\", \"shape\": \"table\", \"params\": null, " \
	"\"numeric\": \"float64\", \"log_bytes\": 4096, \"output_rows\": 10, " \
	"\"output_bytes\": 65536}"

/* The one that must work and hand its row back; the one that must not. */
enum
{
	GOOD,
	BAD,
	SCRIPTS
};

static const char *const scripts[SCRIPTS] = {
	[GOOD] = TASK("run", "def transform(df):\\n    return df\\n"),
	[BAD] = TASK("validate", "import os\\ndef transform(df):\\n"
				 "    return df.__class__.__mro__\\n"),
};

/* What a wall must object to in the bad one. */
static const struct
{
	uint32_t	wall;
	uint32_t	line;
	const char *what;
}			offences[] = {
	{WALL_IMPORTS, 1, "an import of \"os\""},
	{WALL_LANGUAGE, 3, "an attribute that leads to the interpreter"},
};

#define OFFENCES ((int) (sizeof(offences) / sizeof(offences[0])))
#define ANSWER_MAX 65536

struct SelfTestScripts
{
	PlatHandle	end[SCRIPTS];	/* our end of each data connection */
	int			running;
	bool		works;
	char		why[300];		/* it does not */
};

/* What a worker answered, as far as it matters here. */
typedef struct Answer
{
	int			findings[OFFENCES]; /* errors of the language policy */
	uint32_t	rows;
	uint8_t		last;			/* type of the last frame */
	char		text[200];		/* of a WIRE_ERROR */
} Answer;

static size_t
put_frame(uint8_t *buf, uint8_t type, const void *payload, uint32_t len)
{
	size_t		n = wire_header_encode(buf, type, len);

	if (len > 0)
		memcpy(buf + n, payload, len);
	return n + len;
}

/* One row of one whole number, as a runner would send it. */
static size_t
put_row(uint8_t *buf, size_t size)
{
	WireColumn	column = {.name = {"a", 1},.format = "l"};
	static const uint64_t value = 7;
	WireBuffer	buffers[3] = {{NULL, 0}, {NULL, 0}, {&value, sizeof(value)}};
	size_t		n = wire_schema_encode(buf, size, &column, 1);

	n += wire_chunk_prefix_encode(buf + n, size - n, 1, WIRE_LAST_OF_CALL,
								  buffers, 1);
	memcpy(buf + n, &value, sizeof(value));
	n += sizeof(value);
	return n + put_frame(buf + n, WIRE_END, NULL, 0);
}

static void
read_frame(uint8_t type, const uint8_t *payload, uint32_t len, Answer *a)
{
	WireFinding finding;
	WireError	error;
	WireChunk	chunk;
	const char *why;

	a->last = type;
	if (type == WIRE_FINDING &&
		wire_finding_decode(payload, len, &finding, &why))
	{
		for (int i = 0; i < OFFENCES; i++)
			a->findings[i] += finding.severity == 1 &&
				finding.line == offences[i].line;
	}
	else if (type == WIRE_CHUNK && wire_chunk_decode(payload, len, &chunk, &why))
		a->rows += chunk.rows;
	else if (type == WIRE_ERROR && wire_error_decode(payload, len, &error, &why))
		snprintf(a->text, sizeof(a->text), "%.*s", (int) error.message.len,
				 error.message.data);
}

/* Everything the worker has written; it is gone, so this never waits. */
static Answer
read_answer(PlatHandle handle)
{
	static uint8_t buf[ANSWER_MAX];
	Answer		a = {0};
	size_t		len = 0;
	size_t		at = 0;
	long		n;

	while (len < sizeof(buf) &&
		   (n = plat_read(handle, buf + len, sizeof(buf) - len)) > 0)
		len += (size_t) n;
	while (len - at >= WIRE_HEADER_SIZE)
	{
		WireHeader	h;
		const char *why;

		if (!wire_header_decode(buf + at, &h, &why) ||
			h.length > len - at - WIRE_HEADER_SIZE)
			break;
		read_frame(h.type, buf + at + WIRE_HEADER_SIZE, h.length, &a);
		at += WIRE_HEADER_SIZE + h.length;
	}
	return a;
}

static void
judge_walls(Broker *b, const Answer *a)
{
	for (int i = 0; i < OFFENCES; i++)
	{
		uint32_t	wall = offences[i].wall;

		if (b->config->walls_off & wall)
			continue;			/* the report says so already */
		if (a->last == WIRE_DONE && a->findings[i] > 0)
			walls_report_set(&b->report.walls, wall, WALL_ENFORCED,
							 "a script with %s was refused", offences[i].what);
		else
			walls_report_set(&b->report.walls, wall, WALL_NOT_ENFORCED,
							 "a script with %s was not refused",
							 offences[i].what);
	}
}

static void
judge_chain(SelfTestScripts *s, const Answer *a, const WireExit *how)
{
	if (a->last == WIRE_DONE && a->rows == 1)
	{
		s->works = true;
		return;
	}
	snprintf(s->why, sizeof(s->why), "the self-test's script did not run "
			 "(reason %u, detail %d, last frame \"%s\")%s%s", how->reason,
			 how->detail, wire_type_name(a->last),
			 a->text[0] != '\0' ? ": " : "", a->text);
}

static void
script_ended(Broker *b, int which, const WireExit *how)
{
	SelfTestScripts *s = b->scripts;
	Answer		a;

	if (s == NULL || s->end[which] == PLAT_NONE)
		return;
	a = read_answer(s->end[which]);
	plat_close(s->end[which]);
	s->end[which] = PLAT_NONE;
	if (which == BAD)
		judge_walls(b, &a);
	else
		judge_chain(s, &a, how);
	if (--s->running > 0)
		return;
	b->scripts = NULL;
	broker_checked(b, s->works, s->why);
	free(s);
}

static bool
start_script(Broker *b, int which, ShErr *err)
{
	static const WireJob order = {
		.wall_ms = 20000,.cpu_ms = 10000,
		.memory_bytes = UINT64_C(256) * 1024 * 1024,
	};
	uint8_t		buf[4096];
	PlatHandle	ends[2];
	Job		   *job;
	size_t		n;

	if (!plat_pair(ends, err))
		return false;
	n = put_frame(buf, WIRE_TASK, scripts[which],
				  (uint32_t) strlen(scripts[which]));
	if (which == GOOD)
		n += put_row(buf + n, sizeof(buf) - n);
	job = plat_write(ends[0], buf, n) == (long) n ?
		job_new(b, NULL, &order) : NULL;
	if (job == NULL)
	{
		plat_close(ends[0]);
		plat_close(ends[1]);
		return sh_error(err, "could not start the self-test's scripts");
	}
	job->ended = script_ended;
	job->which = which;
	b->scripts->end[which] = ends[0];
	b->scripts->running++;
	job_has_data(b, job, ends[1]);
	return true;
}

void
selftest_scripts_start(Broker *b)
{
	ShErr		err;

	b->scripts = calloc(1, sizeof(*b->scripts));
	if (b->scripts == NULL)
	{
		broker_checked(b, false, "out of memory");
		return;
	}
	for (int i = 0; i < SCRIPTS; i++)
		b->scripts->end[i] = PLAT_NONE;
	for (int i = 0; i < SCRIPTS; i++)
		if (!start_script(b, i, &err))
		{
			selftest_scripts_stop(b);
			broker_checked(b, false, err.text);
			return;
		}
}

void
selftest_scripts_stop(Broker *b)
{
	SelfTestScripts *s = b->scripts;

	if (s == NULL)
		return;
	b->scripts = NULL;
	for (int i = 0; i < SCRIPTS; i++)
		plat_close(s->end[i]);
	free(s);
	for (int i = 0; i < MAX_JOBS; i++)
		if (b->jobs[i].state != JOB_FREE && b->jobs[i].ended != NULL)
			job_cancel(b, &b->jobs[i]);
}

/* ---- the table ---- */

int
selftest_print(const WallReport *report, const char *facts, uint32_t required)
{
	uint32_t	enforced = walls_enforced(report);
	static const char *const states[] = {"NO", "yes", "off"};

	printf("%-10s %-4s %-9s %s\n", "wall", "set", "enforced",
		   "how proven, or what is missing; [mechanisms read back]");
	for (int i = 0; i < WALL_COUNT; i++)
	{
		WallState	state = report->wall[i].state;

		printf("%-10s %-4s %-9s %s", walls[i].name,
			   state == WALL_OFF ? "no" : "yes", states[state],
			   report->wall[i].detail);
		if (report->wall[i].means[0] != '\0')
			printf(" [%s]", report->wall[i].means);
		printf("\n");
		if (state == WALL_NOT_ENFORCED)
			printf("%-25s remedy: %s\n", "",
				   plat_wall_remedy(walls[i].bit));
	}
	printf("\n");
	for (const char *p = facts; *p != '\0'; p++)
		putchar(*p == '\t' ? ' ' : *p);
	printf("\n%s\n", (required & ~enforced) == 0 ?
		   "all walls that are set hold" : "NOT ALL WALLS HOLD");
	return (required & ~enforced) == 0 ? 0 : 1;
}
