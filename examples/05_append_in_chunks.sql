-- Shape "chunk": the script is called with some thousand rows at a time, so its
-- memory does not grow with the table.  Mode "append": into a table you made.
SELECT transform_script_create('flag_events', $py$
def transform(df):
    df["slow"] = df["duration"] > 60
    return df[["id", "kind", "slow"]]
$py$, shape => 'chunk') > 0 AS registered;

CREATE TABLE event_flags (id bigint PRIMARY KEY, kind text, slow boolean, noted timestamptz DEFAULT now());

SELECT transform_submit('flag_events', 'events', 'event_flags', mode => 'append', chunk_rows => 100) AS job \gset
SELECT transform_wait(:job);

SELECT kind, count(*), count(*) FILTER (WHERE slow) AS slow FROM event_flags GROUP BY kind ORDER BY kind;
