/*
 * tr_redact.c
 *		A password or token given to one of our functions shows in no log, in
 *		no view of what runs, and not in pg_stat_statements.
 *
 * Process: any, when preloaded.
 *
 * A statement is secret when its text names one of the functions, from the
 * moment it arrives; or when it called one, whatever it looks like (EXECUTE, a
 * function of the user's).  What happens then:
 *
 *	log			log_statement, log_min_duration_statement, auto_explain: the
 *				text is replaced, and values of parameters are left out.
 *				Errors: the statement is left out; so is the message of an
 *				error that is not ours, since it may quote a part (the client
 *				gets it).
 *	activity	the text in pg_stat_activity is replaced.
 *	statements	no query identifier: pg_stat_statements, which keeps the text
 *				of EXPLAIN, DO and CALL as it came, passes it over.
 *
 * A text without any literal holds no secret and stays; only its parameters'
 * values go.  What cannot be seen from here: log_statement logs a call of a
 * user's own function, with a password in it, before anybody knows what that
 * will call.
 */
#include "postgres.h"

#include "access/xact.h"
#include "nodes/parsenodes.h"
#include "parser/analyze.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/elog.h"
#include "utils/timestamp.h"

#include "tr_redact.h"

#define HIDDEN	"<not shown: it may hold a password or token>"

static const char *const names[] = {
	"transform_authenticate", "transform_login", "transform_logout",
	"transform_refresh", "transform_user_create",
	"transform_user_set_password", "transform_validate_jwt",
};

static emit_log_hook_type prev_emit_log = NULL;
static post_parse_analyze_hook_type prev_post_parse_analyze = NULL;

/* When the latest statement that called one of the functions began. */
static TimestampTz called_in = 0;

/* Has this session prepared a statement that names one of them? */
static bool prepared = false;
static bool reporting = false;	/* our own replacement of an entry */

/* ---- what is secret ---- */

static bool
names_function(const char *text)
{
	if (text == NULL)
		return false;
	for (; *text; text++)
	{
		if ((*text != 't' && *text != 'T') || pg_strncasecmp(text, "transform_", 10) != 0)
			continue;
		for (int i = 0; i < lengthof(names); i++)
			if (pg_strncasecmp(text, names[i], strlen(names[i])) == 0)
				return true;
	}
	return false;
}

/* A string, in quotes or in dollars; $1 is none. */
static bool
has_literal(const char *text)
{
	for (; *text; text++)
		if (*text == '\'' || (*text == '$' && (text[1] < '0' || text[1] > '9')))
			return true;
	return false;
}

static bool
starts_with_execute(const char *text)
{
	while (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r' ||
		   *text == '(' || *text == ';')
		text++;
	return pg_strncasecmp(text, "execute", 7) == 0;
}

static bool
statement_is_secret(void)
{
	const char *text = debug_query_string;

	if (called_in != 0 && called_in == GetCurrentStatementStartTimestamp())
		return true;
	return text != NULL &&
		(names_function(text) || (prepared && starts_with_execute(text)));
}

/* ---- activity and query identifiers ---- */

static void
hide_activity(const char *text)
{
	if (text != NULL && has_literal(text))
		pgstat_report_activity(STATE_RUNNING, HIDDEN);
}

void
tr_redact_statement(void)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();

	if (called_in == now)
		return;
	called_in = now;
	hide_activity(debug_query_string);
}

/* Ours before the others': pg_stat_statements may be among them. */
static void
post_parse_analyze(ParseState *pstate, Query *query, JumbleState *jstate)
{
	if (names_function(pstate->p_sourcetext))
	{
		if (query->utilityStmt != NULL && IsA(query->utilityStmt, PrepareStmt))
			prepared = true;
		if (has_literal(pstate->p_sourcetext))
			query->queryId = 0;
		hide_activity(debug_query_string);
	}
	if (prev_post_parse_analyze)
		prev_post_parse_analyze(pstate, query, jstate);
}

/* ---- the log ---- */

/* An entry that is no error is not followed by a reset of its memory. */
static void
drop(char **field)
{
	if (*field != NULL)
		pfree(*field);
	*field = NULL;
}

/* "duration: 0.5 ms  statement: SELECT ..." keeps what comes before the text. */
static void
hide_text(ErrorData *edata)
{
	char	   *message = edata->message;
	int			keep = 0;

	if (strncmp(message, "duration: ", 10) == 0)
		keep = (int) strcspn(message, "m") + 2;
	edata->message = psprintf("%.*s%s%s", keep, message,
							  keep > 0 ? "  statement: " : "statement: ", HIDDEN);
	pfree(message);
}

/* An entry about a statement: its text, and values of parameters. */
static void
hide_entry(ErrorData *edata)
{
	if (edata->message != NULL && has_literal(edata->message))
		hide_text(edata);
	drop(&edata->detail);
	drop(&edata->detail_log);
	drop(&edata->context);
}

/*
 * An error, warning or notice of the server's own may quote a part of the
 * statement.  The client has the statement; the log gets another entry.
 */
static void
replace_entry(ErrorData *edata)
{
	edata->output_to_server = false;
	reporting = true;
	ereport(LOG_SERVER_ONLY,
			(errcode(edata->sqlerrcode),
			 errmsg("%s in a statement that is not shown, since it may hold a password or token",
					edata->elevel >= ERROR ? "error" : "message"),
			 errdetail_internal("SQLSTATE %s, %s, %s:%d.",
								unpack_sql_state(edata->sqlerrcode),
								edata->funcname ? edata->funcname : "?",
								edata->filename ? edata->filename : "?",
								edata->lineno),
			 errhidestmt(true), errhidecontext(true)));
	reporting = false;
}

static bool
is_our_own(const ErrorData *edata)
{
	return edata->filename != NULL && strncmp(edata->filename, "tr_", 3) == 0;
}

static void
redact(ErrorData *edata)
{
	edata->hide_stmt = true;
	edata->hide_ctx = true;
	if (is_our_own(edata))
		return;
	if (edata->elevel == LOG || edata->elevel == LOG_SERVER_ONLY)
		hide_entry(edata);
	else
		replace_entry(edata);
	if (edata->elevel >= ERROR)
		hide_activity(debug_query_string);
}

static void
emit_log(ErrorData *edata)
{
	if (!reporting &&
		(statement_is_secret() || names_function(edata->message) ||
		 names_function(edata->detail) || names_function(edata->context) ||
		 names_function(edata->internalquery)))
		redact(edata);
	if (prev_emit_log && edata->output_to_server)
		prev_emit_log(edata);
}

void
tr_redact_init(void)
{
	prev_emit_log = emit_log_hook;
	emit_log_hook = emit_log;
	prev_post_parse_analyze = post_parse_analyze_hook;
	post_parse_analyze_hook = post_parse_analyze;
}
