# What the Api may do: as a worker, but for Telegram's api_id and api_hash, which it has no use for.

path "transit/encrypt/integrations-*" { capabilities = ["update"] } # not create: that would make keys silently
path "transit/decrypt/integrations-*" { capabilities = ["update"] }
path "transit/keys/+" { capabilities = ["create", "read", "update"] } # the key itself, not its config or rotation

path "secret/data/integrations/installation" { capabilities = ["create", "read"] }
