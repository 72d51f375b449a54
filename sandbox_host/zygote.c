/*
 * zygote.c
 *		The template: proves the walls while it is still small, loads Python,
 *		seals itself, and then makes workers until the broker is gone.
 *
 * The walls are proven first because a small process is copied in a fraction
 * of a millisecond; what only exists after sealing is proven again there.
 * Where no process can be copied, the first template of a pool proves, and
 * each worker, a template of its own, relies on that.
 */
#include "zygote.h"

#include <stdio.h>
#include <string.h>

#include "log.h"
#include "plat/plat.h"
#include "python/py.h"
#include "selftest.h"
#include "worker.h"

/* "pandas 3.1.1\n" and so on become facts. */
static void
add_versions(const char *line, char *facts, size_t size)
{
	size_t		used = strlen(facts);

	while (*line != '\0' && used < size)
	{
		int			len = (int) strcspn(line, "\n");
		int			name = (int) strcspn(line, " \n");

		used += (size_t) snprintf(facts + used, size - used,
								  "%.*s\tgood\t%.*s\n", name, line,
								  len > name ? len - name - 1 : 0,
								  line + name + (len > name));
		line += len + (line[len] == '\n');
	}
}

static bool
load_python(PlatTemplate *template, const Config *config, ShErr *err)
{
	bool		later = plat_template_can_read_later(template);
	PyConfiguration python = {
		.venv = config->venv,
		.driver_dir = config->driver,
		.allowed_modules = config->allowed_modules,
		.walls_off = config->walls_off,
		.can_read_later = later,
		.recording = later && plat_template_proves(template),
	};
	const void *image;
	size_t		len;

	python.image = plat_template_shared(template, &python.image_len);
	if (!py_start(&python, err) || !py_warm_up(&python, err))
		return false;
	image = py_image(&len);
	return image == NULL || plat_template_share(template, image, len, err);
}

static bool
prepare(PlatTemplate *template, const Config *config, ZygoteReport *report,
		ShErr *err)
{
	uint32_t	on = WALL_ALL & ~config->walls_off;

	walls_report_init(&report->walls, config->walls_off);
	if (!plat_template_proves(template))
		return load_python(template, config, err) &&
			plat_template_seal(template, err);
	return plat_probe_begin(template, err) &&
		selftest_each_wall(template, on, &report->walls, err) &&
		(plat_probe_end(template), true) &&
		load_python(template, config, err) &&
		plat_probe_begin(template, err) &&
		plat_template_seal(template, err) &&
		selftest_sealed(template, on, &report->walls, err);
}

int
zygote_main(const Config *config)
{
	ZygoteReport report = {.facts = ""};
	ShErr		err = {0};
	PlatTemplate *template = plat_template_begin(WALL_ALL & ~config->walls_off,
												 &err);
	bool		ok;

	if (template == NULL)
	{
		log_line(LOG_FAIL, "%s", err.text);
		return 1;
	}
	ok = prepare(template, config, &report, &err);
	plat_probe_end(template);
	if (!ok)
	{
		plat_template_failed(template, err.text);
		return 1;
	}
	if (plat_template_proves(template))
	{
		plat_template_facts(template, report.facts, sizeof(report.facts));
		snprintf(report.versions, sizeof(report.versions), "%s\nsandbox_host %s",
				 py_versions(), SANDBOX_HOST_VERSION);
		add_versions(report.versions, report.facts, sizeof(report.facts));
		plat_template_ready(template, &report, sizeof(report));
	}
	return plat_template_serve(template, worker_main, NULL);
}
