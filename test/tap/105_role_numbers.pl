# A role's number after it was dropped: whatever it has left behind, in whatever
# database, no new role gets it, also when the server's counter comes round.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

my $node = transform_node('main', 'transform.warm_workers' => 1,
	'transform.password_memlimit' => '19MB', 'transform.password_opslimit' => 2);
my $file = $node->data_dir . '/transform_dropped_roles';
my @old = map { "old_$_" } 1 .. 4;
ask($node, $_) for (map { "CREATE ROLE $_" } @old), "GRANT transform_user TO $old[0]", 'CREATE DATABASE other',
  'CREATE TABLE source AS SELECT 1 AS n', "GRANT SELECT ON source TO $old[0]", "GRANT CREATE ON SCHEMA public TO $old[0]";
my %number = map { $_ => ask($node, "SELECT '$_'::regrole::oid") } @old;

# ---- what is left behind: a script, a job, a grant, a user, the audit
ask($node, "SET ROLE $old[0]");
create_script($node, 'left', "def transform(df):\n    return df\n");
is(wait_for_job($node, submit($node, 'left', 'source', 'out')), 'succeeded', 'a job');
ask($node, $_) for 'RESET ROLE', "DROP OWNED BY $old[0]", "SELECT transform_script_grant('left', '$old[1]', 'edit')",
  "SELECT transform_user_create('ann\@example.com', '$old[2]', 'correct horse')";
my $token = ask($node, "SELECT transform_login('ann\@example.com', 'correct horse')");

# ---- dropped: from another database, not at all, and in a server that stops at once
ask($node, 'DROP OWNED BY old_1');
ask($node, "BEGIN; DROP ROLE $old[3]; ROLLBACK");
ask($node, "SET ROLE $old[3]");
ask($node, 'RESET ROLE');
$node->safe_psql('other', "DROP ROLE $old[0]; DROP ROLE $old[1]");
ask($node, "DROP ROLE $old[2]");
$node->stop('immediate');
$node->start;
is(slurp_file($file), join('', map { sprintf "%10u\n", $number{$_} } @old[ 3, 0, 1, 2 ]), 'their numbers are kept');
is((stat $file)[2] & oct(777), oct(600), '... for the server alone') unless $windows;

sub answer
{
	my ($query) = @_;
	my ($status, $out, $err) = $node->psql('postgres', $query);
	return $status == 0 ? $out : $err;
}
my $enter = "BEGIN; SELECT transform_authenticate('$token'); ROLLBACK";
like(answer($enter), qr/ERROR:  /, 'the token of a dropped role is refused');
like(answer("SELECT transform_login('ann\@example.com', 'correct horse')"), qr/login failed/, '... and its login');
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'pg_dump');
unlike(slurp_file($dump), qr/ann\@example|^\d+\t$number{$old[1]}\tedit/m, '... has neither the user nor the grant');

# ---- the counter comes round
sub new_roles
{
	my ($name) = @_;
	return answer("DO \$\$DECLARE refused text = ''; BEGIN FOR i IN 1..12 LOOP BEGIN EXECUTE 'CREATE ROLE ${name}_' || i || ' IN ROLE transform_user';"
		. " EXCEPTION WHEN object_not_in_prerequisite_state THEN refused := refused || ' ' || (regexp_match(SQLERRM, 'number (\\d+)'))[1]; END; END LOOP;"
		. " PERFORM set_config('a.refused', refused, false); END\$\$; SELECT current_setting('a.refused')");
}

SKIP:
{
	skip 'the counter cannot be set here', 7 if $windows;
	$node->stop('fast');
	$node->command_ok([ 'pg_resetwal', '-o', $number{ $old[0] }, '-D', $node->data_dir ], 'the counter is set back');
	$node->start;
	like(new_roles('new'), qr/^(?: \d+)+$/, 'roles are not created with the numbers of dropped ones');
	my $numbers = join ', ', values %number;
	is(ask($node, "SELECT string_agg(rolname, ' ') FROM pg_roles WHERE oid IN ($numbers)"), $old[3], '... nobody has these');
	cmp_ok(ask($node, q{SELECT count(*) FROM pg_roles WHERE rolname ~ '^new_'}), '>=', 8, '... others are');
	is(ask($node, q{SELECT count(*) FROM pg_roles WHERE rolname ~ '^new_' AND pg_has_role(oid, 'transform_user', 'USAGE')
		AND NOT pg_has_role(oid, 'transform_admin', 'USAGE')}), ask($node, q{SELECT count(*) FROM pg_roles WHERE rolname ~ '^new_'}), '... with the rights they were given');
	my ($new) = ask($node, q{SELECT min(rolname) FROM pg_roles WHERE rolname ~ '^new_'});
	is(answer("SET ROLE $new; SELECT (SELECT count(*) FROM transform.scripts), (SELECT count(*) FROM transform.jobs), (SELECT count(*) FROM transform.audit)"),
		'0|0|0', '... and nothing of the dropped ones');
	like(answer($enter), qr/ERROR:  /, '... whose token is refused as before');
}

# ---- a file that is not what was written; what a crash may leave of a line
my $good = slurp_file($file);
append_to_file($file, '   12');
is(answer('CREATE ROLE one; DROP ROLE one; SELECT 1'), '1', 'half a line is written over');
like(slurp_file($file), qr/\A(?: *\d+\n){5}\z/, '... by a whole one');
open my $out, '>', $file or die $!;
binmode $out;
print $out "x$good";
close $out;
like(answer('CREATE ROLE two'), qr/"transform_dropped_roles" is damaged/, 'with a damaged file no role is created');
like(answer("DROP ROLE $old[3]"), qr/"transform_dropped_roles" is damaged/, '... nor dropped');
unlink $file;
is(answer('CREATE ROLE two; SELECT 1'), '1', 'without the file, they are');

finish($node);
