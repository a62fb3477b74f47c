-- What was handed in again is shown beside what was handed back: both were made from one draft.

CREATE INDEX submission_draft ON submission (json_extract(body, '$.draft'));
