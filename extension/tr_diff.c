/*
 * tr_diff.c
 *		The difference of two texts, line by line.
 *
 * Process: any backend.
 *
 * E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), in its
 * variation for little memory: the middle of a shortest way through the grid
 * of both texts is looked for from both ends at once, and each half in turn.
 * Where texts have so little in common that this would take long, the rest is
 * called changed as a whole: a longer diff, and as right.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "tr_diff.h"

#define CONTEXT		3

/* Most steps from each end; time goes by the square of it. */
#define MAX_STEPS	1000

typedef struct Line
{
	const char *text;
	int			len;			/* with its newline, if it has one */
	uint32		hash;
} Line;

typedef struct Side
{
	Line	   *lines;
	int			count;
	bool	   *changed;		/* by line: not in the other text */
} Side;

typedef struct Diff
{
	Side		a;
	Side		b;

	/* by diagonal (place in a less place in b): how far one can get on it */
	int		   *forward;
	int		   *backward;
} Diff;

/* Lines a_from up to a_to of one text, b_from up to b_to of the other. */
typedef struct Box
{
	int			a_from;
	int			a_to;
	int			b_from;
	int			b_to;
} Box;

static void
split_lines(const char *text, Side *side)
{
	int			most = 1;
	const char *p;

	for (p = text; *p != '\0'; p++)
		most += *p == '\n';
	side->lines = palloc_extended(sizeof(Line) * most, MCXT_ALLOC_HUGE);
	side->changed = palloc0(sizeof(bool) * most);
	side->count = 0;
	for (p = text; *p != '\0';)
	{
		const char *end = strchr(p, '\n');
		Line	   *line = &side->lines[side->count++];

		line->text = p;
		line->len = end != NULL ? (int) (end - p) + 1 : (int) strlen(p);
		line->hash = hash_bytes((const unsigned char *) p, line->len);
		p += line->len;
	}
}

static bool
same(const Diff *diff, int a, int b)
{
	const Line *x = &diff->a.lines[a];
	const Line *y = &diff->b.lines[b];

	return x->hash == y->hash && x->len == y->len &&
		memcmp(x->text, y->text, x->len) == 0;
}

/* ---- what has changed ---- */

/* The diagonals that are looked at, every second one. */
typedef struct Range
{
	int			low;
	int			high;
} Range;

/* One step further out in both directions, inside the grid; a diagonal beyond
 * the edges holds `nowhere`. */
static void
widen(Range *range, int low, int high, int *reached, int nowhere)
{
	if (range->low > low)
		reached[--range->low - 1] = nowhere;
	else
		range->low++;
	if (range->high < high)
		reached[++range->high + 1] = nowhere;
	else
		range->high--;
}

/* A step from the top left; true when it meets what comes from the other end. */
static bool
step_forward(Diff *diff, const Box *box, const Range *range,
			 const Range *other, int *a, int *b)
{
	int		   *reached = diff->forward;

	for (int d = range->high; d >= range->low; d -= 2)
	{
		int			x = Max(reached[d - 1] + 1, reached[d + 1]);

		while (x < box->a_to && x - d < box->b_to && same(diff, x, x - d))
			x++;
		reached[d] = x;
		if (other != NULL && d >= other->low && d <= other->high &&
			diff->backward[d] <= x)
		{
			*a = x;
			*b = x - d;
			return true;
		}
	}
	return false;
}

static bool
step_backward(Diff *diff, const Box *box, const Range *range,
			  const Range *other, int *a, int *b)
{
	int		   *reached = diff->backward;

	for (int d = range->high; d >= range->low; d -= 2)
	{
		int			x = Min(reached[d - 1], reached[d + 1] - 1);

		while (x > box->a_from && x - d > box->b_from &&
			   same(diff, x - 1, x - d - 1))
			x--;
		reached[d] = x;
		if (other != NULL && d >= other->low && d <= other->high &&
			diff->forward[d] >= x)
		{
			*a = x;
			*b = x - d;
			return true;
		}
	}
	return false;
}

/* A point in the middle of a shortest way; false when that takes too long. */
static bool
find_middle(Diff *diff, const Box *box, int *a, int *b)
{
	int			low = box->a_from - box->b_to;
	int			high = box->a_to - box->b_from;
	int			start = box->a_from - box->b_from;
	int			end = box->a_to - box->b_to;
	bool		odd = ((start - end) & 1) != 0;
	Range		forward = {start, start};
	Range		backward = {end, end};

	diff->forward[start] = box->a_from;
	diff->backward[end] = box->a_to;
	for (int steps = 0; steps < MAX_STEPS; steps++)
	{
		CHECK_FOR_INTERRUPTS();
		widen(&forward, low, high, diff->forward, -1);
		if (step_forward(diff, box, &forward, odd ? &backward : NULL, a, b))
			return true;
		widen(&backward, low, high, diff->backward, PG_INT32_MAX);
		if (step_backward(diff, box, &backward, odd ? NULL : &forward, a, b))
			return true;
	}
	return false;
}

static void
compare(Diff *diff, Box box)
{
	int			a;
	int			b;

	check_stack_depth();
	while (box.a_from < box.a_to && box.b_from < box.b_to &&
		   same(diff, box.a_from, box.b_from))
		box.a_from++, box.b_from++;
	while (box.a_from < box.a_to && box.b_from < box.b_to &&
		   same(diff, box.a_to - 1, box.b_to - 1))
		box.a_to--, box.b_to--;
	if (box.a_from < box.a_to && box.b_from < box.b_to &&
		find_middle(diff, &box, &a, &b))
	{
		compare(diff, (Box) {box.a_from, a, box.b_from, b});
		compare(diff, (Box) {a, box.a_to, b, box.b_to});
		return;
	}
	for (int i = box.a_from; i < box.a_to; i++)
		diff->a.changed[i] = true;
	for (int i = box.b_from; i < box.b_to; i++)
		diff->b.changed[i] = true;
}

/* ---- how it is written ---- */

static void
append_line(StringInfo out, char mark, const Line *line)
{
	appendStringInfoChar(out, mark);
	appendBinaryStringInfo(out, line->text, line->len);
	if (line->text[line->len - 1] != '\n')
		appendStringInfoString(out, "\n\\ No newline at end of file\n");
}

/* Lines from (from 0) up to to: their first, from 1, and how many. */
static void
append_range(StringInfo out, int from, int to)
{
	if (to - from == 1)
		appendStringInfo(out, "%d", to);
	else
		appendStringInfo(out, "%d,%d", to == from ? from : from + 1, to - from);
}

/* The next lines that have changed, from a place where both are at the same
 * line; false when there are none. */
static bool
next_change(const Diff *diff, int a, int b, Box *box)
{
	while (a < diff->a.count && b < diff->b.count && !diff->a.changed[a] &&
		   !diff->b.changed[b])
		a++, b++;
	*box = (Box) {a, a, b, b};
	while (box->a_to < diff->a.count && diff->a.changed[box->a_to])
		box->a_to++;
	while (box->b_to < diff->b.count && diff->b.changed[box->b_to])
		box->b_to++;
	return box->a_to > a || box->b_to > b;
}

static void
append_hunk(StringInfo out, const Diff *diff, const Box *hunk)
{
	int			a = hunk->a_from;
	int			b = hunk->b_from;

	appendStringInfoString(out, "@@ -");
	append_range(out, hunk->a_from, hunk->a_to);
	appendStringInfoString(out, " +");
	append_range(out, hunk->b_from, hunk->b_to);
	appendStringInfoString(out, " @@\n");
	while (a < hunk->a_to || b < hunk->b_to)
	{
		if (a < hunk->a_to && diff->a.changed[a])
			append_line(out, '-', &diff->a.lines[a++]);
		else if (b < hunk->b_to && diff->b.changed[b])
			append_line(out, '+', &diff->b.lines[b++]);
		else
		{
			append_line(out, ' ', &diff->a.lines[a++]);
			b++;
		}
	}
}

static void
append_hunks(StringInfo out, const Diff *diff)
{
	Box			change;
	bool		more = next_change(diff, 0, 0, &change);

	while (more)
	{
		Box			hunk = change;
		int			before = Min(CONTEXT, change.a_from);
		int			after;

		/* together with what follows so closely that the context touches */
		while ((more = next_change(diff, hunk.a_to, hunk.b_to, &change)) &&
			   change.a_from - hunk.a_to <= 2 * CONTEXT)
			hunk.a_to = change.a_to, hunk.b_to = change.b_to;
		after = Min(CONTEXT, diff->a.count - hunk.a_to);
		hunk.a_from -= before;
		hunk.b_from -= before;
		hunk.a_to += after;
		hunk.b_to += after;
		append_hunk(out, diff, &hunk);
	}
}

static int *
diagonals(const Diff *diff)
{
	int		   *all = palloc_extended(sizeof(int) * ((Size) diff->a.count +
													 diff->b.count + 3),
									  MCXT_ALLOC_HUGE);

	return all + diff->b.count + 1;
}

char *
tr_diff_unified(const char *a, const char *b, const char *label_a,
				const char *label_b)
{
	Diff		diff;
	StringInfoData out;

	initStringInfo(&out);
	if (strcmp(a, b) == 0)
		return out.data;
	split_lines(a, &diff.a);
	split_lines(b, &diff.b);
	diff.forward = diagonals(&diff);
	diff.backward = diagonals(&diff);
	compare(&diff, (Box) {0, diff.a.count, 0, diff.b.count});
	appendStringInfo(&out, "--- %s\n+++ %s\n", label_a, label_b);
	append_hunks(&out, &diff);
	return out.data;
}
