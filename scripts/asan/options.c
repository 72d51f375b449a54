/*
 * options.c
 *		Part of a sandbox_host that is built with SAN=...: the sanitizer's
 *		options, which cannot come through an environment that is empty.
 *
 * FINDINGS is the folder for its reports; scripts/run-tests.sh counts them.
 */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0:abort_on_error=1:log_path=" FINDINGS "/host";
}
