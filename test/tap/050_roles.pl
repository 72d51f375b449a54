# Roles that cannot have a session: the job's error says why, at once.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

my $node = transform_node('main', 'transform.warm_workers' => 1);
my $major = ask($node, "SELECT current_setting('server_version_num')::int / 10000");
$node->safe_psql('postgres', q{
	CREATE ROLE worker LOGIN;
	CREATE ROLE team NOLOGIN;
	GRANT transform_user TO worker, team;
	CREATE SCHEMA work;
	GRANT ALL ON SCHEMA work TO worker, team;
	CREATE TABLE work.source AS SELECT 1 AS n;
	GRANT SELECT ON work.source TO worker, team;
	SET ROLE worker;
	SELECT transform_script_create('worker_same', E'def transform(df):\n    return df\n');
	SET ROLE team;
	SELECT transform_script_create('team_same', E'def transform(df):\n    return df\n');
});

sub submit_as
{
	my ($role, $destination, $before) = @_;
	return $node->safe_psql('postgres',
		"BEGIN; SET ROLE $role; CREATE TEMP TABLE t AS SELECT transform_submit('${role}_same', 'work.source', 'work.$destination') AS job;"
		  . " RESET ROLE; $before; SELECT job FROM t; COMMIT");
}

# no CONNECT on the database any more
for my $role (qw(worker team))
{
	my $job = submit_as($role, "out_$role", 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC');
	is(wait_for_job($node, $job), 'failed', "$role: no right to connect");
	my $row = job_row($node, $job, qw(sqlstate error error_stage));
	is($row->{sqlstate}, '42501', "$role: SQLSTATE");
	like($row->{error}, qr/permission denied for database/, "$role: the reason");
	is($row->{error_stage}, 'start', "$role: the stage");
	ask($node, 'GRANT CONNECT ON DATABASE postgres TO PUBLIC');
}

# settings of a role apply to its jobs, with a login or without one
for my $role (qw(worker team))
{
	my $job = submit_as($role, "limited_$role", "ALTER ROLE $role SET transform.max_job_output_bytes = '1kB'; ALTER ROLE $role IN DATABASE postgres SET timezone = 'Asia/Tokyo'");
	is(wait_for_job($node, $job), 'succeeded', "$role: a small result is within its limit");
}

# a lock_timeout of the role ends its job with the database's own error
ask($node, q{
	ALTER ROLE worker SET lock_timeout = '50ms';
	CREATE TABLE work.gate (n integer);
	CREATE TABLE work.target (n integer);
	GRANT ALL ON work.gate, work.target TO worker;
	CREATE FUNCTION work.wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN LOCK TABLE work.gate IN SHARE MODE; RETURN NEW; END $$;
	CREATE TRIGGER gate BEFORE INSERT ON work.target FOR EACH ROW EXECUTE FUNCTION work.wait_at_gate();
});
my $session = $node->background_psql('postgres');
$session->query_safe('BEGIN');
$session->query_safe('LOCK TABLE work.gate IN ACCESS EXCLUSIVE MODE');
my $job = $node->safe_psql('postgres',
	"SET ROLE worker; SELECT transform_submit('worker_same', 'work.source', 'work.target', mode => 'append')");
is(wait_for_job($node, $job), 'failed', 'a table that stays locked');
is(job_row($node, $job, 'sqlstate')->{sqlstate}, '55P03', "... ends the job by its role's lock_timeout");
$session->query_safe('COMMIT');
$session->quit;

finish($node);
