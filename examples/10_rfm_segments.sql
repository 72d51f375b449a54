-- Customers in segments: recency, frequency and amount, ranked into quarters.
SELECT transform_script_create('rfm', $py$
import pandas as pd

def quarter(values, labels):
    return pd.qcut(values.rank(method="first"), 4, labels=labels).astype(int)

def transform(df):
    df["amount"] = df["price"] * df["qty"].fillna(1)
    last = df["sold_at"].max()
    out = df.groupby("customer").agg(
        days=("sold_at", lambda s: (last - s.max()).days),
        orders=("id", "count"),
        amount=("amount", "sum"),
    ).reset_index()
    out["r"] = quarter(out["days"], [4, 3, 2, 1])
    out["f"] = quarter(out["orders"], [1, 2, 3, 4])
    out["m"] = quarter(out["amount"], [1, 2, 3, 4])
    out["score"] = out["r"] + out["f"] + out["m"]
    return out
$py$) > 0 AS registered;

SELECT transform_submit('rfm', 'sales', 'customer_segments') AS job \gset
SELECT transform_wait(:job);

SELECT count(*), min(score), max(score), count(*) FILTER (WHERE r = 4) AS recent FROM customer_segments;
