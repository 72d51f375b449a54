# Settings that shape the broker: it restarts, when no job runs; jobs of the
# meantime wait for it.  The address of a broker of its own.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

my $node = transform_node('main', 'transform.warm_workers' => 1);
ask($node, 'CREATE TABLE source AS SELECT 1 AS n');
create_script($node, 'same', "def transform(df):\n    return df\n");
create_script($node, 'slow', "def transform(df):\n    for i in range(10**7 * 3):\n        pass\n    return df\n");

sub broker
{
	my ($one) = grep { $_->{role} eq 'broker' } processes($node);
	return $one ? $one->{pid} : 0;
}

my $before = broker();
my $slow = submit($node, 'slow', 'source', 'out_slow');
ok(wait_until(sub { ask($node, "SELECT count(*) FROM transform.progress WHERE job = $slow AND rows_read > 0") }),
	'a job is running');
ask($node, "ALTER SYSTEM SET transform.warm_workers = 2");
reload($node);
my $next = submit($node, 'same', 'source', 'out_next');
is(wait_for_job($node, $slow), 'succeeded', 'the running job is not disturbed');
is(job_row($node, $slow, 'attempt')->{attempt}, 1, '... it needs no second attempt');
is(wait_for_job($node, $next), 'succeeded', 'the next job waits for the new broker');
ok(wait_until(sub { my $now = broker(); $now && $now != $before }), 'the broker is another one');

# a setting that has nothing to do with it
$before = broker();
ask($node, 'ALTER SYSTEM SET transform.max_attempts = 5');
reload($node);
is(wait_for_job($node, submit($node, 'same', 'source', 'out_other')), 'succeeded', 'a job after another setting has changed');
is(broker(), $before, 'the broker is the same');

# somebody else's broker: none of ours, and an address without one is a reason
my $nowhere = $windows ? '\\\\.\\pipe\\nonexistent-broker.sock' : '/nonexistent/broker.sock';
ask($node, "ALTER SYSTEM SET transform.sandbox_address = '$nowhere'");
reload($node);
ok(wait_until(sub { !broker() }), 'ours has gone');
is(ask($node, "SELECT state FROM transform_sandbox_status() WHERE name = 'sandbox_host'"), 'external', 'the status says so');
my ($code, $out, $err) = $node->psql('postgres', "SELECT * FROM transform_validate('x')");
like($err, qr{\Q$nowhere\E}, 'the error names the address');
my $job = submit($node, 'same', 'source', 'out_external');
ok(wait_until(sub { (job_row($node, $job, 'waiting_reason')->{waiting_reason} // '') =~ /broker\.sock/ }),
	'a job says what it waits for') or diag(explain(job_row($node, $job, qw(state waiting_reason error))));
ask($node, 'ALTER SYSTEM RESET transform.sandbox_address');
reload($node);
is(wait_for_job($node, $job), 'succeeded', 'it runs when there is a broker again');

# the launcher outlives nothing: databases come and go under an idle scheduler
ask($node, 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION transform; CREATE TABLE source AS SELECT 1 AS n');
$node->safe_psql('other', "SELECT transform_script_create('same', E'def transform(df):\\n    return df\\n')");
$job = $node->safe_psql('other', "SELECT transform_submit('same', 'source', 'out')");
is($node->safe_psql('other', "SELECT transform_wait($job, '1 min')"), 'succeeded', 'a job in another database');
is(ask($node, "SELECT count(*) FROM pg_stat_activity WHERE datname = 'other' AND backend_type = 'transform scheduler'"),
	'1', 'its scheduler is idle');
ask($node, 'CREATE DATABASE copy TEMPLATE other');
pass('CREATE DATABASE from it works');
is($node->safe_psql('copy', 'SELECT count(*) FROM out'), '1', '... with its tables');
ask($node, 'ALTER DATABASE other RENAME TO another');
pass('RENAME works');
$job = $node->safe_psql('another', "SELECT transform_submit('same', 'source', 'out2')");
is($node->safe_psql('another', "SELECT transform_wait($job, '1 min')"), 'succeeded', 'a job after that');
ask($node, 'DROP DATABASE another');
pass('DROP DATABASE works');

# the extension is dropped and made again
$node->safe_psql('copy', 'DROP EXTENSION transform');
$node->safe_psql('copy', 'CREATE EXTENSION transform');
$node->safe_psql('copy', "SELECT transform_script_create('same', E'def transform(df):\\n    return df\\n')");
$job = $node->safe_psql('copy', "SELECT transform_submit('same', 'source', 'out3')");
is($node->safe_psql('copy', "SELECT transform_wait($job, '1 min')"), 'succeeded', 'a job of the new extension');
ask($node, 'DROP DATABASE copy WITH (FORCE)');
is(wait_for_job($node, submit($node, 'same', 'source', 'out_last')), 'succeeded', 'the first database is none the worse');

finish($node);
