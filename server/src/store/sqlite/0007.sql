-- What a scope that was made says besides its name.
ALTER TABLE directory_scope ADD COLUMN unique_names INTEGER NOT NULL DEFAULT 1; -- 0: shared
