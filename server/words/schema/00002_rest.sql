-- +goose Up

-- The key under which bytes lie here: a keyring.RestKey; empty: none, they are as
-- they were sealed.
ALTER TABLE words ADD COLUMN key TEXT NOT NULL DEFAULT '';
CREATE INDEX words_key ON words(key);
