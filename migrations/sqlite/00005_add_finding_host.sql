-- +goose Up
-- The host whose silence a finding is about: other addresses of it that are as
-- silent make no finding of their own. Empty for a fault of one address.
ALTER TABLE finding ADD COLUMN host TEXT NOT NULL DEFAULT '';
CREATE INDEX finding_host ON finding (host, unit) WHERE host <> '';
-- What is open is little beside what was ever found.
CREATE INDEX finding_active ON finding (updated_at, id) WHERE closed_at = 0;
CREATE INDEX finding_active_unit ON finding (unit, updated_at, id) WHERE closed_at = 0;
CREATE INDEX finding_active_site ON finding (site, updated_at, id) WHERE closed_at = 0;
-- Addresses that answered last: when nothing answers, one of them tells whether
-- it is our own line.
CREATE INDEX target_alive ON target (checked_at, id) WHERE state = 'alive';
-- What no place names any more is put off to the end of the year 9999, so that
-- the walk along what is due does not pass it again and again.
UPDATE target SET next_at = 253402300799000 WHERE NOT EXISTS (SELECT 1 FROM place WHERE place.target = target.id);

-- +goose Down
DROP INDEX target_alive;
DROP INDEX finding_active_site;
DROP INDEX finding_active_unit;
DROP INDEX finding_active;
DROP INDEX finding_host;
ALTER TABLE finding DROP COLUMN host;
