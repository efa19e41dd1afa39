-- What the pages of the console ask for at each look, answered from indexes.

-- Who waits for an answer: a dialog's last word of ours, found without walking through what came in after it.
create index idx_messages_answers on messages (dialog_id, seq) where direction = 'personal_telegram_out' and status <> 'failed';

-- What failed lately and was not sent again.
create index idx_messages_failed on messages (tenant_id, finished_at desc) where status = 'failed';

-- The traffic of the last day, hour by hour.
create index idx_messages_created on messages (tenant_id, created_at);
