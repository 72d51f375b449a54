-- Dates: timestamptz arrives aware, in UTC; convert it, take it apart.
SELECT transform_script_create('local_time', $py$
def transform(df):
    local = df["sold_at"].dt.tz_convert("Europe/Berlin")
    df["local_hour"] = local.dt.hour
    df["weekday"] = local.dt.day_name()
    df["month_start"] = local.dt.tz_localize(None).dt.to_period("M").dt.start_time
    return df[["id", "sold_at", "local_hour", "weekday", "month_start"]]
$py$) > 0 AS registered;

SELECT transform_submit('local_time', 'sales', 'sales_local') AS job \gset
SELECT transform_wait(:job);

SELECT weekday, count(*), min(local_hour), max(local_hour) FROM sales_local GROUP BY weekday ORDER BY count(*) DESC, weekday;
SELECT DISTINCT month_start FROM sales_local ORDER BY 1 LIMIT 2;
