-- Into a table of your own: replaced, updated by key, bad rows put aside,
-- and published only when it is what you expect.
CREATE TABLE region_totals (
	region text PRIMARY KEY CHECK (region <> 'unknown'),
	sales bigint NOT NULL,
	total numeric(12,2) NOT NULL,
	checked_by text DEFAULT 'nobody'
);
COMMENT ON TABLE region_totals IS 'one row per region, made anew every night';

SELECT transform_script_create('region_totals', $py$
def transform(df):
    df["region"] = df["region"].fillna("unknown")
    df["total"] = (df["qty"].fillna(0) * df["price"].fillna(0)).astype("float64").round(2)
    return df.groupby("region", as_index=False).agg(sales=("id", "count"), total=("total", "sum")).round(2)
$py$) > 0 AS registered;

-- replace: readers see the old rows until the new ones are there; grants, indexes and comments stay
SELECT transform_submit('region_totals', 'sales', 'region_totals', mode => 'replace',
	reject_table => 'region_rejects',
	expect => '{"unique": ["region"], "in_range": {"total": [0, null]}, "min_rows": 1, "max_rejected": 1}') AS job \gset
SELECT transform_wait(:job);
SELECT rows_returned, rows_written, rows_rejected FROM transform.jobs WHERE id = :job;
SELECT region, sales FROM region_totals ORDER BY region;
SELECT sqlstate, constraint_name, data->>'region' AS region FROM region_rejects;

-- upsert: what is not in the result keeps its value
UPDATE region_totals SET checked_by = 'Ada', sales = 0;
SELECT transform_submit('region_totals', 'sales', 'region_totals', mode => 'upsert', key => ARRAY['region'],
	reject_table => 'region_rejects') AS job \gset
SELECT transform_wait(:job);
SELECT count(*) FILTER (WHERE checked_by = 'Ada' AND sales > 0) = count(*) AS all_updated FROM region_totals;

-- what was expected and is not so fails the job, and nothing is written
SELECT transform_submit('region_totals', 'sales', 'region_totals_2', expect => '{"min_rows": 100}') AS job \gset
SELECT transform_wait(:job);
SELECT sqlstate, error_detail, to_regclass('region_totals_2') IS NULL AS nothing_written FROM transform.jobs WHERE id = :job;
