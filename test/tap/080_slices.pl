# Many roles at once, each with its own rows of one table by row security: every
# result holds exactly the rows of its role.  Half of them cannot log in.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();
use Transform::Test;

my $roles = 15;
# each worker costs half a second of processor time under Wine
my ($jobs, $warm) = $windows ? (15, 1) : (200, 8);
my $node = transform_node('main', 'transform.max_concurrent_jobs' => 8, 'transform.warm_workers' => $warm);
ask($node, qq{
	CREATE SCHEMA work;
	CREATE TABLE work.shared (owner name, id integer, v double precision, note text);
	INSERT INTO work.shared SELECT 'slice_' || i % $roles + 1, i, i * 0.5, md5(i::text) FROM generate_series(1, 200 * $roles) i;
	ALTER TABLE work.shared ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON work.shared USING (owner = current_user);
	CREATE FUNCTION work.exact(destination text, role name) RETURNS boolean LANGUAGE plpgsql AS
	\$\$
	DECLARE
		other bigint;
	BEGIN
		EXECUTE format('SELECT count(*) FROM (
			(TABLE %1\$s EXCEPT ALL SELECT owner, id, v, note, v * 2 FROM work.shared WHERE owner = %2\$L) UNION ALL
			(SELECT owner, id, v, note, v * 2 FROM work.shared WHERE owner = %2\$L EXCEPT ALL TABLE %1\$s)) d', destination, role) INTO other;
		RETURN other = 0;
	END
	\$\$;
});
for my $n (1 .. $roles)
{
	my $login = $n % 2 ? 'LOGIN' : 'NOLOGIN';
	ask($node, qq{
		CREATE ROLE slice_$n $login;
		GRANT transform_user TO slice_$n;
		GRANT USAGE, CREATE ON SCHEMA work TO slice_$n;
		GRANT SELECT ON work.shared TO slice_$n;
		SET ROLE slice_$n;
		SELECT transform_script_create('double_$n', E'def transform(df):\n    df["double"] = df["v"] * 2\n    return df\n', shape => 'chunk');
		RESET ROLE;
	});
}

# each role in a session of its own, all before the first one waits
my $begin = Time::HiRes::time();
my @sessions = map { $node->background_psql('postgres') } 1 .. $roles;
for my $n (1 .. $roles)
{
	$sessions[ $n - 1 ]->query_safe("SET ROLE slice_$n");
	$sessions[ $n - 1 ]->query_safe("SELECT transform_submit('double_$n', 'work.shared', 'work.out_' || i, chunk_rows => 1 + i % 90)"
		  . " FROM generate_series($n, $jobs, $roles) i");
}
$_->quit for @sessions;
ask($node, 'SELECT count(transform_wait(id, \'120 s\')) FROM transform.jobs');
my $seconds = Time::HiRes::time() - $begin;

is(ask($node, "SELECT string_agg(DISTINCT state, ' ') FROM transform.jobs"), 'succeeded', 'every job has succeeded');
is(ask($node, 'SELECT count(*) FROM transform.jobs WHERE work.exact(destination, role::text::name)'), $jobs,
	"$jobs results hold the rows of their role, all and no other");
is(ask($node, 'SELECT count(*) FROM (SELECT FROM transform.jobs GROUP BY role HAVING count(DISTINCT output_digest) = 1) r'), $roles,
	'every role has one digest');
is(ask($node, 'SELECT count(DISTINCT output_digest) FROM transform.jobs'), $roles, '... and each another one');
cmp_ok(ask($node, 'SELECT max(n) FROM (SELECT count(DISTINCT b.role) AS n FROM transform.jobs a JOIN transform.jobs b'
		  . ' ON a.started_at BETWEEN b.started_at AND b.finished_at GROUP BY a.id) c'), '>', 2, 'several roles ran at the same time');
note(sprintf '%d roles, %d jobs in %.1f s', $roles, $jobs, $seconds);

# what sees all rows has another digest, and is not exact
ask($node, q{SELECT transform_script_create('double_all', E'def transform(df):\n    df["double"] = df["v"] * 2\n    return df\n')});
my $all = submit($node, 'double_all', 'work.shared', 'work.out_all');
is(wait_for_job($node, $all), 'succeeded', 'a role that row security does not apply to');
is(ask($node, "SELECT count(*) FROM transform.jobs WHERE output_digest = (SELECT output_digest FROM transform.jobs WHERE id = $all)"),
	'1', '... has a digest that no other job has');
is(ask($node, "SELECT work.exact('work.out_all', 'slice_1')"), 'f', '... and not the rows of one role');

finish($node);
