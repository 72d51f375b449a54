# Passwords and tokens stay out of the log, of pg_stat_activity and of
# pg_stat_statements; the file of keys survives what may happen to it; users
# survive a dump; logins are in the audit.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

my $secret = 'Tr0ub4dor and 3';
my $node = transform_node('main', 'transform.warm_workers' => 0, 'transform.max_concurrent_jobs' => 1,
	'log_statement' => 'all', 'log_min_duration_statement' => 0, 'log_error_verbosity' => 'verbose',
	'log_parameter_max_length' => -1, 'log_parameter_max_length_on_error' => -1,
	'transform.password_memlimit' => '19MB', 'transform.password_opslimit' => 2);
my $data = $node->data_dir;
ask($node, 'CREATE ROLE analyst');

# statements that succeed or fail; what psql says of them does not matter
sub run
{
	my (@statements) = @_;
	$node->psql('postgres', join("\n;\n", @statements) . ";\n", on_error_stop => 0);
}

sub count_of
{
	my ($text) = @_;
	my $log = slurp_file($node->logfile);
	return scalar(() = $log =~ /\Q$text\E/g);
}

# ---- the log

my @secrets = (
	"SELECT transform_user_create('ann\@example.com', 'analyst', '$secret')",
	"SELECT Transform_User_Create('ann\@example.com', 'analyst', '$secret')",
	"SELECT transform_user_create('ann\@example.com', '$secret', '$secret')",
	"SELECT transform_user_set_password('ann\@example.com', '$secret')",
	"SELECT transform_login('ann\@example.com', '$secret')",
	"SELECT transform_login('ann\@example.com', \$\$$secret\$\$)",
	"SELECT public.transform_login('ann\@example.com', '$secret', '$secret')",
	"SELECT transform_login('nobody\@example.com', '$secret')",
	"SELECT transform_login('ann\@example.com', '$secret', 1, 2)",
	"SELECT transform_login('ann\@example.com', '$secret' '$secret')",
	"EXPLAIN VERBOSE SELECT transform_login('ann\@example.com', '$secret')",
	"CREATE TABLE made AS SELECT transform_login('ann\@example.com', '$secret')",
	"DO \$\$ BEGIN PERFORM transform_login('ann\@example.com', '$secret'); END \$\$",
	"DO \$\$ BEGIN PERFORM transform_login('ann\@example.com', '$secret', 1, 2); END \$\$",
	"PREPARE login AS SELECT transform_login(\$1, \$2)",
	"EXECUTE login('ann\@example.com', '$secret')",
	"EXECUTE login('nobody\@example.com', '$secret')",
	"EXECUTE login('ann\@example.com', '$secret', 3)",
	"SELECT transform_validate_jwt('$secret')",
	"BEGIN", "SELECT transform_authenticate('$secret')", "ROLLBACK",
	"SELECT transform_logout('$secret')", "SELECT transform_refresh('$secret')",
	"SELECT transform_login('ann\@example.com', '$secret' 'or' not quite)");
run(@secrets, "SELECT 'shown as ever'");
is(count_of($secret), 0, 'no password in the log');
cmp_ok(count_of('not shown: it may hold a password or token'), '>=', 20, '... but entries without it');
cmp_ok(count_of('in a statement that is not shown'), '>=', 5, '... and errors');
cmp_ok(count_of("SELECT 'shown as ever'"), '>=', 1, 'other statements are logged');

# what an entry was before is given back: a pool's session logs for weeks
my $long = "SELECT 'transform_login', length('" . 'x' x 5000 . "')";
my (undef, $kept) = $node->psql('postgres', join(";\n", ($long) x 100,
		"SELECT 'kept', used_bytes < 100000 FROM pg_backend_memory_contexts WHERE name = 'ErrorContext'"));
like($kept, qr/kept\|t$/, 'entries that are not shown take no memory');

# parameters, by the extended protocol; a client that sends some
SKIP:
{
	skip 'no pgbench', 2 if $windows || system('command -v pgbench >/dev/null') != 0;
	my $file = $node->basedir . '/login.sql';
	append_to_file($file, "SELECT transform_login('ann\@example.com', :password);\nSELECT 'plain', :password;\n");
	$node->run_log([ 'pgbench', '-n', '-t', '1', '-M', 'extended', '-D', 'password=31415926535', '-f', $file,
			'-h', $node->host, '-p', $node->port, 'postgres' ]);
	is(count_of('31415926535'), 0, 'no parameter in the log');
	cmp_ok(count_of('transform: login of'), '>=', 2, '... of a login that was tried');
}

# a function of the user's: log_statement cannot know, the rest does
ask($node, 'CREATE FUNCTION enter(text, text) RETURNS text LANGUAGE sql AS $$ SELECT transform_login($1, $2) $$');
run("SET log_statement = 'none'", @secrets, "SELECT enter('ann\@example.com', '$secret')", "SELECT enter('nobody\@example.com', '$secret')");
is(count_of($secret), 0, 'nor from within a function');
like(slurp_file($node->logfile), qr/duration: [0-9.]+ ms  statement: <not shown/, 'a slow one has its duration');

# ---- what other sessions see

my $other = $node->background_psql('postgres', on_error_stop => 0);
my $pid = $other->query('SELECT pg_backend_pid()');
for my $statement (@secrets[4, 5, 8, 10, 12])
{
	$other->query($statement);
	unlike(ask($node, "SELECT query FROM pg_stat_activity WHERE pid = $pid"), qr/\Q$secret\E/, 'not in pg_stat_activity');
}
$other->query("SELECT 'shown again'");
like(ask($node, "SELECT query FROM pg_stat_activity WHERE pid = $pid"), qr/shown again/, 'other statements are');
$other->quit;

SKIP:
{
	skip 'no pg_stat_statements', 4
	  if ask($node, "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_stat_statements'") == 0;
	for my $libraries ('transform,pg_stat_statements', 'pg_stat_statements,transform')
	{
		$node->append_conf('postgresql.conf', "shared_preload_libraries = '$libraries'");
		$node->restart;
		run('CREATE EXTENSION pg_stat_statements', @secrets, "SELECT 'counted'");
		is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_statements WHERE query LIKE '%Tr0ub4dor%'"), 0, "not in pg_stat_statements ($libraries)");
		cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_statements WHERE query LIKE 'SELECT %'"), '>', 0, '... other statements are');
	}
	is(count_of($secret), 0, 'still no password in the log');
}

# ---- the file of keys

sub answer
{
	my ($database, $query) = @_;
	my ($status, $out, $err) = $node->psql($database, $query);
	return $status == 0 ? $out : $err;
}
my $login = "SELECT transform_login('ann\@example.com', '$secret')";
my $token = $node->safe_psql('postgres', $login);
my $check = "SELECT transform_validate_jwt('$token')->>'email'";
my $file = "$data/transform_keys";
is(answer('postgres', $check), 'ann@example.com', 'a token');
$node->restart;
is(answer('postgres', $check), 'ann@example.com', '... is good after a restart');
$node->stop('immediate');
$node->start;
is(answer('postgres', $check), 'ann@example.com', '... and after a crash');

# a crash may leave a half-written new file: it is never read, and replaced
append_to_file("$file.new", 'half a');
chmod 0644, "$file.new";
like(answer('postgres', 'SELECT transform_key_rotate()'), qr/^[0-9a-f]{16}$/, 'a key is made beside the rest of another try');
ok(!-e "$file.new", '... which is gone');
is(answer('postgres', $check), 'ann@example.com', 'the token of the old key is good');
SKIP:
{
	skip 'no modes', 2 if $windows;
	is((stat $file)[2] & 0777, 0600, 'the file is the server\'s alone');
	chmod 0640, $file;
	like(answer('postgres', $check), qr/can be read by other accounts/, '... or not used');
	chmod 0600, $file;
}
my $good = slurp_file($file);
for my $bad ('', substr($good, 0, length($good) - 10), "transform_keys 2\n", "transform_keys 1\nx\n", $good . "\0")
{
	open my $out, '>', $file or die;
	binmode $out;
	print $out $bad;
	close $out;
	like(answer('postgres', $check), qr/"transform_keys" is damaged/, 'a damaged file is not used');
}
unlink $file;
like(answer('postgres', $check), qr/invalid token/, 'without the file no token is good');
like(answer('postgres', $login), qr/^ey/, '... and a login makes another');
open my $out, '>', $file or die;
binmode $out;
print $out $good;
close $out;
chmod 0600, $file;
is(answer('postgres', $check), 'ann@example.com', 'the file from a backup brings the tokens back');
like(answer('postgres', 'SELECT transform_key_rotate()'), qr/^[0-9a-f]{16}$/, 'another key');

# ---- a job for somebody: its row and the audit say for whom

ask($node, 'CREATE ROLE pool LOGIN; GRANT transform_authenticator, analyst TO pool; GRANT transform_user TO analyst;'
	. ' CREATE SCHEMA work AUTHORIZATION analyst; CREATE TABLE work.source AS SELECT 1 AS n; GRANT SELECT ON work.source TO analyst');
my ($sub, $jti) = split /\|/, $node->safe_psql('postgres', "SELECT c->>'sub', c->>'jti' FROM transform_validate_jwt('$token') c");
my $job = (split /\n/, $node->safe_psql('postgres', "SET SESSION AUTHORIZATION pool; BEGIN; SELECT transform_authenticate('$token');"
	. " SELECT transform_script_create('same', E'def transform(df):\\n    return df\\n');"
	. " SELECT transform_submit('same', 'work.source', 'work.out'); COMMIT"))[-1];
is(wait_for_job($node, $job), 'succeeded', 'a job of an authenticated user');
is_deeply(job_row($node, $job, 'role', 'subject', 'token_id'), { role => 'analyst', subject => $sub, token_id => $jti }, '... has him in its row');
ok(wait_until(sub { ask($node, "SELECT string_agg(DISTINCT event || ' ' || outcome, ', ') FROM transform.audit"
			. " WHERE subject = '$sub' AND token_id = '$jti' AND role = 'analyst' AND event <> 'login'")
		=~ /^run started, run succeeded, script \w+, submit \w+$/ }), '... and in the audit')
  or diag(ask($node, "SELECT string_agg(event || ' ' || outcome || ' ' || coalesce(subject, '-'), ', ') FROM transform.audit WHERE role = 'analyst'"));

# ---- another database: the users of a dump, but not the keys

my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'pg_dump');
unlike(slurp_file($dump), qr/\Q$secret\E/, '... holds no password');
ask($node, 'CREATE DATABASE copy');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('copy'), '-f', $dump ], 'restore');
like(answer('copy', $check), qr/invalid token/, 'a token of one database is none of another');
like(answer('copy', $login), qr/^ey/, '... where the user can log in');

# ---- the audit

ok(wait_until(sub { ask($node, "SELECT count(DISTINCT (event, outcome)) FROM transform.audit WHERE (event, outcome) IN "
			. "(('login', 'succeeded'), ('login', 'refused'), ('token', 'refused'), ('user', 'created'), ('user', 'refused'), ('key', 'rotated'))") == 6 }),
	'logins, refused tokens, users and keys are in the audit');
is(ask($node, "SELECT count(*) FROM transform.audit a WHERE a::text LIKE '%Tr0ub4dor%'"), 0, '... without a password');

finish($node);
