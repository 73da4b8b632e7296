-- The question with which a trust run left for its identity provider: its ID, since an answer names it, and what was asked.
ALTER TABLE trust_run ADD COLUMN question TEXT;
ALTER TABLE trust_run ADD COLUMN sent TEXT;
CREATE INDEX trust_run_question ON trust_run (question) WHERE question IS NOT NULL;
