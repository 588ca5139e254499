-- +goose Up
-- What a finding is about beside a link: '' for a link, 'site' for a time in which
-- a site was down (subject is the incident), 'column' for a column that is stale
-- or blank (subject is the column).
ALTER TABLE finding ADD COLUMN kind text NOT NULL DEFAULT '';
ALTER TABLE finding ADD COLUMN subject text NOT NULL DEFAULT '';
CREATE INDEX finding_subject ON finding (kind, subject, opened_at, id) WHERE kind <> '';

-- How a veto of a site stands for those who are told of it. seen is what it came
-- to last, since when; told is what people were told, and when.
CREATE TABLE veto_standing (
    site    text NOT NULL REFERENCES site (id),
    clause  text NOT NULL,
    seen    text NOT NULL,
    seen_at bigint NOT NULL,
    told    text NOT NULL,
    told_at bigint NOT NULL,
    PRIMARY KEY (site, clause)
);

-- Each time people were told that a veto came near, fell, or is over (JSON).
CREATE TABLE veto_alarm (
    id    text PRIMARY KEY,
    site  text NOT NULL REFERENCES site (id),
    at    bigint NOT NULL,
    alarm text NOT NULL
);
CREATE INDEX veto_alarm_at ON veto_alarm (at, id);
CREATE INDEX veto_alarm_site ON veto_alarm (site, at, id);

-- +goose Down
DROP TABLE veto_alarm;
DROP TABLE veto_standing;
DROP INDEX finding_subject;
ALTER TABLE finding DROP COLUMN subject;
ALTER TABLE finding DROP COLUMN kind;
