/*
 * format.c
 *		Arrow format strings that may travel, as a table.
 *
 * https://arrow.apache.org/docs/format/CDataInterface.html lists them all.
 * What is not in the table is not accepted from anybody.
 */
#include "wire.h"

#include <string.h>

typedef struct FormatRow
{
	const char *format;
	char		code;			/* what WireFormat.code says */
	WireLayout	layout;
	uint32_t	width;
	bool		text;
	char		unit;
} FormatRow;

/*
 * Codes: the Arrow letter where there is one; 't' timestamp, 'D' date (days),
 * 'M' date (milliseconds), 'T' duration, 'h' time of day, '+' list, 'd' decimal.
 */
static const FormatRow formats[] = {
	{"n", 'n', WIRE_LAYOUT_NULL, 0, false, 0},
	{"b", 'b', WIRE_LAYOUT_BITS, 0, false, 0},
	{"c", 'c', WIRE_LAYOUT_FIXED, 1, false, 0},
	{"C", 'C', WIRE_LAYOUT_FIXED, 1, false, 0},
	{"s", 's', WIRE_LAYOUT_FIXED, 2, false, 0},
	{"S", 'S', WIRE_LAYOUT_FIXED, 2, false, 0},
	{"i", 'i', WIRE_LAYOUT_FIXED, 4, false, 0},
	{"I", 'I', WIRE_LAYOUT_FIXED, 4, false, 0},
	{"l", 'l', WIRE_LAYOUT_FIXED, 8, false, 0},
	{"L", 'L', WIRE_LAYOUT_FIXED, 8, false, 0},
	{"f", 'f', WIRE_LAYOUT_FIXED, 4, false, 0},
	{"g", 'g', WIRE_LAYOUT_FIXED, 8, false, 0},
	{"u", 'u', WIRE_LAYOUT_VAR32, 0, true, 0},
	{"U", 'U', WIRE_LAYOUT_VAR64, 0, true, 0},
	{"z", 'z', WIRE_LAYOUT_VAR32, 0, false, 0},
	{"Z", 'Z', WIRE_LAYOUT_VAR64, 0, false, 0},
	{"+L", '+', WIRE_LAYOUT_LIST, 0, false, 0},
	{"tdD", 'D', WIRE_LAYOUT_FIXED, 4, false, 0},
	{"tdm", 'M', WIRE_LAYOUT_FIXED, 8, false, 0},
	{"ttu", 'h', WIRE_LAYOUT_FIXED, 8, false, 'u'},
	{"tDs", 'T', WIRE_LAYOUT_FIXED, 8, false, 's'},
	{"tDm", 'T', WIRE_LAYOUT_FIXED, 8, false, 'm'},
	{"tDu", 'T', WIRE_LAYOUT_FIXED, 8, false, 'u'},
	{"tDn", 'T', WIRE_LAYOUT_FIXED, 8, false, 'n'},
};

/* "12" or "-3" up to the end or a comma; false when it is not a number. */
static bool
parse_number(const char **s, int *out)
{
	const char *p = *s;
	int			sign = 1;
	int			digits = 0;
	int			value = 0;

	if (*p == '-')
	{
		sign = -1;
		p++;
	}
	for (; *p >= '0' && *p <= '9' && digits < 4; p++, digits++)
		value = value * 10 + (*p - '0');
	if (digits == 0 || digits == 4)
		return false;
	*out = sign * value;
	*s = p;
	return true;
}

/* d:precision,scale or d:precision,scale,256 */
static bool
parse_decimal(const char *s, WireFormat *out)
{
	int			bits = 128;

	if (!parse_number(&s, &out->precision) || *s++ != ',' ||
		!parse_number(&s, &out->scale))
		return false;
	if (*s == ',')
	{
		s++;
		if (!parse_number(&s, &bits))
			return false;
	}
	if (*s != '\0' || (bits != 128 && bits != 256))
		return false;
	out->code = 'd';
	out->layout = WIRE_LAYOUT_FIXED;
	out->width = (uint32_t) bits / 8;
	return out->precision >= 1 && out->precision <= (bits == 128 ? 38 : 76) &&
		out->scale >= -76 && out->scale <= 76;
}

/* ts{s,m,u,n}:ZONE; any zone means an instant in UTC */
static bool
parse_timestamp(const char *s, WireFormat *out)
{
	if (strchr("smun", s[0]) == NULL || s[0] == '\0' || s[1] != ':')
		return false;
	out->code = 't';
	out->layout = WIRE_LAYOUT_FIXED;
	out->width = 8;
	out->unit = s[0];
	out->utc = s[2] != '\0';
	return true;
}

bool
wire_format_is_list(const char *format)
{
	return strcmp(format, "+L") == 0;
}

bool
wire_format_parse(const char *format, WireFormat *out)
{
	memset(out, 0, sizeof(*out));
	if (strncmp(format, "d:", 2) == 0)
		return parse_decimal(format + 2, out);
	if (strncmp(format, "ts", 2) == 0)
		return parse_timestamp(format + 2, out);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
	{
		if (strcmp(format, formats[i].format) != 0)
			continue;
		out->code = formats[i].code;
		out->layout = formats[i].layout;
		out->width = formats[i].width;
		out->text = formats[i].text;
		out->unit = formats[i].unit;
		return true;
	}
	return false;
}
