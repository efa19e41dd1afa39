-- The way of one account to Telegram: through a proxy of its own. Shown is what does not open it: its kind, host and port.

alter table telegram_accounts add column proxy_sealed bytea;
alter table telegram_accounts add column proxy_shown varchar(300);
alter table telegram_accounts add check ((proxy_sealed is null) = (proxy_shown is null));
