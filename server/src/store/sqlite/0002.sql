-- Wrapped keys: custody 3 wrapped, 4 assisted. Their blob is their key, so the form in which a key
-- was registered gets columns of its own.
ALTER TABLE object ADD COLUMN form_kek_id BLOB;
ALTER TABLE object ADD COLUMN form BLOB;
-- CKA_ID of a token object that a move between custodies leaves, to be destroyed.
ALTER TABLE object ADD COLUMN leftover BLOB;
CREATE INDEX object_leftover ON object (id) WHERE leftover IS NOT NULL;
UPDATE object SET form_kek_id = kek_id, form = blob, kek_id = NULL, blob = NULL
    WHERE custody = 1 AND blob IS NOT NULL;
UPDATE object SET kek_id = NULL WHERE custody = 1;

-- What a new wrapping key has to wrap anew.
CREATE INDEX object_wrapped ON object (kek_id, id) WHERE custody = 3 AND blob IS NOT NULL AND phase = 1;
