-- +goose Up

-- What people wrote, sealed, beside the Text facts that name it. digest is
-- SHA-256 of the bytes; fact is the id of the fact, of the last where there are
-- several; sent is 1 once the stream took the words.
CREATE TABLE words (
    digest BLOB    PRIMARY KEY,
    bytes  BLOB    NOT NULL,
    fact   INTEGER NOT NULL,
    sent   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX words_fact   ON words(fact);
CREATE INDEX words_unsent ON words(fact) WHERE sent = 0;
