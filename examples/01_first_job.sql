-- First job: a script adds a column; the result is a new table.
SELECT transform_script_create('add_total', $py$
def transform(df):
    df["total"] = df["price"] * df["qty"]
    return df
$py$, description => 'price times quantity') > 0 AS registered;

SELECT transform_submit('add_total', 'sales', 'sales_with_total') AS job \gset
SELECT transform_wait(:job);

SELECT id, qty, price, total FROM sales_with_total ORDER BY id LIMIT 3;
SELECT state, rows_read, rows_written FROM transform.jobs WHERE id = :job;
