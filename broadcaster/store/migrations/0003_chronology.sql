-- The chronology of an incident reads the chain by what its entries are about.

CREATE INDEX audit_subject ON audit (subject);
CREATE INDEX submission_incident ON submission (json_extract(body, '$.alert.incident'));
