# Plain words when something is missing: preload, the host, its parts, worker
# slots; in the error, in the job row and in transform_sandbox_status().
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

my $same = q{$$
def transform(df):
    return df
$$};

# ---- not preloaded
my $bare = PostgreSQL::Test::Cluster->new('bare');
$bare->init;
$bare->append_conf('postgresql.conf', 'max_worker_processes = 8');
$bare->start;
$bare->safe_psql('postgres', 'CREATE EXTENSION transform');
my ($code, $out, $err) = $bare->psql('postgres', '\set VERBOSITY verbose' . "\nSELECT transform_script_create('s', $same)");
like($err, qr/55000: transform is not preloaded/, 'SQLSTATE and message without preload');
like($err, qr/HINT:.*shared_preload_libraries = 'transform'/, '... and the line for postgresql.conf');
for my $call ("transform_submit('s', 'pg_class', 'd')", 'transform_wait(1)', 'transform_cancel(1)',
	"transform_preview('s', 'pg_class')", 'transform_logs(1)', "transform_validate('x')")
{
	($code, $out, $err) = $bare->psql('postgres', "SELECT $call");
	like($err, qr/not preloaded/, "$call says so too");
}
($code, $out, $err) = $bare->psql('postgres', "CALL transform_run('s', 'pg_class', 'd')");
like($err, qr/not preloaded/, 'transform_run says so too');
is($bare->safe_psql('postgres', "SELECT state FROM transform_sandbox_status() WHERE name = 'preload'"), 'missing', 'the status says so');
is($bare->safe_psql('postgres', 'SELECT count(*) FROM transform_sandbox_status() WHERE wall IS NOT NULL'), '8', '... and has all walls');
is($bare->safe_psql('postgres', 'SELECT count(*) FROM transform.jobs'), '0', 'the views work');
is($bare->safe_psql('postgres', 'SELECT count(*) FROM transform.progress'), '0', '... all of them');
$bare->stop;

# ---- a part of the host is missing, and comes back
sub state_of_host
{
	my ($node) = @_;
	return ask($node, "SELECT state || ': ' || detail FROM transform_sandbox_status() WHERE name = 'sandbox_host'");
}

my $node = transform_node('parts', 'transform.warm_workers' => 1);
ask($node, "SELECT transform_script_create('same', $same)");
ask($node, 'CREATE TABLE source AS SELECT 1 AS n');
is(wait_for_job($node, submit($node, 'same', 'source', 'out0')), 'succeeded', 'all is well at first');
for my $setting (qw(sandbox_host venv driver))
{
	ask($node, 'ALTER SYSTEM RESET ALL');
	ask($node, "ALTER SYSTEM SET transform.$setting = '/nonexistent/$setting'");
	reload($node);
	ok(wait_until(sub { state_of_host($node) =~ /^failed: .*\/nonexistent\/$setting/ }), "transform.$setting: the status names the missing path")
	  or diag(state_of_host($node));
	my $job = submit($node, 'same', 'source', "out_$setting");
	is(wait_for_job($node, $job), 'failed', 'a job is failed, not left waiting');
	my $row = job_row($node, $job, qw(sqlstate error error_hint));
	is($row->{sqlstate}, '55000', 'with an SQLSTATE');
	like($row->{error}, qr{/nonexistent/$setting.*transform\.$setting}, 'and the reason, with the setting');
	like($row->{error_hint}, qr/transform_sandbox_status/, 'and where to look');
	($code, $out, $err) = $node->psql('postgres', "SELECT transform_script_create('other', $same)");
	isnt($code, 0, 'no script can be created');
	is(ask($node, "SELECT count(*) FROM transform_sandbox_status() WHERE state = 'unknown'"), '8', 'the state of the walls is unknown');
}
ask($node, 'ALTER SYSTEM RESET ALL');
reload($node);
ok(wait_until(sub { state_of_host($node) =~ /^ok/ }), 'it comes back by itself') or diag(state_of_host($node));
is(wait_for_job($node, submit($node, 'same', 'source', 'out1')), 'succeeded', 'jobs run again');

# ---- a wall that is required and off
ask($node, "ALTER SYSTEM SET transform.sandbox_walls_off = 'language'");
reload($node);
ok(wait_until(sub {
			ask($node, 'SELECT state FROM transform_sandbox_status() WHERE wall = 1') eq 'off by setting' }),
	'a wall is off by setting');
my $job = submit($node, 'same', 'source', 'out_wall');
is(wait_for_job($node, $job), 'failed', 'a job without a required wall is refused');
my $row = job_row($node, $job, qw(sqlstate error));
is($row->{sqlstate}, '55000', 'with an SQLSTATE');
like($row->{error}, qr/language/, 'and the name of the wall');
my $others = $windows ? 'imports, database' : 'process, imports, resources, files, kernel, network, database';
ask($node, "ALTER SYSTEM SET transform.sandbox_require = '$others'");
reload($node);
$job = submit($node, 'same', 'source', 'out_wall2');
is(wait_for_job($node, $job), 'succeeded', 'it runs when the wall is not required');
like(job_row($node, $job, 'walls_off')->{walls_off}, $windows ? qr/\blanguage\b/ : qr/^\{language\}$/, '... and its row names the wall');
ask($node, 'ALTER SYSTEM RESET ALL');
$node->stop;

# ---- no worker slot: the job waits, with the reason, and runs when there is one
$node->append_conf('postgresql.conf', "max_worker_processes = 3\nmax_parallel_workers = 0\nautovacuum = off");
$node->start;
$job = submit($node, 'same', 'source', 'out_slot');
ok(wait_until(sub {
			my $reason = job_row($node, $job, 'waiting_reason')->{waiting_reason} // '';
			return $reason =~ /worker slot; raise max_worker_processes \(now 3\)/; }),
	'the job row says what it waits for') or diag(explain(job_row($node, $job, 'state', 'waiting_reason', 'error')));
is(job_row($node, $job, 'state')->{state}, 'pending', '... and the job is pending');
is(ask($node, "SELECT state FROM transform_sandbox_status() WHERE name = 'worker slots'"), 'missing', 'the status says so');
# logical replication's launcher has one of the three: stop it for good
$node->append_conf('postgresql.conf', "max_logical_replication_workers = 0");
$node->restart;
is(wait_for_job($node, $job), 'succeeded', 'the job runs when there is a slot');
$node->append_conf('postgresql.conf', 'max_worker_processes = 1');
$node->restart;
$job = submit($node, 'same', 'source', 'out_slot2');
ok(wait_until(sub {
			my $reason = job_row($node, $job, 'waiting_reason')->{waiting_reason} // '';
			return $reason =~ /scheduler; raise max_worker_processes \(now 1\)/; }),
	'not even a scheduler: the view says so') or diag(explain(job_row($node, $job, 'state', 'waiting_reason')));

finish($node);
