-- Money: numeric arrives as float64 by default; with numeric_as => 'decimal' it
-- arrives as exact decimals, and goes back exactly.
SELECT transform_script_create('net_price', $py$
from decimal import Decimal

def transform(df):
    df["net"] = df["price"].map(lambda p: (p / Decimal("1.19")).quantize(Decimal("0.01")))
    df["tax"] = df["price"] - df["net"]
    return df[["id", "price", "net", "tax"]]
$py$, numeric_as => 'decimal') > 0 AS registered;

SELECT transform_submit('net_price', 'sales', 'sales_net') AS job \gset
SELECT transform_wait(:job);

SELECT sum(price) = sum(net + tax) AS adds_up, count(*) FROM sales_net;
