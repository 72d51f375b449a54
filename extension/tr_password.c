/*
 * tr_password.c
 *		Passwords are kept as Argon2id hashes, which say themselves how they
 *		were made.
 *
 * Process: any backend.  A hash is made of the password in UTF-8, so that it
 * holds in a database of another encoding.
 */
#include "postgres.h"

#include <sodium.h>

#include "mb/pg_wchar.h"

#include "tr_guc.h"
#include "tr_password.h"

#define MIN_CHARACTERS	8
#define MAX_BYTES		1024

static void
init_crypto(void)
{
	if (sodium_init() < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not initialize libsodium")));
}

static unsigned long long
operations(void)
{
	return (unsigned long long) tr_password_opslimit;
}

static size_t
memory(void)
{
	return (size_t) tr_password_memlimit * 1024;
}

void
tr_password_check(const char *password)
{
	size_t		len = strlen(password);

	if (len <= MAX_BYTES && pg_mbstrlen(password) >= MIN_CHARACTERS)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the password is too %s", len > MAX_BYTES ? "long" : "short"),
			 errhint("A password has at least %d characters and at most %d bytes.",
					 MIN_CHARACTERS, MAX_BYTES)));
}

char *
tr_password_hash(const char *password)
{
	char	   *utf8 = pg_server_to_any(password, strlen(password), PG_UTF8);
	char	   *hash = palloc(crypto_pwhash_STRBYTES);
	int			rc;

	init_crypto();
	rc = crypto_pwhash_str(hash, utf8, strlen(utf8), operations(), memory());
	if (utf8 != password)
		tr_password_wipe(utf8);
	if (rc != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("not enough memory to hash a password"),
				 errhint("transform.password_memlimit is %d kB.",
						 tr_password_memlimit)));
	return hash;
}

/* Salt and hash of nobody: what they are does not matter, that they are
 * compared does. */
static char *
hash_of_nobody(void)
{
	return psprintf("$argon2id$v=19$m=%d,t=%d,p=1"
					"$c2FsdCBvZiBub2JvZHkhIQ"
					"$bm90IHRoZSBoYXNoIG9mIGFueSBwYXNzd29yZCAhISE",
					tr_password_memlimit, tr_password_opslimit);
}

bool
tr_password_matches(const char *hash, const char *password)
{
	bool		known = hash != NULL && strlen(password) <= MAX_BYTES;
	const char *with = known ? hash : hash_of_nobody();
	char	   *utf8 = pg_server_to_any(password, strlen(password), PG_UTF8);
	bool		same;

	init_crypto();
	same = crypto_pwhash_str_verify(with, utf8,
									Min(strlen(utf8), 4 * MAX_BYTES)) == 0;
	if (utf8 != password)
		tr_password_wipe(utf8);
	return same && known;
}

bool
tr_password_outdated(const char *hash)
{
	return crypto_pwhash_str_needs_rehash(hash, operations(), memory()) != 0;
}

void
tr_password_wipe(char *password)
{
	sodium_memzero(password, strlen(password));
}
