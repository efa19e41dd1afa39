# A production server of HashiCorp Vault or OpenBao: integrated storage on disk, TLS, two audit devices. Not the development mode.
# Paths are those of the Debian packages; replace the names in capital letters.

ui            = false
disable_mlock = true # integrated storage recommends it; keep swap off or encrypted
cluster_addr  = "https://VAULT_HOST:8201"
api_addr      = "https://VAULT_HOST:8200"

storage "raft" {
  path    = "/opt/vault/data"
  node_id = "VAULT_HOST"
}

listener "tcp" {
  address         = "0.0.0.0:8200"
  cluster_address = "0.0.0.0:8201"
  tls_cert_file   = "/opt/vault/tls/vault.crt"
  tls_key_file    = "/opt/vault/tls/vault.key"
  tls_min_version = "tls12"
}

# Every request fails when no audit device can write, so there are two. OpenBao takes them here. For HashiCorp Vault remove both stanzas and,
# after the first unsealing, run "vault audit enable -path=disk file file_path=/var/log/vault/audit.log" and the same with stdout.
audit "file" "disk" {
  options {
    file_path = "/var/log/vault/audit.log"
    mode      = "0600"
  }
}

audit "file" "output" {
  options {
    file_path = "stdout"
  }
}
