-- Reshape: a pivot table, a row per month and a column per product.
SELECT transform_script_create('pivot_products', $py$
import pandas as pd

def transform(df):
    df["month"] = pd.to_datetime(df["sold_on"]).dt.strftime("%Y-%m")
    wide = df.pivot_table(index="month", columns="product", values="qty", aggfunc="sum", fill_value=0)
    wide.columns = ["qty_" + c for c in wide.columns]
    return wide.reset_index()
$py$) > 0 AS registered;

SELECT transform_submit('pivot_products', 'sales', 'sales_pivot') AS job \gset
SELECT transform_wait(:job);

SELECT * FROM sales_pivot ORDER BY month LIMIT 3;
