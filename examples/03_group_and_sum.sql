-- Group by: one row per region and product, with named aggregates.
SELECT transform_script_create('by_region', $py$
def transform(df):
    df["amount"] = df["price"] * df["qty"].fillna(0)
    df["region"] = df["region"].fillna("none")
    out = df.groupby(["region", "product"], as_index=False).agg(
        sales=("id", "count"),
        amount=("amount", "sum"),
        best=("amount", "max"),
    )
    out["amount"] = out["amount"].round(2)
    return out.sort_values(["region", "amount"], ascending=[True, False])
$py$) > 0 AS registered;

SELECT transform_submit('by_region', 'sales', 'sales_by_region') AS job \gset
SELECT transform_wait(:job);

SELECT region, product, sales, amount FROM sales_by_region ORDER BY region, product LIMIT 5;
