-- Which fagsystem a record is about, or who claimed to be one: for suppliers, who look for what became of their own messages.
ALTER TABLE audit ADD COLUMN fagsystem TEXT;
UPDATE audit SET fagsystem = coalesce(json_extract(content, '$.fagsystem'), json_extract(content, '$.claimed_issuer'));
CREATE INDEX audit_fagsystem ON audit (fagsystem) WHERE fagsystem IS NOT NULL;
