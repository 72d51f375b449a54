# The script of `make demo`: what a delay did to each flight.
import pandas as pd


def transform(df):
    df["made_up"] = df["dep_delay"] - df["arr_delay"]
    df["speed_mph"] = (df["distance"] / (df["air_time"] / 60)).round(1)
    df["outcome"] = "on time"
    df.loc[df["arr_delay"] > 15, "outcome"] = "late"
    df.loc[df["arr_delay"] > 120, "outcome"] = "very late"
    df.loc[df["arr_delay"].isna(), "outcome"] = "cancelled or diverted"
    df["local_hour"] = df["time_hour"].dt.tz_convert("America/New_York").dt.hour
    df["weekday"] = df["time_hour"].dt.day_name()
    return df
