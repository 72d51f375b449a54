-- Look first: what a script may not do and why, and what it would return.
SELECT line, severity, what FROM transform_validate($py$
import os

def transform(df):
    return df
$py$);

SELECT transform_script_create('short_names', $py$
def transform(df):
    df["initials"] = df["name"].map(lambda n: "".join(part[0] for part in n.split()))
    return df[["id", "initials"]]
$py$) > 0 AS registered;

SELECT row_number, data FROM transform_preview('short_names', 'customers', rows => 3);
