-- Cleaning: spaces, capitals and missing values in text.
SELECT transform_script_create('clean_customers', $py$
def transform(df):
    df["city"] = df["city"].str.strip().str.title().fillna("unknown")
    df["domain"] = df["email"].str.split("@").str[1]
    df["has_email"] = df["email"].notna()
    return df[["id", "name", "city", "domain", "has_email"]]
$py$) > 0 AS registered;

SELECT transform_submit('clean_customers', 'customers', 'customers_clean') AS job \gset
SELECT transform_wait(:job);

SELECT city, count(*), count(domain) AS with_domain FROM customers_clean GROUP BY city ORDER BY city;
