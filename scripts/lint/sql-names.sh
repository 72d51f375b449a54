#!/bin/sh
# objects of the install script are made with their schema (search_path is pg_catalog there)
! grep -nEi '\b(create (or replace )?|on )(function|procedure|view|table|type|domain|sequence) +(if not exists +)?[a-z_]+( |\(|;|$)' sql/[0-9][0-9]_*.sql
