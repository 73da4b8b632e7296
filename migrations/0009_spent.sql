-- Vouchers that were spent, beside the vouchers themselves: to change one byte of a row writes all of it again, and what is
-- sealed there is long.
CREATE TABLE spent (
    voucher BLOB NOT NULL PRIMARY KEY
) WITHOUT ROWID;
INSERT INTO spent (voucher) SELECT id FROM voucher WHERE spent;
ALTER TABLE voucher DROP COLUMN spent;
CREATE TRIGGER voucher_forgotten AFTER DELETE ON voucher BEGIN
    DELETE FROM spent WHERE voucher = OLD.id;
END;
