# What a worker may do. It seals and opens; it makes the key of a tenant that has none; it rotates nothing and deletes nothing.
# Give this service a transit mount of its own, so that the plus sign below means its keys alone.

path "transit/encrypt/integrations-*" { capabilities = ["update"] } # not create: that would make keys silently
path "transit/decrypt/integrations-*" { capabilities = ["update"] }
path "transit/keys/+" { capabilities = ["create", "read", "update"] } # the key itself, not its config or rotation

# The installation's own key: made once, never changed.
path "secret/data/integrations/installation" { capabilities = ["create", "read"] }

# Telegram's api_id and api_hash.
path "secret/data/integrations/telegram" { capabilities = ["read"] }
