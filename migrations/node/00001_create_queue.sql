-- +goose Up
CREATE TABLE x (a TEXT) STRICT;
-- +goose Down
DROP TABLE x;
