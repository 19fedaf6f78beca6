-- +goose Up

-- The months are kept by the program, with their days: a trigger would look at
-- every row by itself.
DROP TRIGGER cell_day_insert;
DROP TRIGGER cell_day_update;
DROP TRIGGER cell_day_delete;
DROP TRIGGER dossier_day_insert;
DROP TRIGGER dossier_day_update;
DROP TRIGGER dossier_day_delete;
DROP TRIGGER walkin_day_insert;
DROP TRIGGER walkin_day_update;
DROP TRIGGER walkin_day_delete;
DROP TRIGGER return_day_insert;
DROP TRIGGER return_day_update;
DROP TRIGGER return_day_delete;
DROP TRIGGER block_insert;
DROP TRIGGER block_update;
DROP TRIGGER block_delete;

-- +goose Down
SELECT 1;
