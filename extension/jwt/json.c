/*
 * json.c
 *		A strict scanner of one JSON object.
 *
 * Runs in a backend, on text that anyone may have written (a header is read
 * before its signature is checked).  Takes less than RFC 8259 allows, so that
 * every parser that sees the text later, jsonb's among them, reads the same:
 * UTF-8 alone (RFC 8725, section 3.7), no key twice in one object (RFC 7515,
 * section 4, and RFC 7519, section 4, let an implementation choose, and two
 * would choose differently), no NUL, no half of a surrogate pair, nothing
 * before or after the object but white space, no number that jsonb has no
 * place for.  Depth, keys and digits are bounded, hence stack and time.
 */
#include <string.h>

#include "jwt_private.h"

#define MAX_DEPTH		8
#define MAX_KEYS		256		/* that are open at a time */
#define MAX_NUMBER		64		/* bytes */
#define MAX_EXPONENT	308		/* that of a double */

typedef struct Scanner
{
	const unsigned char *p;
	const unsigned char *end;
	char	   *arena;			/* where the next string goes */
	int			depth;
	int			nkeys;			/* of the objects that are open */
	const char *keys[MAX_KEYS];
	const char *member;			/* the key in the outermost object */
	JwtTake		take;
	void	   *state;
} Scanner;

static TrJwtResult scan_value(Scanner *s, bool element);

static void
skip_space(Scanner *s)
{
	while (s->p < s->end &&
		   (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

/* Is this the next byte?  Then it is passed. */
static bool
pass(Scanner *s, char c)
{
	if (s->p == s->end || *s->p != (unsigned char) c)
		return false;
	s->p++;
	return true;
}

/* ---- strings */

/*
 * How many bytes the character at p has; 0 when it is none.  RFC 3629, by the
 * table of Unicode ("well-formed UTF-8 byte sequences"): the second byte's
 * range keeps out overlong forms, surrogates and what is above U+10FFFF.
 */
static int
utf8_length(const unsigned char *p, const unsigned char *end)
{
	static const struct
	{
		unsigned char first,
					last,
					low,
					high,
					length;
	}			forms[] = {
		{0x00, 0x7F, 0, 0, 1},
		{0xC2, 0xDF, 0x80, 0xBF, 2},
		{0xE0, 0xE0, 0xA0, 0xBF, 3},
		{0xE1, 0xEC, 0x80, 0xBF, 3},
		{0xED, 0xED, 0x80, 0x9F, 3},
		{0xEE, 0xEF, 0x80, 0xBF, 3},
		{0xF0, 0xF0, 0x90, 0xBF, 4},
		{0xF1, 0xF3, 0x80, 0xBF, 4},
		{0xF4, 0xF4, 0x80, 0x8F, 4},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
	{
		int			length = forms[i].length;

		if (*p < forms[i].first || *p > forms[i].last)
			continue;
		if (end - p < length)
			return 0;
		if (length > 1 && (p[1] < forms[i].low || p[1] > forms[i].high))
			return 0;
		for (int k = 2; k < length; k++)
		{
			if ((p[k] & 0xC0) != 0x80)
				return 0;
		}
		return length;
	}
	return 0;
}

static bool
hex4(Scanner *s, uint32_t *value)
{
	*value = 0;
	if (s->end - s->p < 4)
		return false;
	for (int i = 0; i < 4; i++)
	{
		unsigned char c = *s->p++;

		*value <<= 4;
		if (c >= '0' && c <= '9')
			*value += c - '0';
		else if (c >= 'a' && c <= 'f')
			*value += c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			*value += c - 'A' + 10;
		else
			return false;
	}
	return true;
}

static void
put_utf8(Scanner *s, uint32_t c)
{
	if (c < 0x80)
		*s->arena++ = (char) c;
	else if (c < 0x800)
	{
		*s->arena++ = (char) (0xC0 | c >> 6);
		*s->arena++ = (char) (0x80 | (c & 0x3F));
	}
	else
	{
		if (c < 0x10000)
			*s->arena++ = (char) (0xE0 | c >> 12);
		else
		{
			*s->arena++ = (char) (0xF0 | c >> 18);
			*s->arena++ = (char) (0x80 | (c >> 12 & 0x3F));
		}
		*s->arena++ = (char) (0x80 | (c >> 6 & 0x3F));
		*s->arena++ = (char) (0x80 | (c & 0x3F));
	}
}

/* After \u; the result is never longer than what it is written with. */
static TrJwtResult
scan_unicode(Scanner *s)
{
	uint32_t	c;
	uint32_t	low;

	if (!hex4(s, &c))
		return TR_JWT_JSON_SYNTAX;
	if (c == 0 || (c >= 0xDC00 && c <= 0xDFFF))
		return TR_JWT_JSON_ESCAPE;
	if (c >= 0xD800 && c <= 0xDBFF)
	{
		if (!pass(s, '\\') || !pass(s, 'u') || !hex4(s, &low) ||
			low < 0xDC00 || low > 0xDFFF)
			return TR_JWT_JSON_ESCAPE;
		c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
	}
	put_utf8(s, c);
	return TR_JWT_OK;
}

static TrJwtResult
scan_escape(Scanner *s)
{
	static const char codes[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (pass(s, 'u'))
		return scan_unicode(s);
	if (s->p == s->end || *s->p == '\0' ||
		(found = strchr(codes, *s->p)) == NULL)
		return TR_JWT_JSON_SYNTAX;
	s->p++;
	*s->arena++ = values[found - codes];
	return TR_JWT_OK;
}

/* A string, unescaped into the arena; its closing quote makes room for NUL. */
static TrJwtResult
scan_string(Scanner *s, const char **text, size_t *len)
{
	TrJwtResult result;
	int			n;

	if (!pass(s, '"'))
		return TR_JWT_JSON_SYNTAX;
	*text = s->arena;
	while (s->p < s->end)
	{
		if (pass(s, '"'))
		{
			*len = s->arena - *text;
			*s->arena++ = '\0';
			return TR_JWT_OK;
		}
		if (*s->p < ' ')
			return TR_JWT_JSON_SYNTAX;
		if (pass(s, '\\'))
		{
			result = scan_escape(s);
			if (result != TR_JWT_OK)
				return result;
			continue;
		}
		n = utf8_length(s->p, s->end);
		if (n == 0)
			return TR_JWT_JSON_UTF8;
		memcpy(s->arena, s->p, n);
		s->arena += n;
		s->p += n;
	}
	return TR_JWT_JSON_SYNTAX;
}

/* ---- numbers and words */

/* Passes digits; how many. */
static int
digits(Scanner *s)
{
	const unsigned char *start = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (int) (s->p - start);
}

static TrJwtResult
scan_exponent(Scanner *s)
{
	const unsigned char *start;
	int			value = 0;

	if (!pass(s, '+'))
		(void) pass(s, '-');
	start = s->p;
	if (digits(s) == 0)
		return TR_JWT_JSON_SYNTAX;
	for (; start < s->p; start++)
	{
		value = value * 10 + (*start - '0');
		if (value > MAX_EXPONENT)
			return TR_JWT_JSON_SIZE;
	}
	return TR_JWT_OK;
}

static TrJwtResult
scan_number(Scanner *s)
{
	const unsigned char *start = s->p;
	TrJwtResult result;

	(void) pass(s, '-');
	if (!pass(s, '0') && digits(s) == 0)
		return TR_JWT_JSON_SYNTAX;
	if (pass(s, '.') && digits(s) == 0)
		return TR_JWT_JSON_SYNTAX;
	if (pass(s, 'e') || pass(s, 'E'))
	{
		result = scan_exponent(s);
		if (result != TR_JWT_OK)
			return result;
	}
	return s->p - start <= MAX_NUMBER ? TR_JWT_OK : TR_JWT_JSON_SIZE;
}

static TrJwtResult
scan_word(Scanner *s)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		size_t		len = strlen(words[i]);

		if ((size_t) (s->end - s->p) >= len &&
			memcmp(s->p, words[i], len) == 0)
		{
			s->p += len;
			return TR_JWT_OK;
		}
	}
	return TR_JWT_JSON_SYNTAX;
}

/* ---- objects and lists */

/* A key, unlike those of the same object, which begin at first. */
static TrJwtResult
scan_key(Scanner *s, int first)
{
	const char *key;
	size_t		len;
	TrJwtResult result = scan_string(s, &key, &len);

	if (result != TR_JWT_OK)
		return result;
	for (int i = first; i < s->nkeys; i++)
	{
		if (strcmp(s->keys[i], key) == 0)
			return TR_JWT_JSON_DUPLICATE;
	}
	if (s->nkeys == MAX_KEYS)
		return TR_JWT_JSON_SIZE;
	s->keys[s->nkeys++] = key;
	if (s->depth == 1)
		s->member = key;
	skip_space(s);
	return pass(s, ':') ? TR_JWT_OK : TR_JWT_JSON_SYNTAX;
}

/* After the opening bracket, up to the closing one. */
static TrJwtResult
scan_members(Scanner *s, bool object)
{
	const char	close = object ? '}' : ']';
	int			first = s->nkeys;
	bool		element = !object && s->depth == 2;
	TrJwtResult result = TR_JWT_OK;

	skip_space(s);
	if (pass(s, close))
		return TR_JWT_OK;
	do
	{
		skip_space(s);
		if (object)
			result = scan_key(s, first);
		if (result == TR_JWT_OK)
			result = scan_value(s, element);
		if (result != TR_JWT_OK)
			return result;
		skip_space(s);
	} while (pass(s, ','));
	s->nkeys = first;
	return pass(s, close) ? TR_JWT_OK : TR_JWT_JSON_SYNTAX;
}

static TrJwtResult
scan_nested(Scanner *s, bool object)
{
	TrJwtResult result;

	if (s->depth == MAX_DEPTH)
		return TR_JWT_JSON_DEPTH;
	s->depth++;
	result = scan_members(s, object);
	s->depth--;
	return result;
}

/*
 * Any value.  Those of the outermost object, and the elements of a list
 * there, are given to take: before what a list holds.
 */
static TrJwtResult
scan_value(Scanner *s, bool element)
{
	bool		give = element || s->depth == 1;
	JwtItem		item = {s->member, element, false, JWT_OTHER, NULL, 0};
	TrJwtResult result = TR_JWT_OK;
	bool		object = false;

	skip_space(s);
	if (s->p == s->end)
		return TR_JWT_JSON_SYNTAX;
	if (*s->p == '"')
	{
		item.kind = JWT_STRING;
		result = scan_string(s, &item.text, &item.len);
	}
	else if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
	{
		item.kind = JWT_NUMBER;
		item.text = (const char *) s->p;
		result = scan_number(s);
		item.len = s->p - (const unsigned char *) item.text;
	}
	else if (pass(s, '{'))
		object = true;
	else if (pass(s, '['))
		item.list = true;
	else
		result = scan_word(s);

	if (result == TR_JWT_OK && give)
		result = s->take(s->state, &item);
	if (result == TR_JWT_OK && (object || item.list))
		result = scan_nested(s, object);
	return result;
}

TrJwtResult
tr_jwt_json_scan(const char *text, size_t len, char *arena,
				 JwtTake take, void *state)
{
	Scanner		s;
	TrJwtResult result;

	s.p = (const unsigned char *) text;
	s.end = s.p + len;
	s.arena = arena;
	s.depth = 0;
	s.nkeys = 0;
	s.member = NULL;
	s.take = take;
	s.state = state;

	skip_space(&s);
	if (!pass(&s, '{'))
		return TR_JWT_JSON_SYNTAX;
	result = scan_nested(&s, true);
	if (result != TR_JWT_OK)
		return result;
	skip_space(&s);
	return s.p == s.end ? TR_JWT_OK : TR_JWT_JSON_SYNTAX;
}
