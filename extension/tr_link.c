/*
 * tr_link.c
 *		Two connections to sandbox_host and the frames on them.
 *
 * The control connection speaks for the broker and is believed; the data
 * connection speaks for a worker that may be hostile: its frames pass the
 * header check and the phase table here, and their payloads are checked by
 * whoever decodes them.
 *
 * Received frames wait in a queue of at most two; then the worker's
 * connection is not read until one is released.  So at most four payloads are
 * held: two queued, the one in its reader's hands, and a spare.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "tr_compat.h"
#include "tr_errors.h"
#include "tr_guc.h"
#include "tr_link_private.h"

/* ---- life ---- */

static void
link_reset(void *arg)
{
	TrLink	   *link = arg;

	tr_waitset_free(link->waitset);
	tr_conn_close(link->control);
	tr_conn_close(link->data);
	link->waitset = NULL;
	link->control = link->data = NULL;
}

/* Wait for the latch, postmaster death and the connections still open. */
static void
build_waitset(TrLink *link)
{
	TrConn	   *conns[TR_WAITSET_CONNS] = {link->control, link->data};

	tr_waitset_free(link->waitset);
	link->waitset = NULL;
	link->waitset = tr_waitset_create(conns, TR_WAITSET_CONNS);
}

/*
 * A connection whose other end is gone would be reported readable for ever:
 * close it, and wait for what is left.
 */
static void
drop_closed(TrLink *link)
{
	TrConn	   *data = NULL;
	TrConn	   *control = NULL;

	if (link->state.data_closed && link->data != NULL)
	{
		data = link->data;
		link->data = NULL;
		link->data_out.sent = link->data_out.used;
		link->segment = link->nsegments = 0;
	}
	if (link->state.control_closed && link->control != NULL)
	{
		control = link->control;
		link->control = NULL;
		link->control_out.sent = link->control_out.used;
	}
	if (data == NULL && control == NULL)
		return;
	tr_waitset_free(link->waitset);
	link->waitset = NULL;
	tr_conn_close(data);
	tr_conn_close(control);
	build_waitset(link);
}

void
tr_conn_wrong_account(const char *address)
{
	ereport(ERROR,
			(errcode(TR_ERR_SANDBOX),
			 errmsg("the sandbox host at \"%s\" runs under another account",
					address),
			 errhint("It is taken only from the server's own account, an administrator's, or the one that transform.sandbox_account names.")));
}

static TrConn *
connect_or_fail(const char *address)
{
	TrConn	   *conn;

	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("scripts cannot run during recovery"),
				 errhint("This server is a standby: call it on the primary.")));
	conn = tr_conn_open(address, tr_sandbox_account);
	if (conn == NULL)
		ereport(ERROR,
				(errcode(TR_ERR_SANDBOX),
				 errmsg("could not connect to the sandbox host at \"%s\": %m",
						address),
				 errhint("Look at transform_sandbox_status() and the server log: the launcher starts the host and says there why it cannot.")));
	return conn;
}

static TrLink *
link_create(const char *address, bool with_data)
{
	MemoryContext context = AllocSetContextCreate(CurTransactionContext,
												  "transform link",
												  ALLOCSET_DEFAULT_SIZES);
	TrLink	   *link = MemoryContextAllocZero(context, sizeof(TrLink));

	link->context = context;
	link->on_reset.func = link_reset;
	link->on_reset.arg = link;
	MemoryContextRegisterResetCallback(context, &link->on_reset);

	link->control_in = MemoryContextAlloc(context, CONTROL_BUFFER);
	wire_phase_init(&link->control_phase, WIRE_FROM_BROKER);
	wire_phase_init(&link->data_phase, WIRE_FROM_WORKER);
	link->control = connect_or_fail(address);
	if (with_data)
		link->data = connect_or_fail(address);

	build_waitset(link);
	return link;
}

void
tr_link_close(TrLink *link)
{
	MemoryContextDelete(link->context);
}

const TrLinkState *
tr_link_state(TrLink *link)
{
	return &link->state;
}

static void
queue_hello(TrLink *link, Outgoing *out, WireRole role, const uint8 *token)
{
	uint8		buf[64];
	WireHello	hello = {WIRE_MAGIC, WIRE_VERSION, role, {0}};
	size_t		n;

	memcpy(hello.token, token, WIRE_TOKEN_SIZE);
	n = wire_hello_encode(buf, sizeof(buf), &hello);
	Assert(n > 0);
	tr_link_append(link, out, buf, n);
}

static void
make_token(uint8 *token)
{
	if (!pg_strong_random(token, WIRE_TOKEN_SIZE))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random token")));
}

TrLink *
tr_link_open(const char *address, const WireJob *job)
{
	TrLink	   *link = link_create(address, true);
	uint8		token[WIRE_TOKEN_SIZE];
	uint8		buf[64];
	size_t		n;

	make_token(token);
	queue_hello(link, &link->control_out, WIRE_ROLE_CONTROL, token);
	queue_hello(link, &link->data_out, WIRE_ROLE_DATA, token);
	n = wire_job_encode(buf, sizeof(buf), job);
	Assert(n > 0);
	tr_link_append(link, &link->control_out, buf, n);
	tr_link_pump(link);
	return link;
}

TrLink *
tr_link_open_status(const char *address)
{
	TrLink	   *link = link_create(address, false);
	uint8		token[WIRE_TOKEN_SIZE];
	uint8		buf[WIRE_HEADER_SIZE];

	make_token(token);
	link->state.data_closed = true;
	queue_hello(link, &link->control_out, WIRE_ROLE_CONTROL, token);
	tr_link_append(link, &link->control_out, buf,
					wire_header_encode(buf, WIRE_STATUS, 0));
	return link;
}

/* ---- waiting ---- */

void
tr_link_pump(TrLink *link)
{
	if (link->control != NULL)
	{
		tr_link_send_control(link);
		tr_link_recv_control(link);
	}
	if (link->data != NULL)
	{
		/*
		 * A send that fails says only that the worker reads no more; what it
		 * said before is still to be read, up to its end of file.
		 */
		tr_link_send_data(link);
		tr_link_recv_data(link);
	}
	drop_closed(link);
}

void
tr_link_wait(TrLink *link)
{
	bool		sending[TR_WAITSET_CONNS] = {
		link->control_out.sent < link->control_out.used,
		!tr_link_sent(link)
	};
	static uint32 wait_event;

	if (tr_waitset_wait(link->waitset, sending,
						tr_wait_event(&wait_event, "TransformSandbox")))
		ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	tr_link_pump(link);
}
