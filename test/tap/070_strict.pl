# The default is to run no job without every wall: either all of them are
# proven and jobs run, or a job is refused and the missing ones are named.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

my $node = transform_node('main', 'transform.warm_workers' => 1, 'transform.sandbox_require' => 'all');
ask($node, 'CREATE TABLE source AS SELECT 1 AS n');

# The status waits for the host's word; without a wall it may have none yet.
my @missing;
ok(wait_until(sub {
			my ($code, $out) = $node->psql('postgres',
				"SELECT name FROM transform_sandbox_status() WHERE wall IS NOT NULL AND state <> 'enforced' ORDER BY wall");
			@missing = split /\n/, $out // '';
			return $code == 0 && !grep { /^(language|imports)$/ } @missing; }),
	'the walls that need no system are enforced');

if (!@missing)
{
	create_script($node, 'same', "def transform(df):\n    return df\n");
	my $job = submit($node, 'same', 'source', 'out');
	is(wait_for_job($node, $job), 'succeeded', 'all walls hold, and a job runs');
	is(job_row($node, $job, 'walls_enforced')->{walls_enforced},
		'{language,process,imports,resources,files,kernel,network,database}', 'its row names them');
	finish($node);
	exit 0;
}

my ($code, $out, $err) = $node->psql('postgres',
	"\\set VERBOSITY verbose\nSELECT transform_script_create('same', E'def transform(df):\\n    return df\\n')");
if ($code)
{
	like($err, qr/55000:/, 'no script can be created: SQLSTATE');
	like($err, qr/\b$missing[0]\b/, '... and the name of a missing wall');
	like($err, qr/HINT/, '... and a hint');
	ask($node, "ALTER SYSTEM SET transform.sandbox_require = 'language, imports, database'");
	reload($node);
	create_script($node, 'same', "def transform(df):\n    return df\n");
	ask($node, 'ALTER SYSTEM RESET ALL');
	reload($node);
}
ok(wait_until(sub { ask($node, 'SHOW transform.sandbox_require') eq 'all' }), 'all walls are required');
my $job = submit($node, 'same', 'source', 'out');
is(wait_for_job($node, $job), 'failed', 'a job is refused');
my $row = job_row($node, $job, qw(sqlstate error error_hint attempt));
is($row->{sqlstate}, '55000', '... with an SQLSTATE');
like($row->{error}, qr/\b$missing[0]\b/, '... and the name of a missing wall');
ok($row->{error_hint}, '... and a hint');
is(ask($node, "SELECT to_regclass('out') IS NULL"), 't', '... and nothing is written');
is(ask($node, "SELECT string_agg(name, ' ') FROM transform_sandbox_status() WHERE state <> 'enforced' AND wall IS NOT NULL AND coalesce(detail, '') = ''"),
	'', 'the status has a remedy for each');

# an administrator's explicit setting; it stands in every job row
ask($node, "ALTER SYSTEM SET transform.sandbox_require = 'language, imports, database'");
reload($node);
ok(wait_until(sub { ask($node, 'SHOW transform.sandbox_require') ne 'all' }), 'fewer walls are required');
$job = submit($node, 'same', 'source', 'out');
is(wait_for_job($node, $job), 'succeeded', 'a job runs');
$row = job_row($node, $job, 'walls_enforced');
unlike($row->{walls_enforced}, qr/\b$_\b/, "its row does not claim $_") for @missing;
for my $wall (@missing)
{
	SKIP: { skip "$wall: unverified on this system", 1; }
}
finish($node);
