-- +goose Up

-- Ratings that were shown in a figure and left it, for another rating or another
-- cell: where one is shown again, it is not new to who watches.
CREATE TABLE retired (rating INTEGER PRIMARY KEY);

-- +goose Down
SELECT 1;
