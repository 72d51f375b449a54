/*
 * token.c
 *		The token as a whole: its three parts, its header, its signature.
 *
 * Runs in a backend.  The first of the two steps of reading a token, and the
 * making of one.
 */
#include <string.h>

#include "jwt_private.h"

/* Where the parts stand in the token. */
typedef struct Parts
{
	size_t		header;			/* lengths */
	size_t		payload;
	size_t		signature;
	size_t		signed_text;	/* header and payload with their dot */
} Parts;

typedef struct Header
{
	const char *algorithm;
	const char *kid;
	const char *typ;
} Header;

/*
 * RFC 7515, section 3.1: the compact form, and no other; RFC 7519, section 3.
 * Five parts are encrypted (RFC 7516), and refused like any other number.
 */
static TrJwtResult
split(const char *token, size_t len, Parts *parts)
{
	const char *first;
	const char *second;
	const char *end = token + len;

	if (len > TR_JWT_MAX)
		return TR_JWT_TOO_LONG;
	first = len > 0 ? memchr(token, '.', len) : NULL;
	if (first == NULL)
		return TR_JWT_NOT_COMPACT;
	second = memchr(first + 1, '.', end - first - 1);
	if (second == NULL || memchr(second + 1, '.', end - second - 1) != NULL)
		return TR_JWT_NOT_COMPACT;

	parts->header = first - token;
	parts->payload = second - first - 1;
	parts->signature = end - second - 1;
	parts->signed_text = second - token;
	return parts->header > TR_JWT_HEADER_MAX ? TR_JWT_TOO_LONG : TR_JWT_OK;
}

/* ---- the header */

/*
 * Parameters that are refused, whatever their value.  Others that are not
 * known are ignored, as RFC 7515, section 4, requires.
 */
static bool
refused(const char *name)
{
	static const char *const names[] = {
		"crit",					/* RFC 7515, 4.1.11: extensions we know: none */
		"b64",					/* RFC 7797, 7: not in a JWT */
		"jwk",					/* keys that the token brings along ... */
		"jku",					/* ... or says where to fetch: */
		"x5u",					/* RFC 8725, 2.1, 2.9 and 3.10 */
		"x5c",
		"x5t",
		"x5t#S256",
		"zip",					/* RFC 8725, 3.6: no compression */
		"enc",					/* RFC 7516: encrypted, not signed */
		"cty",					/* RFC 7519, 5.2: a token within the token */
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* Does text say this, in letters of any case?  ASCII alone. */
static bool
says(const char *text, const char *lower)
{
	for (; *lower; text++, lower++)
	{
		char		c = *text;

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (c != *lower)
			return false;
	}
	return *text == '\0';
}

static TrJwtResult
take_parameter(void *state, const JwtItem *item)
{
	Header	   *header = state;
	const char **place;

	if (refused(item->key))
		return TR_JWT_HEADER_REFUSED;
	if (strcmp(item->key, "alg") == 0)
		place = &header->algorithm;
	else if (strcmp(item->key, "kid") == 0)
		place = &header->kid;
	else if (strcmp(item->key, "typ") == 0)
		place = &header->typ;
	else
		return TR_JWT_OK;
	if (item->kind != JWT_STRING)
		return TR_JWT_HEADER_TYPE;
	*place = item->text;
	return TR_JWT_OK;
}

/* The header's strings stand in arena, of TR_JWT_HEADER_MAX bytes. */
static TrJwtResult
read_header(const char *text, size_t len, char *arena, Header *header)
{
	char		json[TR_JWT_HEADER_MAX];
	size_t		json_len;
	TrJwtResult result;

	memset(header, 0, sizeof(*header));
	if (!tr_jwt_base64_decode(text, len, json, sizeof(json), &json_len))
		return TR_JWT_BASE64;
	result = tr_jwt_json_scan(json, json_len, arena, take_parameter, header);
	if (result != TR_JWT_OK)
		return result;
	/* RFC 7515, section 4.1.1: alg must be there */
	if (header->algorithm == NULL)
		return TR_JWT_HEADER_TYPE;

	/*
	 * RFC 8725, section 3.11, and RFC 9068: typ says that it is a token of a
	 * kind meant for us, where it says anything.
	 */
	if (header->typ && !says(header->typ, "jwt") &&
		!says(header->typ, "at+jwt"))
		return TR_JWT_TYP;
	return TR_JWT_OK;
}

/*
 * RFC 8725, section 3.1 and 3.2: the key's algorithm is the one that is used,
 * and a header that names another is refused.  "none" (RFC 7519, section 6) is
 * no key's, nor is anything spelt differently (RFC 7515, section 4.1.1: case
 * matters).
 */
static const char *
algorithm_name(const TrJwtKey *key)
{
	return key->algorithm == TR_JWT_HS256 ? "HS256" : "EdDSA";
}

/* ---- the signature */

/* RFC 7515, section 5.2, step 8: over the text as it came. */
static TrJwtResult
check_signature(const TrJwtKey *key, const char *token, const Parts *parts)
{
	uint8_t		signature[JWT_SIGNATURE] = {0};
	size_t		len;
	bool		good = false;

	if (!tr_jwt_base64_decode(token + parts->signed_text + 1,
							  parts->signature,
							  signature, sizeof(signature), &len))
		return TR_JWT_BASE64;
	if (key->algorithm == TR_JWT_HS256)
		good = len == JWT_MAC &&
			tr_jwt_mac_verify(key, token, parts->signed_text, signature);
	else if (key->algorithm == TR_JWT_EDDSA)
		good = len == JWT_SIGNATURE &&
			tr_jwt_ed25519_verify(key, token, parts->signed_text, signature);
	return good ? TR_JWT_OK : TR_JWT_SIGNATURE;
}

/*
 * RFC 8725, section 3.3: every operation must succeed, or the whole token is
 * refused.  Nothing of the payload is looked at, not even decoded, before the
 * signature is known to be right.
 */
TrJwtResult
tr_jwt_verify(const char *token, size_t len, const TrJwtKey *keys, int nkeys,
			  TrJwtVerified *verified)
{
	char		arena[TR_JWT_HEADER_MAX];
	Parts		parts;
	Header		header;
	const TrJwtKey *key;
	TrJwtResult result;

	verified->key = NULL;
	verified->len = 0;

	if ((result = split(token, len, &parts)) != TR_JWT_OK ||
		(result = read_header(token, parts.header, arena,
							  &header)) != TR_JWT_OK ||
		(result = tr_jwt_key_find(keys, nkeys, header.kid,
								  &key)) != TR_JWT_OK)
		return result;
	if (strcmp(header.algorithm, algorithm_name(key)) != 0)
		return TR_JWT_ALGORITHM;
	result = check_signature(key, token, &parts);
	if (result != TR_JWT_OK)
		return result;

	if (!tr_jwt_base64_decode(token + parts.header + 1, parts.payload,
							  verified->payload, TR_JWT_PAYLOAD_MAX,
							  &verified->len))
	{
		verified->len = 0;
		return TR_JWT_BASE64;
	}
	verified->payload[verified->len] = '\0';
	verified->key = key;
	return TR_JWT_OK;
}

/* ---- signing */

/* Appends the base64url of some bytes; NUL follows. */
static bool
append(char *token, size_t *used, const void *bytes, size_t len)
{
	if (!tr_jwt_base64_encode(bytes, len, token + *used,
							  TR_JWT_MAX + 1 - *used))
		return false;
	*used += strlen(token + *used);
	return true;
}

static bool
append_dot(char *token, size_t *used)
{
	if (*used >= TR_JWT_MAX)
		return false;
	token[(*used)++] = '.';
	token[*used] = '\0';
	return true;
}

/* The kid needs no escapes: tr_jwt_key_init sees to that. */
static size_t
write_header(const TrJwtKey *key, char *header)
{
	const char *const pieces[] = {
		"{\"alg\":\"HS256\",\"kid\":\"", key->kid, "\",\"typ\":\"JWT\"}"
	};
	size_t		used = 0;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
	{
		size_t		len = strlen(pieces[i]);

		memcpy(header + used, pieces[i], len);
		used += len;
	}
	return used;
}

TrJwtResult
tr_jwt_sign(const TrJwtKey *key, const char *json, size_t len,
			char *token, size_t *token_len)
{
	char		header[TR_JWT_KID_MAX + 64];
	uint8_t		mac[JWT_MAC];
	TrJwtClaims claims;
	size_t		used = 0;
	TrJwtResult result;

	token[0] = '\0';
	*token_len = 0;
	if (key->algorithm != TR_JWT_HS256)
		return TR_JWT_KEY_CANNOT_SIGN;
	if (len > TR_JWT_PAYLOAD_MAX)
		return TR_JWT_TOO_LONG;
	result = tr_jwt_claims_read(key, json, len, &claims);
	if (result != TR_JWT_OK)
		return result;

	if (!append(token, &used, header, write_header(key, header)) ||
		!append_dot(token, &used) ||
		!append(token, &used, json, len))
		goto too_long;
	tr_jwt_mac(key, token, used, mac);
	if (!append_dot(token, &used) ||
		!append(token, &used, mac, sizeof(mac)))
		goto too_long;
	*token_len = used;
	return TR_JWT_OK;

too_long:
	token[0] = '\0';
	return TR_JWT_TOO_LONG;
}
