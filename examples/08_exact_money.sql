-- Money: numeric arrives as float64 by default; with numeric_as => 'decimal' it
-- arrives as exact decimals, and goes back exactly.
SELECT transform_script_create('line_total', $py$
def transform(df):
    df = df[df["qty"].notna()]
    df["total"] = df["price"] * df["qty"].astype("int64")
    return df[["id", "qty", "price", "total"]]
$py$, numeric_as => 'decimal') > 0 AS registered;

SELECT transform_submit('line_total', 'sales', 'sales_lines') AS job \gset
SELECT transform_wait(:job);

SELECT count(*), sum(total) = sum(price * qty) AS exact, pg_typeof(min(total)) AS type FROM sales_lines;
