/*
 * tr_delay.c
 *		Logins that fail are slowed, by account and client address.
 *
 * Process: any backend.  Counts and times stand in shared memory: what a
 * failed login would write rolls back with its transaction.  A restart forgets
 * them, and README says so: to keep them over a clean stop would not help
 * against what an attacker might hope for, a crash, of which nothing that is in
 * shared memory is trusted.
 *
 * Nobody sleeps here, since sleeping backends would use up the connections:
 * a try that comes too early is refused without a look at the password, and
 * told how long to wait.  It counts as failed before the password is looked
 * at, so that tries at the same time, or cancelled ones, gain nothing.
 *
 *	pair		an account from an address: some tries are free, then each
 *				failure doubles the wait, to half a minute.  Whoever guesses
 *				locks himself out and nobody else.
 *	account		never makes anybody wait for his first try from an address,
 *				so that the owner always gets in; where many addresses try one
 *				account, each has one free try.
 *	address		counts accounts that failed from it, not tries: many accounts
 *				with one try each.  Some are free, since an address may be a
 *				whole office; then it waits, too, but at most two seconds.
 *
 * An account is an e-mail as given, known or not.  What is not heard of for a
 * quarter of an hour is forgotten; where a set is full, the entry with the
 * fewest failures gives way.
 */
#include "postgres.h"

#include <sodium.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "tr_audit.h"
#include "tr_api.h"
#include "tr_compat.h"
#include "tr_delay.h"
#include "tr_shared.h"

#define PAIR_FREE		5		/* tries */
#define PAIR_FIRST_MS	1000
#define PAIR_MOST_MS	30000
#define ACCOUNT_FREE	20		/* failures, from all addresses */
#define ADDRESS_FREE	30		/* accounts */
#define ADDRESS_FIRST_MS	250
#define ADDRESS_MOST_MS	2000
#define MEMORY_MS		(15 * 60 * 1000)

void
tr_delay_init(TrDelays *delays, int tranche)
{
	LWLockInitialize(&delays->lock, tranche);
	if (!pg_strong_random(delays->secret, sizeof(delays->secret)))
		ereport(FATAL,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
}

/* ---- keys ---- */

/* Of an account, an address, or both. */
static uint64
key_of(char kind, const char *account, const char *address)
{
	TrDelays   *d = &tr_shared->delays;
	char	   *text = psprintf("%c%s\n%s", kind, account, address);
	uint64		key;

	StaticAssertStmt(crypto_shorthash_BYTES == sizeof(key) &&
					 crypto_shorthash_KEYBYTES == sizeof(d->secret),
					 "keys of delays are short hashes");
	crypto_shorthash((unsigned char *) &key, (unsigned char *) text,
					 strlen(text), d->secret);
	return key == 0 ? 1 : key;
}

/* Who has one IPv6 address has 2^64 of them: these count as one. */
static char *
address_text(inet *address)
{
	int			bytes;
	char	   *text;

	if (address == NULL)
		return "local";
	bytes = ip_family(address) == PGSQL_AF_INET ? 4 : 8;
	text = palloc(2 * bytes + 1);
	sodium_bin2hex(text, 2 * bytes + 1, ip_addr(address), bytes);
	return text;
}

/* ---- entries; the lock is held ---- */

static bool
is_forgotten(const TrDelayEntry *e, TimestampTz now)
{
	return e->key == 0 ||
		(e->next <= now &&
		 now - e->last > (int64) MEMORY_MS * 1000);
}

static TrDelayEntry *
find_entry(uint64 key, TimestampTz now)
{
	TrDelayEntry *set = tr_shared->delays.entries[key % TR_DELAY_SETS];

	for (int i = 0; i < TR_DELAY_WAYS; i++)
		if (set[i].key == key && !is_forgotten(&set[i], now))
			return &set[i];
	return NULL;
}

static TrDelayEntry *
find_or_add_entry(uint64 key, TimestampTz now)
{
	TrDelayEntry *set = tr_shared->delays.entries[key % TR_DELAY_SETS];
	TrDelayEntry *e = find_entry(key, now);

	if (e != NULL)
		return e;
	e = &set[0];
	for (int i = 0; i < TR_DELAY_WAYS && !is_forgotten(e, now); i++)
	{
		if (is_forgotten(&set[i], now) || set[i].failures < e->failures ||
			(set[i].failures == e->failures && set[i].last < e->last))
			e = &set[i];
	}
	memset(e, 0, sizeof(*e));
	e->key = key;
	return e;
}

static int64
wait_ms(uint64 key, TimestampTz now)
{
	TrDelayEntry *e = find_entry(key, now);

	return e == NULL || e->next <= now ? 0 : (e->next - now + 999) / 1000;
}

/* So many failures beyond the free ones: how long to wait for the next try. */
static int64
doubled(int failures, int first_ms, int most_ms)
{
	if (failures <= 0)
		return 0;
	return failures > 16 ? most_ms : Min((int64) first_ms << (failures - 1), most_ms);
}

static void
count_failure(TrDelayEntry *e, TimestampTz now, int free, int first_ms,
			  int most_ms)
{
	e->failures++;
	e->last = now;
	e->next = TimestampTzPlusMilliseconds(now, doubled(e->failures - free,
													   first_ms, most_ms));
}

static void
uncount_failure(uint64 key, TimestampTz now)
{
	TrDelayEntry *e = find_entry(key, now);

	if (e != NULL && e->failures > 0)
	{
		e->failures--;
		e->next = now;
	}
}

static void
count_try(TrTry *attempt, TimestampTz now)
{
	TrDelayEntry *account = find_or_add_entry(attempt->account, now);
	int			free = PAIR_FREE;
	TrDelayEntry *pair;

	account->failures++;
	account->last = now;
	if (account->failures > ACCOUNT_FREE)
		free = 1;
	pair = find_or_add_entry(attempt->pair, now);
	attempt->first = pair->failures == 0;
	count_failure(pair, now, free, PAIR_FIRST_MS, PAIR_MOST_MS);
	if (attempt->first)
		count_failure(find_or_add_entry(attempt->address, now), now,
					  ADDRESS_FREE, ADDRESS_FIRST_MS, ADDRESS_MOST_MS);
}

/* ---- interface ---- */

void
tr_delay_begin(TrTry *attempt, const char *account, inet *address)
{
	TimestampTz now = GetCurrentTimestamp();
	char	   *from = address_text(address != NULL ? address : tr_api_client_address());
	int64		wait;

	attempt->pair = key_of('p', account, from);
	attempt->account = key_of('u', account, "");
	attempt->address = key_of('a', "", from);

	LWLockAcquire(&tr_shared->delays.lock, LW_EXCLUSIVE);
	wait = Max(wait_ms(attempt->pair, now), wait_ms(attempt->address, now));
	if (wait == 0)
		count_try(attempt, now);
	LWLockRelease(&tr_shared->delays.lock);

	if (wait == 0)
		return;
	tr_audit(&(TrAuditEvent) {
		.kind = TR_AUDIT_LOGIN, .outcome = "delayed", .lasting = true,
		.sqlstate = ERRCODE_CONFIGURATION_LIMIT_EXCEEDED
	});
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("too many failed logins"),
			 errhint("Try again in %d s.", (int) ((wait + 999) / 1000))));
}

void
tr_delay_succeeded(const TrTry *attempt)
{
	TimestampTz now = GetCurrentTimestamp();
	TrDelayEntry *pair;

	LWLockAcquire(&tr_shared->delays.lock, LW_EXCLUSIVE);
	pair = find_entry(attempt->pair, now);
	if (pair != NULL)
		memset(pair, 0, sizeof(*pair));
	uncount_failure(attempt->account, now);
	if (attempt->first)
		uncount_failure(attempt->address, now);
	LWLockRelease(&tr_shared->delays.lock);
}
