# For the commands "secrets move" and "secrets rotate", and for backups. Give it to a role whose secret ids live for an hour.

path "transit/encrypt/integrations-*" { capabilities = ["update"] }
path "transit/decrypt/integrations-*" { capabilities = ["update"] }
path "transit/keys" { capabilities = ["list"] }
path "transit/keys/+" { capabilities = ["create", "read", "update"] }
path "transit/keys/+/rotate" { capabilities = ["update"] }

path "secret/data/integrations/installation" { capabilities = ["create", "read"] }
path "secret/data/integrations/telegram" { capabilities = ["create", "read", "update"] }
path "secret/metadata/integrations/*" { capabilities = ["read", "list"] }

# The backup job reads snapshots; restoring one takes update, and a person.
path "sys/storage/raft/snapshot" { capabilities = ["read"] }
