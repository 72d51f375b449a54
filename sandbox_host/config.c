/*
 * config.c
 *		The command line: one row per option, with its default and its help.
 *		Every process of sandbox_host.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walls.h"

typedef enum OptionKind
{
	OPTION_TEXT,
	OPTION_NUMBER,
	OPTION_FLAG
} OptionKind;

typedef struct Option
{
	const char *name;
	OptionKind	kind;
	size_t		offset;
	const char *initial;		/* text or number */
	long		min;
	long		max;
	const char *value;			/* what the help calls it; NULL: hidden */
	const char *help;
} Option;

#define FIELD(f) offsetof(Config, f)

static const Option options[] = {
	{"listen", OPTION_TEXT, FIELD(listen), "", 0, 0, "PATH",
	"where to listen for jobs"},
	{"venv", OPTION_TEXT, FIELD(venv), "", 0, 0, "DIR",
	"virtual environment with pandas, numpy, pyarrow, RestrictedPython"},
	{"driver", OPTION_TEXT, FIELD(driver), "", 0, 0, "DIR",
	"directory of the driver's Python files"},
	{"workers", OPTION_NUMBER, FIELD(workers), "2", 0, 64, "N",
	"workers kept ready (default 2)"},
	{"max-workers", OPTION_NUMBER, FIELD(max_workers), "8", 1, 128, "N",
	"jobs run at the same time; more wait (default 8)"},
	{"walls-off", OPTION_TEXT, FIELD(walls_off_names), "", 0, 0, "LIST",
	"walls not to build, for tests"},
	{"allowed-modules", OPTION_TEXT, FIELD(allowed_modules), "", 0, 0, "LIST",
	"more modules that scripts may import"},
	{"allow-account", OPTION_TEXT, FIELD(allow_account), "", 0, 0, "NAME",
	"another account that may connect"},
	{"service", OPTION_FLAG, FIELD(service), NULL, 0, 0, "",
	"run until told to stop, without a launcher on standard input"},
	{"selftest", OPTION_FLAG, FIELD(selftest), NULL, 0, 0, "",
	"prove the walls, print them, exit 0 when all hold"},
	{"template", OPTION_FLAG, FIELD(template), NULL, 0, 0, NULL, NULL},
	{"version", OPTION_FLAG, FIELD(version), NULL, 0, 0, "",
	"print the version"},
	{"help", OPTION_FLAG, FIELD(help), NULL, 0, 0, "", "print this"},
};

#define COUNT (sizeof(options) / sizeof(options[0]))

static bool
set_number(long *field, const Option *option, const char *text, ShErr *err)
{
	char	   *end;

	errno = 0;
	*field = strtol(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 ||
		*field < option->min || *field > option->max)
		return sh_error(err, "option --%s takes a number from %ld to %ld, "
						"not \"%s\"", option->name, option->min, option->max,
						text);
	return true;
}

static bool
set_option(Config *config, const Option *option, const char *text, ShErr *err)
{
	char	   *field = (char *) config + option->offset;

	switch (option->kind)
	{
		case OPTION_TEXT:
			*(const char **) field = text;
			return true;
		case OPTION_NUMBER:
			return set_number((long *) field, option, text, err);
		case OPTION_FLAG:
			*(bool *) field = true;
			return true;
	}
	return false;
}

static const Option *
find_option(const char *arg)
{
	if (strncmp(arg, "--", 2) != 0)
		return NULL;
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(arg + 2, options[i].name) == 0)
			return &options[i];
	return NULL;
}

/* What must be given depends on what is asked for. */
static bool
check(const Config *config, ShErr *err)
{
	if (config->help || config->version)
		return true;
	if (config->venv[0] == '\0' || config->driver[0] == '\0')
		return sh_error(err, "options --venv and --driver are required");
	if (config->listen[0] == '\0' && !config->selftest && !config->template)
		return sh_error(err, "option --listen is required");
	return true;
}

bool
config_parse(Config *config, int argc, char **argv, ShErr *err)
{
	memset(config, 0, sizeof(*config));
	config->program = argc > 0 ? argv[0] : "sandbox_host";
	for (size_t i = 0; i < COUNT; i++)
		if (options[i].initial != NULL &&
			!set_option(config, &options[i], options[i].initial, err))
			return false;
	for (int i = 1; i < argc; i++)
	{
		const Option *option = find_option(argv[i]);
		const char *text = "";

		if (option == NULL)
			return sh_error(err, "unknown option \"%s\"; try --help", argv[i]);
		if (option->kind != OPTION_FLAG)
		{
			if (i + 1 == argc)
				return sh_error(err, "option --%s needs a value",
								option->name);
			text = argv[++i];
		}
		if (!set_option(config, option, text, err))
			return false;
	}
	if (!walls_parse(config->walls_off_names, &config->walls_off, err))
		return false;
	return check(config, err);
}

void
config_print_help(void)
{
	printf("sandbox_host runs pandas scripts behind walls.\n\nOptions:\n");
	for (size_t i = 0; i < COUNT; i++)
	{
		char		left[40];

		if (options[i].value == NULL)
			continue;
		snprintf(left, sizeof(left), "--%s %s", options[i].name,
				 options[i].value);
		printf("  %-24s %s\n", left, options[i].help);
	}
}

void
config_template_args(const Config *config, char *args[CONFIG_TEMPLATE_ARGS])
{
	const char *list[CONFIG_TEMPLATE_ARGS] = {
		"sandbox_host", "--template",
		"--venv", config->venv,
		"--driver", config->driver,
		"--walls-off", config->walls_off_names,
		"--allowed-modules", config->allowed_modules,
		NULL
	};

	/* exec's prototype is older than const; nobody writes to them. */
	memcpy(args, list, sizeof(list));
}
