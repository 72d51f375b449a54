-- Parameters: a script with a second argument gets the job's params as a dict.
SELECT transform_script_create('over', $py$
def transform(df, params):
    limit = params["limit"]
    column = params.get("column", "price")
    return df[df[column] > limit].sort_values("id")
$py$) > 0 AS registered;

SELECT transform_submit('over', 'sales', 'sales_over_400', params => '{"limit": 440}') AS job \gset
SELECT transform_wait(:job);
SELECT id, price FROM sales_over_400 ORDER BY price DESC, id LIMIT 3;

SELECT transform_submit('over', 'sales', 'sales_many', params => '{"limit": 8, "column": "qty"}') AS job \gset
SELECT transform_wait(:job);
SELECT min(qty), max(qty) FROM sales_many;
