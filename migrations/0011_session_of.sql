-- Sessions by the municipality, the youngest last: who ends all of one reads those of no other.
CREATE INDEX session_of ON session (content ->> 'authority', id);
