/*
 * tr_text.c
 *		Text between a worker (always UTF-8) and the server's encoding.
 *
 * Process: the backend that holds a job.  What a worker says is data: never
 * a format, never raw control characters in a message or a log.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"

#include "tr_types.h"

char *
tr_text_to_utf8(const char *text, int len, int *utf8_len)
{
	char	   *utf8;

	*utf8_len = len;
	if (GetDatabaseEncoding() == PG_UTF8)
		return unconstify(char *, text);
	utf8 = pg_server_to_any(text, len, PG_UTF8);
	if (utf8 != text)
		*utf8_len = strlen(utf8);
	return utf8;
}

/* Also U+0080 to U+009F: U+009B begins a terminal's escape sequence. */
static bool
is_control(const unsigned char *p, int len, bool lines)
{
	if (lines && (*p == '\n' || *p == '\t'))
		return false;
	return *p < 32 || *p == 127 || (len == 2 && *p == 0xC2 && p[1] < 0xA0);
}

/*
 * Copy with bytes that are not UTF-8 and control characters replaced: first
 * as UTF-8, then into the server's encoding character by character.
 */
char *
tr_text_from_worker(WireText text, bool lines)
{
	StringInfoData out;
	const unsigned char *p = (const unsigned char *) text.data;
	uint32		left = text.len;

	initStringInfo(&out);
	while (left > 0)
	{
		int			len = pg_utf_mblen(p);
		char	   *converted = NULL;
		bool		bad = true;

		if (len > (int) left ||
			pg_encoding_verifymbstr(PG_UTF8, (const char *) p, len) != len)
			len = 1;			/* not a character: on with the next byte */
		else if (!is_control(p, len, lines))
			bad = false;
		if (bad)
		{
			appendStringInfoChar(&out, '?');
			p += len;
			left -= len;
			continue;
		}
		if (len == 1 || GetDatabaseEncoding() == PG_UTF8)
			appendBinaryStringInfo(&out, (const char *) p, len);
		else
		{
			unsigned char buf[MAX_CONVERSION_GROWTH * 4 + 1];
			Oid			proc = FindDefaultConversionProc(PG_UTF8,
														 GetDatabaseEncoding());

			/* noError: an untranslatable character becomes a question mark */
			if (OidIsValid(proc) &&
				pg_do_encoding_conversion_buf(proc, PG_UTF8,
											  GetDatabaseEncoding(),
											  unconstify(unsigned char *, p),
											  len, buf, sizeof(buf),
											  true) == len)
				converted = (char *) buf;
			appendStringInfoString(&out, converted != NULL ? converted : "?");
		}
		p += len;
		left -= len;
	}
	return out.data;
}
