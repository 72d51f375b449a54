/*
 * sodium.c
 *		Every call of libsodium: HMAC-SHA-256, Ed25519, base64url.
 *
 * Runs in a backend.  Another library would take the place of this file.
 */
#include <sodium.h>

#include "jwt_private.h"

/* Chooses the fastest code for the processor; may be called again. */
bool
tr_jwt_crypto_init(void)
{
	return sodium_init() >= 0;
}

/*
 * RFC 7515, section 2, and RFC 4648, section 3.5: no padding, no white space,
 * nothing outside the alphabet, no bit set that no byte has.  So one byte
 * string has one text, and a token cannot be changed without changing what
 * was signed.
 *
 * Where char is signed, sodium_base642bin of 1.0.18 takes the byte 0xDF for
 * '_' (0x5F), whence the first loop.  Neither that nor what follows shows in
 * the time it takes where a character stands.
 */
bool
tr_jwt_base64_decode(const char *text, size_t len,
					 void *bytes, size_t size, size_t *out_len)
{
	unsigned char all = 0;

	for (size_t i = 0; i < len; i++)
		all |= (unsigned char) text[i];
	if (all & 0x80)
		return false;
	return sodium_base642bin(bytes, size, text, len, NULL, out_len, NULL,
							 sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

bool
tr_jwt_base64_encode(const void *bytes, size_t len, char *text, size_t size)
{
	const int	variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

	if (size < sodium_base64_encoded_len(len, variant))
		return false;
	sodium_bin2base64(text, size, bytes, len, variant);
	return true;
}

void
tr_jwt_mac(const TrJwtKey *key, const char *text, size_t len,
		   uint8_t mac[JWT_MAC])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key->bytes, key->len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *) text, len);
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_memzero(&state, sizeof(state));
}

/* RFC 7515, section 5.2, and RFC 7518, section 3.2: compared in constant time. */
bool
tr_jwt_mac_verify(const TrJwtKey *key, const char *text, size_t len,
				  const uint8_t mac[JWT_MAC])
{
	uint8_t		expected[JWT_MAC];
	bool		same;

	tr_jwt_mac(key, text, len, expected);
	same = crypto_verify_32(expected, mac) == 0;
	sodium_memzero(expected, sizeof(expected));
	return same;
}

/*
 * RFC 8725, section 3.4: validate what goes into cryptographic operations.
 * The point is written canonically, on the curve, of large order and in the
 * main subgroup.
 */
bool
tr_jwt_ed25519_key_ok(const uint8_t *bytes)
{
	return crypto_core_ed25519_is_valid_point(bytes) == 1;
}

/* RFC 8032, section 5.1.7; S not reduced and R of small order are refused. */
bool
tr_jwt_ed25519_verify(const TrJwtKey *key, const char *text, size_t len,
					  const uint8_t signature[JWT_SIGNATURE])
{
	return crypto_sign_verify_detached(signature, (const unsigned char *) text,
									   len, key->bytes) == 0;
}

/* Is not optimised away. */
void
tr_jwt_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}
