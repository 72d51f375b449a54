-- Sensor readings: fill gaps by interpolation, mark outliers, smooth.
SELECT transform_script_create('smooth', $py$
def transform(df):
    df = df.sort_values(["sensor", "at"])
    median = df.groupby("sensor")["celsius"].transform("median")
    df["outlier"] = (df["celsius"] - median).abs() > 20
    df["clean"] = df["celsius"].mask(df["outlier"])
    df["clean"] = df.groupby("sensor")["clean"].transform(lambda s: s.interpolate(limit_direction="both"))
    df["smooth"] = df.groupby("sensor")["clean"].transform(lambda s: s.rolling(6, min_periods=1).mean()).round(3)
    return df
$py$) > 0 AS registered;

SELECT transform_submit('smooth', 'readings', 'readings_smooth') AS job \gset
SELECT transform_wait(:job);

SELECT sensor, count(*), count(celsius) AS measured, count(clean) AS filled, count(*) FILTER (WHERE outlier) AS outliers
FROM readings_smooth GROUP BY sensor ORDER BY sensor;
