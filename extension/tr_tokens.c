/*
 * tr_tokens.c
 *		Tokens of this database: issued with the secrets of tr_keyfile.c,
 *		checked with those and with public keys of others.
 *
 * Process: any backend.  jwt/ reads a token; this adds what takes a server:
 * keys, the clock, who is disabled and what is revoked.
 *
 * A session keeps the keys, and what it has read of tokens.  The keys are read
 * again when the file has changed (a counter in shared memory) or a trigger
 * on our tables said so; whatever else was read goes with them
 * (transform_identity_changed; the relation cache's messages reach every
 * session that begins a transaction or takes a lock).
 */
#include "postgres.h"

#include <sodium.h>

#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "jwt_private.h"
#include "tr_audit.h"
#include "tr_compat.h"
#include "tr_guc.h"
#include "tr_keyfile.h"
#include "tr_tokens.h"

#define EPOCH_US	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)
#define STATUS_HASH		16
#define MOST_STATUSES	10000	/* kept by a session */
#define NAME_BYTES		16		/* of a jti */

PG_FUNCTION_INFO_V1(transform_identity_changed);

/* What goes with the key of the same number. */
typedef struct KeyInfo
{
	bool		signs;
	TimestampTz until;			/* 0: no end */
	char	   *claim;			/* NULL: ours */
} KeyInfo;

typedef struct StatusEntry
{
	uint8		hash[STATUS_HASH];	/* of issuer, subject, jti */
	TrTokenStatus status;
} StatusEntry;

/* What this session has read. */
static struct
{
	MemoryContext context;
	bool		valid;
	uint64		changes;		/* of the file */
	int			nkeys;
	TrJwtKey   *keys;
	KeyInfo    *infos;
	HTAB	   *statuses;
	int			nstatuses;
}			cache;
static uint64 forgets = 0;		/* how often the cache was told to */

/* The tables with the trigger. */
static struct
{
	const char *name;
	Oid			oid;
}			tables[] = {{"app_user"}, {"token_key"}, {"revoked_token"}};

/* Too large for a stack frame of a function that calls others. */
static TrJwtVerified verified;
static TrJwtClaims claims;

/* ---- forgetting ---- */

/* Every relation of the database, or all at once (InvalidOid). */
static void
on_relation_change(Datum arg, Oid relid)
{
	(void) arg;
	for (int i = 0; i < lengthof(tables); i++)
	{
		if (relid == tables[i].oid || relid == InvalidOid)
		{
			cache.valid = false;
			forgets++;
			return;
		}
	}
}

Datum
transform_identity_changed(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("transform.identity_changed() is a trigger function")));
	CacheInvalidateRelcache(data->tg_relation);
	PG_RETURN_POINTER(NULL);
}

/* ---- reading keys ---- */

static void
add_key(TrJwtAlgorithm algorithm, const char *kid, const uint8 *bytes,
		size_t len, const char *issuer, const char *audience, KeyInfo info)
{
	TrJwtResult result = tr_jwt_key_init(&cache.keys[cache.nkeys], algorithm,
										 kid, bytes, len, issuer, audience);

	if (result != TR_JWT_OK)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("key \"%s\" is damaged: %s", kid,
						tr_jwt_result_text(result)),
				 errhint("transform_key_disable() takes it out of use.")));
	cache.infos[cache.nkeys++] = info;
}

static char *
to_utf8(const char *text)
{
	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

static void
find_tables(void)
{
	Oid			schema = get_namespace_oid("transform", false);

	for (int i = 0; i < lengthof(tables); i++)
		tables[i].oid = get_relname_relid(tables[i].name, schema);
}

static void
read_keys(void)
{
	List	   *own = tr_keyfile_read();
	List	   *others = tr_store_keys();
	int			most = list_length(own) + list_length(others);
	ListCell   *cell;

	cache.nkeys = 0;
	cache.keys = MemoryContextAlloc(cache.context, sizeof(TrJwtKey) * Max(most, 1));
	cache.infos = MemoryContextAlloc(cache.context, sizeof(KeyInfo) * Max(most, 1));
	foreach(cell, own)
	{
		TrFileKey  *key = lfirst(cell);
		KeyInfo		info = {key->until == 0, key->until, NULL};

		add_key(TR_JWT_HS256, key->kid, key->secret, sizeof(key->secret),
				TR_TOKEN_ISSUER, TR_TOKEN_ISSUER, info);
		tr_jwt_wipe(key, sizeof(*key));
	}
	foreach(cell, others)
	{
		TrPublicKey *key = lfirst(cell);
		KeyInfo		info = {false, 0, MemoryContextStrdup(cache.context, key->claim)};
		uint8		bytes[TR_JWT_PUBLIC_KEY];
		size_t		len = 0;

		if (key->disabled)
			continue;
		(void) tr_jwt_base64_decode(key->key, strlen(key->key), bytes,
									sizeof(bytes), &len);
		add_key(TR_JWT_EDDSA, key->kid, bytes, len, to_utf8(key->issuer),
				to_utf8(key->audience), info);
	}
}

static void
forget(void)
{
	for (int i = 0; i < cache.nkeys; i++)
		tr_jwt_key_wipe(&cache.keys[i]);
	cache.nkeys = 0;
	cache.nstatuses = 0;
	cache.statuses = NULL;
	cache.valid = false;
	MemoryContextReset(cache.context);
}

static void
make_statuses(void)
{
	HASHCTL		ctl = {0};

	ctl.keysize = STATUS_HASH;
	ctl.entrysize = sizeof(StatusEntry);
	ctl.hcxt = cache.context;
	cache.statuses = hash_create("transform tokens", 256, &ctl,
								 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	cache.nstatuses = 0;
}

static void
init_cache(void)
{
	if (cache.context != NULL)
		return;
	if (!tr_jwt_crypto_init())
		tr_token_refuse(tr_jwt_result_text(TR_JWT_NO_CRYPTO));
	cache.context = AllocSetContextCreate(TopMemoryContext, "transform tokens",
										  ALLOCSET_DEFAULT_SIZES);
	CacheRegisterRelcacheCallback(on_relation_change, (Datum) 0);
}

/* Brings the cache up to date.  What changes meanwhile is read again. */
static void
refresh(void)
{
	uint64		seen;

	init_cache();
	AcceptInvalidationMessages();
	if (cache.valid && cache.changes == tr_keyfile_changes())
		return;
	forget();
	find_tables();
	do
	{
		seen = forgets;
		cache.changes = tr_keyfile_changes();
		read_keys();
	} while (seen != forgets);
	make_statuses();
	cache.valid = true;
}

/* ---- checking ---- */

void
tr_token_refuse(const char *why)
{
	tr_audit(&(TrAuditEvent) {
		.kind = TR_AUDIT_TOKEN, .outcome = "refused", .lasting = true,
		.sqlstate = ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, .detail = why
	});
	ereport(LOG_SERVER_ONLY,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("transform: token refused: %s", why),
			 errhidestmt(true), errhidecontext(true)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("invalid token"),
			 errhint("Log in again; the server log says what is wrong with it.")));
}

static TimestampTz
as_timestamp(int64 unix_us)
{
	return unix_us - EPOCH_US;
}

int64
tr_token_now(void)
{
	return (GetCurrentTimestamp() + EPOCH_US) / USECS_PER_SEC;
}

static void
hash_part(crypto_generichash_state *state, const char *text)
{
	uint8		known = text != NULL;

	(void) crypto_generichash_update(state, &known, 1);
	if (known)
		(void) crypto_generichash_update(state, (const uint8 *) text,
										 strlen(text) + 1);
}

/* What the tables say of the claims just verified. */
static void
find_status(bool own, TrTokenStatus *status)
{
	crypto_generichash_state state;
	uint8		hash[STATUS_HASH];
	StatusEntry *entry;
	uint64		seen = forgets;
	char	   *issuer;

	(void) crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	hash_part(&state, claims.issuer);
	hash_part(&state, claims.id);
	hash_part(&state, own ? claims.subject : NULL);
	(void) crypto_generichash_final(&state, hash, sizeof(hash));
	entry = hash_search(cache.statuses, hash, HASH_FIND, NULL);
	if (entry != NULL)
	{
		*status = entry->status;
		return;
	}
	issuer = pg_any_to_server(claims.issuer, strlen(claims.issuer), PG_UTF8);
	tr_store_token_status(issuer,
						  claims.id == NULL ? NULL :
						  pg_any_to_server(claims.id, strlen(claims.id), PG_UTF8),
						  own ? claims.subject : NULL, status);
	if (seen != forgets)
		return;
	if (cache.nstatuses >= MOST_STATUSES)
	{
		hash_destroy(cache.statuses);
		make_statuses();
	}
	entry = hash_search(cache.statuses, hash, HASH_ENTER, NULL);
	entry->status = *status;
	cache.nstatuses++;
}

/* Is the token just verified refused by what only we know? */
static void
check_status(const KeyInfo *info, TrTokenStatus *status)
{
	bool		own = info->claim == NULL;

	if (info->until != 0 && GetCurrentTimestamp() >= info->until)
		tr_token_refuse("its key has been replaced");
	if (own && (claims.subject == NULL || claims.id == NULL ||
				claims.issued == TR_JWT_NO_TIME))
		tr_token_refuse("it lacks a claim of our own tokens");
	find_status(own, status);
	if (status->revoked)
		tr_token_refuse("it has been revoked");
	if (!own)
		return;
	if (!status->user_known)
		tr_token_refuse("its user does not exist or is disabled");
	if (status->tokens_after != 0 &&
		as_timestamp(claims.issued) < status->tokens_after)
		tr_token_refuse("all tokens of its user from that time have been revoked");
}

static char *
from_utf8(const char *text)
{
	return text == NULL ? NULL :
		pstrdup(pg_any_to_server(text, strlen(text), PG_UTF8));
}

void
tr_token_check(text *token, TrToken *result)
{
	TrTokenStatus status = {0};
	TrJwtResult verdict;
	const KeyInfo *info;

	refresh();
	verdict = tr_jwt_verify(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token),
							cache.keys, cache.nkeys, &verified);
	if (verdict == TR_JWT_OK)
		verdict = tr_jwt_claims(&verified, GetCurrentTimestamp() + EPOCH_US,
								tr_clock_skew, &claims);
	if (verdict != TR_JWT_OK)
		tr_token_refuse(tr_jwt_result_text(verdict));
	info = &cache.infos[verified.key - cache.keys];
	check_status(info, &status);

	result->own = info->claim == NULL;
	result->kid = pstrdup(claims.key->kid);
	result->claim = result->own ? NULL : pstrdup(info->claim);
	result->issuer = from_utf8(claims.issuer);
	result->subject = from_utf8(claims.subject);
	result->id = from_utf8(claims.id);
	result->role = status.role;
	result->expires = as_timestamp(claims.expires);
	result->claims = DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
														CStringGetDatum(from_utf8(pnstrdup(claims.json, claims.len)))));
}

static JsonbValue *
find_claim(const TrToken *token, const char *name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(&token->claims->root, name,
										strlen(name), value);
}

bool
tr_token_number_claim(const TrToken *token, const char *name, int64 *value)
{
	JsonbValue	v;

	if (find_claim(token, name, &v) == NULL || v.type != jbvNumeric)
		return false;
	*value = DatumGetInt64(DirectFunctionCall1(numeric_int8,
											   NumericGetDatum(v.val.numeric)));
	return true;
}

char *
tr_token_text_claim(const TrToken *token, const char *name)
{
	JsonbValue	v;

	if (find_claim(token, name, &v) == NULL || v.type != jbvString)
		return NULL;
	return pnstrdup(v.val.string.val, v.val.string.len);
}

/* ---- issuing ---- */

static const TrJwtKey *
signing_key(void)
{
	refresh();
	for (int i = 0; i < cache.nkeys; i++)
		if (cache.infos[i].signs)
			return &cache.keys[i];
	return NULL;
}

static void
append_text(StringInfo json, const char *name, const char *value)
{
	appendStringInfo(json, "\"%s\":", name);
	escape_json(json, value);
	appendStringInfoChar(json, ',');
}

/* The time of issue has a fraction, so that "all tokens before" is exact. */
static char *
make_claims(const TrUser *user, int64 login_time, char **id)
{
	int64		now = GetCurrentTimestamp() + EPOCH_US;
	uint8		name[NAME_BYTES];
	StringInfoData json;

	if (!pg_strong_random(name, sizeof(name)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	*id = palloc(2 * NAME_BYTES + 1);
	sodium_bin2hex(*id, 2 * NAME_BYTES + 1, name, sizeof(name));

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	append_text(&json, "iss", TR_TOKEN_ISSUER);
	append_text(&json, "aud", TR_TOKEN_ISSUER);
	append_text(&json, "sub", user->id);
	append_text(&json, "jti", *id);
	append_text(&json, "role", GetUserNameFromId(user->role, false));
	append_text(&json, "email", user->email);
	appendStringInfo(&json, "\"auth_time\":" INT64_FORMAT ",", login_time);
	appendStringInfo(&json, "\"iat\":" INT64_FORMAT ".%06d,",
					 now / USECS_PER_SEC, (int) (now % USECS_PER_SEC));
	appendStringInfo(&json, "\"exp\":" INT64_FORMAT "}",
					 now / USECS_PER_SEC + tr_token_lifetime);
	return json.data;
}

char *
tr_token_issue(const TrUser *user, int64 login_time, char **id)
{
	const TrJwtKey *key = signing_key();
	char	   *json = to_utf8(make_claims(user, login_time, id));
	char	   *token = palloc(TR_JWT_MAX + 1);
	size_t		len;
	TrJwtResult result;

	if (key == NULL)
	{
		tr_keyfile_ensure();
		key = signing_key();
	}
	if (key == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("there is no key to sign a token with"),
				 errhint("transform_key_rotate() makes one.")));
	result = tr_jwt_sign(key, json, strlen(json), token, &len);
	if (result != TR_JWT_OK)
		elog(ERROR, "could not sign a token: %s", tr_jwt_result_text(result));
	return token;
}
