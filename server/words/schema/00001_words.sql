-- +goose Up

-- digest is SHA-256 of the bytes, sealed to the servers' key.
CREATE TABLE words (
    digest BLOB PRIMARY KEY,
    bytes  BLOB NOT NULL
) STRICT;
