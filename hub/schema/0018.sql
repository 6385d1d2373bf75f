-- Packages of scripts that an endpoint told of are counted from here on, so that none tells of ever more.
ALTER TABLE endpoints ADD COLUMN IF NOT EXISTS packages_told int NOT NULL DEFAULT 0;
