-- What a script prints, and what is known when it fails: its own line numbers.
SELECT transform_script_create('careless', $py$
import pandas as pd

def transform(df):
    print("rows:", len(df))
    missing = int(df["qty"].isna().sum())
    if missing:
        raise ValueError(f"{missing} rows have no qty")
    return df
$py$) > 0 AS registered;

SELECT transform_submit('careless', 'sales', 'never_made') AS job \gset
SELECT transform_wait(:job);

SELECT stream, message FROM transform_logs(:job);
SELECT state, error_stage, sqlstate, error LIKE '%36 rows have no qty%' AS says_why,
	traceback LIKE '%line 8%' AS says_where FROM transform.jobs WHERE id = :job;
SELECT to_regclass('never_made') IS NULL AS nothing_written;
