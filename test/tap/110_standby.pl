# A hot standby: what is read there, what is refused with which words, and that
# jobs run as soon as it has been promoted.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Transform::Test;

plan skip_all => 'streaming is not what differs here' if $windows;

my $node = transform_node('main', wal_level => 'replica', max_wal_senders => 4, hot_standby => 'on', 'transform.warm_workers' => 1);
ask($node, 'CREATE TABLE source AS SELECT n FROM generate_series(1, 3) AS n');
create_script($node, 'same', "def transform(df):\n    print('seen', len(df))\n    return df\n");
my $done = submit($node, 'same', 'source', 'out');
is(wait_for_job($node, $done), 'succeeded', 'a job on the primary');

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
my $waiting = submit($node, 'same', 'source', 'out_2');
is(wait_for_job($node, $waiting), 'succeeded', 'another one');
$node->wait_for_catchup($standby);

sub error_of
{
	my ($query) = @_;
	my $error = '';
	$standby->psql('postgres', $query, stderr => \$error, on_error_stop => 0);
	return $error;
}

is(ask($standby, "SELECT string_agg(state, ' ' ORDER BY id) FROM transform.jobs"), 'succeeded succeeded', 'jobs are seen there');
like(ask($standby, "SELECT string_agg(message, ' ') FROM transform_logs($done)"), qr/seen 3/, '... and their logs');
is(ask($standby, "SELECT count(*) FROM transform_table_preview('source')"), '3', '... and tables');
for my $call ("transform_preview('same', 'source')", "transform_validate('x = 1')", "transform_verify($done)")
{
	like(error_of("SELECT * FROM $call"), qr/ERROR: .*scripts cannot run during recovery.*HINT: .*on the primary/s, "$call is refused");
}
for my $call ("transform_submit('same', 'source', 'out_3')", "transform_script_create('new', 'x')", "transform_cancel($done)",
	"transform_login('a\@example.com', 'x')", 'transform_key_rotate()')
{
	like(error_of("SELECT $call"), qr/ERROR: .*(recovery|read-only)/, "$call is refused");
}

$node->stop('immediate');
$standby->promote;
is(wait_for_job($standby, submit($standby, 'same', 'source', 'out_3')), 'succeeded', 'a job after the promotion');
is(ask($standby, 'SELECT ok FROM transform_audit_verify()'), 't', 'the audit holds over it');
finish($standby);
