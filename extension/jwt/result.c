/*
 * result.c
 *		What each result is called, and what it means.
 */
#include "tr_jwt.h"

static const struct
{
	const char *name;
	const char *text;
}			results[TR_JWT_RESULTS] = {
	[TR_JWT_OK] = {"ok", "accepted"},
	[TR_JWT_TOO_LONG] = {"too long", "the token, its header or what is to be signed is too long"},
	[TR_JWT_NOT_COMPACT] = {"not compact", "not three parts with two dots between them"},
	[TR_JWT_BASE64] = {"base64", "a part is not strict base64url"},
	[TR_JWT_JSON_SYNTAX] = {"json syntax", "not exactly one JSON object"},
	[TR_JWT_JSON_UTF8] = {"json utf8", "a byte sequence is not UTF-8"},
	[TR_JWT_JSON_ESCAPE] = {"json escape", "an escape is no character: NUL or half a surrogate pair"},
	[TR_JWT_JSON_DUPLICATE] = {"json duplicate", "an object has a key twice"},
	[TR_JWT_JSON_DEPTH] = {"json depth", "nested too deeply"},
	[TR_JWT_JSON_SIZE] = {"json size", "too many keys, or a number out of bounds"},
	[TR_JWT_HEADER_REFUSED] = {"header refused", "the header has a parameter that is not accepted"},
	[TR_JWT_HEADER_TYPE] = {"header type", "\"alg\" is missing, or \"alg\", \"kid\" or \"typ\" is not a string"},
	[TR_JWT_TYP] = {"typ", "\"typ\" is neither JWT nor at+jwt"},
	[TR_JWT_NO_KEY] = {"no key", "no key has this \"kid\""},
	[TR_JWT_KEY_UNCLEAR] = {"key unclear", "more than one key could be meant"},
	[TR_JWT_ALGORITHM] = {"algorithm", "the algorithm is not the key's"},
	[TR_JWT_SIGNATURE] = {"signature", "the signature is wrong"},
	[TR_JWT_NOT_VERIFIED] = {"not verified", "claims were asked for before the signature was verified"},
	[TR_JWT_CLAIM_TYPE] = {"claim type", "a registered claim has a wrong type or is out of range"},
	[TR_JWT_NO_EXPIRY] = {"no expiry", "\"exp\" is missing"},
	[TR_JWT_EXPIRED] = {"expired", "\"exp\" has passed"},
	[TR_JWT_NOT_YET] = {"not yet", "\"nbf\" is to come"},
	[TR_JWT_FROM_FUTURE] = {"from future", "\"iat\" is to come"},
	[TR_JWT_ISSUER] = {"issuer", "\"iss\" is not the key's"},
	[TR_JWT_AUDIENCE] = {"audience", "\"aud\" does not hold the key's"},
	[TR_JWT_KEY_NAME] = {"key name", "kid, issuer or audience of the key is empty, too long or has characters that are not allowed"},
	[TR_JWT_KEY_LENGTH] = {"key length", "the key has a wrong length"},
	[TR_JWT_KEY_POINT] = {"key point", "not an Ed25519 public key"},
	[TR_JWT_KEY_CANNOT_SIGN] = {"key cannot sign", "tokens are signed with HS256 keys only"},
	[TR_JWT_SKEW] = {"skew", "the clock skew is not between 0 and 60 seconds"},
	[TR_JWT_NO_CRYPTO] = {"no crypto", "libsodium could not be initialized"},
};

const char *
tr_jwt_result_name(TrJwtResult result)
{
	return results[result].name;
}

const char *
tr_jwt_result_text(TrJwtResult result)
{
	return results[result].text;
}
