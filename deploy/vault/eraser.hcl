# Destroys the key of a tenant that is erased, which erases it from every backup too. Besides api.hcl or workers.hcl, for the host that
# erases tenants, and for no other.

path "transit/keys/+/config" { capabilities = ["update"] } # deletion_allowed
path "transit/keys/+" { capabilities = ["create", "read", "update", "delete"] }
